"""The one writer: order, groups, losses, and what survives a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, event, func, select, text

from tests.unit.storage.samples import entry
from triage.errors import StoreError
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import decisions
from triage.storage.writer import GROUP, GroupWriter
from triage.telemetry import Telemetry

CRASHER = Path(__file__).with_name("crashing_writer.py")


class Gate:
    """A store that waits until it is opened, and remembers its groups."""

    def __init__(self) -> None:
        self.open = Event()
        self.entered = Event()
        self.groups: list[list[int]] = []

    def append(self, items: Sequence[int]) -> None:
        """Take a group when the gate is open."""
        self.entered.set()
        assert self.open.wait(10)
        self.groups.append(list(items))


class Flaky:
    """A store that refuses while it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    def append(self, _items: Sequence[int]) -> None:
        """Refuse or take a group."""
        if self.error:
            raise self.error


class Disk:
    """A disk with room for so many pages of the database."""

    def __init__(self, pages: int) -> None:
        self.pages = pages

    def limit(self, connection: Connection) -> None:
        """Let SQLite find the disk full, as it would find a real one."""
        connection.exec_driver_sql(f"PRAGMA max_page_count={self.pages}")


def telemetry() -> tuple[Telemetry, StringIO]:
    """Build telemetry that logs into a text."""
    log = StringIO()
    return Telemetry("info", log), log


def lost(of: Telemetry, reason: str) -> float:
    """Count lost rows."""
    value = of.metrics.registry.get_sample_value("triage_journal_lost_total", {"reason": reason})
    return value or 0.0


def test_rows_that_gather_are_committed_together_in_order() -> None:
    """While one commit runs the next rows gather, and go out in groups of at most 64."""
    gate = Gate()
    writer = GroupWriter(gate.append, telemetry()[0])
    writer.submit(0)
    assert gate.entered.wait(10)

    futures = [writer.submit(number) for number in range(1, 130)]
    gate.open.set()
    for future in futures:
        future.result(10)

    assert [len(group) for group in gate.groups] == [1, GROUP, GROUP, 1]
    assert [number for group in gate.groups for number in group] == list(range(130))
    writer.close()


def test_acknowledgement_waits_for_the_commit() -> None:
    """A future is done only after its group is durable."""
    gate = Gate()
    writer = GroupWriter(gate.append, telemetry()[0])
    future = writer.submit(1)
    assert gate.entered.wait(10)

    assert not future.done()

    gate.open.set()
    writer.close()

    assert future.result(0) is None


def test_full_queue_loses_the_new_row_and_counts_it() -> None:
    """A store that stands still does not make memory grow."""
    gate = Gate()
    watch = telemetry()[0]
    writer = GroupWriter(gate.append, watch, capacity=2)
    writer.submit(0)
    assert gate.entered.wait(10)
    writer.submit(1)
    writer.submit(2)

    refused = writer.submit(3)

    assert isinstance(refused.exception(0), StoreError)
    assert lost(watch, "queue_full") == 1
    gate.open.set()
    writer.close()


@pytest.mark.parametrize("error", [StoreError("The disk is full."), RuntimeError("secret words")])
def test_refusing_store_is_counted_logged_once_and_recovers(error: Exception) -> None:
    """Lost rows are counted, the log tells it once, and writing goes on when it can."""
    watch, log = telemetry()
    store = Flaky(error)
    writer = GroupWriter(store.append, watch)

    for number in range(3):
        with pytest.raises(type(error)):
            writer.submit(number).result(10)

    assert is_failing(writer)
    assert lost(watch, "store") == 3
    assert log.getvalue().count("journal_failing") == 1
    assert "secret words" not in log.getvalue()

    store.error = None
    writer.submit(4).result(10)

    assert not is_failing(writer)
    assert "journal_recovered" in log.getvalue()
    writer.close()


def test_close_writes_what_waits_and_refuses_what_comes_later() -> None:
    """Nothing accepted is lost by stopping."""
    gate = Gate()
    gate.open.set()
    writer = GroupWriter(gate.append, telemetry()[0])
    for number in range(500):
        writer.submit(number)

    writer.close()
    writer.close()

    assert sum(len(group) for group in gate.groups) == 500
    assert isinstance(writer.submit(500).exception(0), StoreError)


def test_close_gives_up_on_a_store_that_stands_still() -> None:
    """Stopping does not hang, and what was not written is counted."""
    gate = Gate()
    watch, log = telemetry()
    writer = GroupWriter(gate.append, watch)
    writer.submit(0)
    assert gate.entered.wait(10)
    writer.submit(1)

    writer.close(timeout_s=0.05)

    assert lost(watch, "stopped") == 1
    assert "journal_not_drained" in log.getvalue()
    gate.open.set()


def test_full_disk_loses_rows_and_recovers(tmp_path: Path) -> None:
    """SQLite's own error for a full disk is survived; rows go in again when there is room."""
    watch, log = telemetry()
    with Store.open(f"sqlite:///{tmp_path / 'triage.db'}") as store:
        disk = Disk(pages=60)
        event.listen(store.engine, "begin", disk.limit)
        writer = GroupWriter(store.journal("full", str).append, watch)
        large = [writer.submit(entry(n, "x" * 50_000)) for n in range(10)]
        refused = [one.exception(10) for one in large]

        assert any(isinstance(error, StoreError) for error in refused)
        assert "full" in log.getvalue()

        disk.pages = 100_000
        writer.submit(entry(99)).result(10)
        writer.close()
        taken = sum(error is None for error in refused) + 1

        assert count(store) == taken


@pytest.mark.parametrize("after", [1, 40, 150])
def test_acknowledged_rows_survive_a_kill(tmp_path: Path, after: int) -> None:
    """Every row acknowledged before kill -9 is there afterwards, and the file is whole."""
    url = f"sqlite:///{tmp_path / 'triage.db'}"
    acknowledged = run_until_killed(url, after)

    with Store.open(url) as store, transaction(store.engine) as connection:
        found = set(connection.execute(select(decisions.c.message_id)).scalars())
        whole = connection.execute(text("PRAGMA integrity_check")).scalar_one()

    assert acknowledged <= found
    assert len(acknowledged) >= after
    assert whole == "ok"


def is_failing(writer: GroupWriter[int]) -> bool:
    """Ask anew on every call."""
    return writer.failing


def count(store: Store) -> int:
    """Count the rows of the journal."""
    with transaction(store.engine) as connection:
        return connection.execute(select(func.count()).select_from(decisions)).scalar_one()


def run_until_killed(url: str, after: int) -> set[str]:
    """Start a writing process, kill it after so many acknowledgements, return their ids."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(  # noqa: S603 - our own interpreter on our own file
        [sys.executable, str(CRASHER), url],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    return {line.strip() for line in lines if line.endswith("\n")}
