"""Workers: none is waited for when it is gone, and answers come in the order of the units."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import TASKS, copied_bundle, flip
from tests.unit.bulk.tables import label, many, save
from triage.bulk import part
from triage.bulk.labelling import Labelling
from triage.bulk.pool import Pool
from triage.bulk.rendering import Renderer
from triage.bulk.units import Unit, units
from triage.errors import CorruptBundleError, WorkerError
from triage.predictions import MessageColumns, added_columns
from triage.settings import Settings

NAMES = ("n", "text", "note")


def labelling(settings: Settings, folder: Path, text: str = "text") -> Labelling:
    """Say what workers need to know for CSV."""
    renderer = Renderer.of(Path("out.csv"), NAMES, added_columns(TASKS, 0), ())
    return Labelling(settings, folder, MessageColumns(text), 0, (), renderer)


def small(count: int, size: int = 7) -> Iterator[Unit]:
    """Cut rows into small units."""
    rows = [[row[name] for name in NAMES] for row in many(count)]
    for start in range(0, count, size):
        yield Unit(len(rows[start : start + size]), rows[start : start + size])


def test_bundle_that_cannot_be_loaded_is_told(
    settings: Settings, bundle_folder: Path, tmp_path: Path
) -> None:
    """The error of a worker is the error of the command."""
    broken = copied_bundle(bundle_folder, tmp_path / "broken")
    flip(broken / "heads.safetensors")

    with (
        pytest.raises(CorruptBundleError, match=r"heads\.safetensors"),
        _pool(settings, broken) as pool,
    ):
        list(pool.label(small(9)))


def test_failure_names_the_line_and_not_the_text(settings: Settings, bundle_folder: Path) -> None:
    """An error that nobody thought of ends the run without a customer's words."""
    rows = Unit(1, [["secret words"]])

    with (
        pytest.raises(WorkerError, match=r"IndexError at .*rendering\.py") as caught,
        _pool(settings, bundle_folder) as pool,
    ):
        list(pool.label(iter([rows])))

    assert "secret" not in str(caught.value)


def test_killed_worker_ends_the_run(settings: Settings, bundle_folder: Path) -> None:
    """Whether busy or idle, a worker that is gone is an error at once, and no other stays."""
    with _pool(settings, bundle_folder) as pool:
        processes = list(pool._workers.values())
        answers = pool.label(small(5000))
        next(answers)
        os.kill(processes[0].pid or 0, signal.SIGKILL)

        with pytest.raises(WorkerError, match=r"killed.*fewer --workers"):
            list(answers)

    assert [process.exitcode is not None for process in processes] == [True, True]


def test_order_is_kept_and_little_is_read_ahead(settings: Settings, bundle_folder: Path) -> None:
    """Units of unlike size come back in order, and reading stays close to what is answered."""
    taken = 0

    def watched() -> Iterator[Unit]:
        nonlocal taken
        for at, unit in enumerate(small(400)):
            taken = at + 1
            yield unit

    seen = b""
    with _pool(settings, bundle_folder) as pool:
        for number, (rows, content) in enumerate(pool.label(watched())):
            seen += content
            assert rows in (7, 1)
            assert taken <= number + 6

    firsts = [line.split(b",")[0] for line in seen.splitlines()]
    assert [int(first) for first in firsts if first.isdigit()] == list(range(400))


def test_workers_change_no_byte(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process and two write the same file."""
    monkeypatch.setattr(part, "EVERY_S", 0.0)
    source = save(tmp_path / "in.csv", many(1300))

    one = label(settings, source, tmp_path / "one.csv")
    two = label(settings, source, tmp_path / "two.csv", workers=2)

    assert one.read_bytes() == two.read_bytes()
    assert sum(unit.rows for unit in units(source, NAMES)) == 1300


def _pool(settings: Settings, folder: Path) -> Pool:
    return Pool(labelling(settings, folder), 2)
