"""The parts of a run: what each holds, and what is refused before anything is fitted."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.builders import examples_of, tiny_config
from training.config import Columns, SplitConfig
from training.parts import FILE, Parts, cut
from triage.errors import ExportError
from triage.rows import Row
from triage.settings import CHECKOUT

TEXT = "my parcel with the blue jacket was to come on Monday, but nobody rang the bell"


def table(count: int, *, dated: bool = True, start: int = 0) -> list[Row]:
    """Write messages of different requesters, one a day."""
    return [
        {
            "id": f"t{i}",
            "text": f"number {2 * chr(97 + i % 26)}{3 * chr(97 + i // 26)} is a message of its own",
            "kind": "xy"[i % 2],
            "group": f"g{i}",
            "time": f"2026-{1 + i // 28:02d}-{1 + i % 28:02d}" if dated else "",
        }
        for i in range(start, start + count)
    ]


def parts_of(rows: list[Row], test: list[Row] | None = None, **changes: object) -> Parts:
    """Cut rows as a run would."""
    held = None if test is None else examples_of(test, ["kind"])
    return cut(examples_of(rows, ["kind"]), held, tiny_config(**changes))


def changed(rows: list[Row], places: range, **cells: str) -> list[Row]:
    """Change cells of some rows."""
    return [{**row, **cells} if i in places else row for i, row in enumerate(rows)]


def test_named_date_column_without_any_date_is_refused() -> None:
    """A date column that was named and is blank throughout is no reason to split by group."""
    columns = Columns("text", {"kind": "kind"}, time="time")

    with pytest.raises(ExportError, match="No row has a date"):
        parts_of(table(20, dated=False), columns=columns)


def test_task_must_be_answered_before_calibration() -> None:
    """A task whose older rows have one label cannot be fitted by time."""
    rows = changed(table(40), range(32), kind="x")

    with pytest.raises(ExportError, match=r"fewer than two labels on the training side.*older"):
        parts_of(rows)


def test_task_must_be_answered_in_calibration() -> None:
    """A task that no calibration row answers has no confidence to measure."""
    rows = changed(table(40), range(24, 34), kind="")

    with pytest.raises(ExportError, match="no label among the newest rows"):
        parts_of(rows)


def test_test_file_of_the_same_rows_is_refused() -> None:
    """A test file that holds every row of the exports leaves nothing to train on."""
    with pytest.raises(ExportError, match="Every row"):
        parts_of(table(12), table(12))


def test_calibration_is_the_newest_slice_of_training() -> None:
    """With dates the target marks rows that are newer than all that heads are chosen on."""
    parts = parts_of(table(100))

    older = parts.older
    assert older is not None
    assert (parts.train.target == ~older).all()
    times = [list(part.times) for part in (parts.train.take(older), parts.train.take(~older))]
    assert max(times[0]) < min(times[1]) <= max(times[1]) < min(parts.test.times)
    assert [len(times[0]), len(times[1]), len(parts.test)] == [65, 15, 20]


def test_tied_rows_train_and_measure_nothing() -> None:
    """A row of a known requester inside calibration is neither older nor target."""
    rows = changed(table(100), range(70, 71), group="g3")

    parts = parts_of(rows)

    place = parts.train.ids.index("t70")
    assert parts.older is not None
    assert not parts.older[place]
    assert not parts.train.target[place]
    assert parts.record["parts"]["tied"]["rows"] == 1


def test_rows_that_a_recipe_measures_nothing_on_stay_so() -> None:
    """Rows that were no target before the split are none after it."""
    examples = examples_of(table(100), ["kind"])
    none = replace(examples, target=~examples.target)

    assert not cut(none, None, tiny_config()).train.target.any()


def test_without_dates_every_row_is_cross_fitted() -> None:
    """Without dates the calibration rows are the training rows, and the record says so."""
    parts = parts_of(table(100, dated=False))

    record = parts.record["parts"]
    assert parts.older is None
    assert parts.train.target.all()
    assert record["calibration"]["fingerprint"] == record["train"]["fingerprint"]
    assert "not seen" in record["calibration"]["rule"]
    assert record["train"]["from"] is None


def test_record_tells_rows_dates_and_fingerprints() -> None:
    """What is kept and printed names each part with its rows, dates, fingerprint and rule."""
    rows = changed(table(100), range(95, 96), group="g3")

    parts = parts_of(rows)

    record = parts.record["parts"]
    assert {name: part["rows"] for name, part in record.items()} == {
        "train": 65, "calibration": 15, "test": 19, "left_out": 1,
    }  # fmt: skip
    assert record["test"]["fingerprint"] == parts.test.fingerprint()
    assert record["calibration"]["from"] == "2026-03-10T00:00:00Z"
    assert len({part["fingerprint"] for part in record.values()}) == 4
    assert parts.lines()[0].startswith("split: the newest rows, by date")
    assert "2026-03-10T00:00:00Z to 2026-03-24T00:00:00Z" in parts.lines()[2]


def test_known_rows_of_a_test_file_leave_training() -> None:
    """Equal texts, near-duplicates and requesters of the test file are told and left out."""
    rows = changed(table(40, dated=False), range(1), text=TEXT)
    same = {**table(1, dated=False, start=7)[0], "id": "s", "group": "s"}
    near = {**same, "id": "n", "group": "n", "text": f"Hello, {TEXT}"}
    requester = {**same, "id": "r", "group": "g9", "text": "something else altogether, thank you"}
    fresh = {**same, "id": "t30", "group": "t30", "text": "nobody has asked this before"}

    parts = parts_of(rows, [same, near, requester, fresh])

    gone = {row["id"] for row in rows} - set(parts.train.ids)
    assert gone == {"t0", "t7", "t9"}
    assert parts.record["parts"]["test"]["rows"] == 4
    assert parts.record["rule"] == FILE
    note = "3 rows of the exports also stand in the test file"
    assert any(note in line and "rows 1, 8, 10" in line for line in parts.lines())
    assert "2 by text or near-duplicate, 1 by requester" in " ".join(parts.lines())


def test_training_newer_than_a_test_file_is_told() -> None:
    """With dates on both sides, rows from the test's future are counted."""
    test = changed(table(5, start=60), range(5), time="2026-01-20T02:00+02:00")

    dated, blank = parts_of(table(40), test), parts_of(table(40), table(5, dated=False, start=60))

    assert any("21 training rows are as new" in line for line in dated.lines())
    assert any("not every row of the test file has a date" in line for line in blank.lines())
    assert dated.older is not None


@pytest.mark.parametrize(("by", "words"), [("random", "flatters"), ("group", "not look at")])
def test_split_that_ignores_dates_is_told(by: str, words: str) -> None:
    """A split that somebody asked for against the dates is made, with a warning."""
    parts = parts_of(table(100), split=SplitConfig(by))  # type: ignore[arg-type] # one of the literals

    assert parts.record["by"] == by
    assert parts.older is None
    assert any("warning" in line and words in line for line in parts.lines())


def test_test_of_newcomers_alone_is_told() -> None:
    """Where most of the newest rows are left out, the test may not be what comes in."""
    rows = changed(table(100), range(85, 99), group="g3")

    assert any("14 of the newest rows are left out" in line for line in parts_of(rows).lines())


def test_fingerprints_do_not_hang_on_the_process() -> None:
    """A process with another hash seed parts the rows alike, by time and by group."""
    code = "from tests.training.test_parts import fingerprints; print(fingerprints())"

    assert run_python(code, seed="1").strip() == str(fingerprints())


def fingerprints() -> list[str]:
    """Part rows by time and by group and list the fingerprints."""
    records = [parts_of(table(60, dated=dated)).record["parts"] for dated in (True, False)]
    return [part["fingerprint"] for record in records for part in record.values()]


def run_python(code: str, seed: str) -> str:
    """Run lines in a fresh interpreter of another hash seed and return what it prints."""
    run = subprocess.run(  # noqa: S603 - our own interpreter on our own lines
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(CHECKOUT)},
    )
    return run.stdout


def test_same_seed_gives_the_same_record() -> None:
    """Nothing but rows, shares and seed decides what is recorded; another seed decides anew."""
    rows = table(100, dated=False)

    first, again, other = (parts_of(rows, seed=seed).record for seed in (1, 1, 2))

    assert first == again
    assert first["parts"]["test"] != other["parts"]["test"]


def test_examples_of_several_files_are_named() -> None:
    """Rows left out for a test file are named with their file where there are several."""
    examples = examples_of(table(20, dated=False), ["kind"])
    both = replace(examples, sources=("a.csv",) * 10 + ("b.csv",) * 10)
    test = examples_of(changed(table(1, dated=False), range(1), id="z"), ["kind"])

    assert any("a.csv row 1" in line for line in cut(both, test, tiny_config()).lines())
