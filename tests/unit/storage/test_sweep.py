"""Old rows leave a running service."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from time import monotonic, sleep

from sqlalchemy import func, select, update

from tests.unit.storage.samples import entry
from triage.errors import StoreError
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.sweep import Sweep
from triage.storage.tables import decisions
from triage.storage.work import Item, open_writer
from triage.storage.writer import GroupWriter
from triage.telemetry import Telemetry


def test_sweep_deletes_all_that_is_too_old(store_url: str) -> None:
    """More than one batch goes, the rest stays, and the log tells the count."""
    log = StringIO()
    with Store.open(store_url) as store:
        journal = store.journal("full", str)
        journal.append([entry(number) for number in range(700)])
        with transaction(store.engine, write=True) as connection:
            now = datetime.now(UTC)
            connection.execute(update(decisions).values(decided_at=now))
            old = decisions.c.number <= 600
            connection.execute(
                update(decisions).where(old).values(decided_at=now - timedelta(days=200))
            )
        telemetry = Telemetry("info", log)
        writer = open_writer(store.engine, journal, telemetry)
        sweep = Sweep(writer, 180, telemetry, first_s=0.0)
        end = monotonic() + 10
        while "rows_expired" not in log.getvalue() and monotonic() < end:
            sleep(0.02)
        sweep.close()
        writer.close()
        with transaction(store.engine) as connection:
            left = connection.execute(select(func.count()).select_from(decisions)).scalar_one()

    assert left == 100
    assert '"count": 600' in log.getvalue()


def test_failing_sweep_is_logged_once_and_goes_on() -> None:
    """A store that is away stops neither the thread nor fills the log."""
    log, asked = StringIO(), []

    def refuse(items: object) -> None:
        asked.append(items)
        raise StoreError("The store is away.")

    telemetry = Telemetry("info", log)
    writer: GroupWriter[Item] = GroupWriter(refuse, telemetry)
    sweep = Sweep(writer, 180, telemetry, first_s=0.0, every_s=0.01)
    end = monotonic() + 10
    while len(asked) < 3 and monotonic() < end:
        sleep(0.01)
    sweep.close()
    writer.close()

    assert len(asked) >= 3
    assert log.getvalue().count("rows_not_expired") == 1
