"""Dates: unreadable, impossible, mixed, missing; and labels that drift with them."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.training.check.rows import COLUMNS, found, inspected, rows_of, table, text_of
from training.check.finding import Finding
from training.config import Columns

DATED = Columns("text", COLUMNS.labels, time="created")


def dated(folder: Path, *cells: str) -> dict[str, Finding]:
    """Check rows with these dates; findings by code."""
    return found(folder, table([text_of(at) for at in range(len(cells))], created=cells), DATED)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("13/03/2026", "01/03/2026"), "day first"),
        (("03/13/2026", "03/01/2026"), "month first"),
        (("03/13/2026", "13/03/2026"), "some can only be day first, others only month first"),
        (("01/03/2026", "02/03/2026"), "day and month with slashes"),
        (("1767225600", "1767225601"), "seconds since 1970"),
        (("yesterday", "2026-02-30"), "no ISO 8601 dates."),
    ],
)
def test_unreadable_dates_block(tmp_path: Path, cells: tuple[str, str], told: str) -> None:
    """Cells that are no ISO 8601 dates are counted, with a guess at what they are."""
    finding = dated(tmp_path, "2026-01-01", *cells)["bad_date"]

    assert finding.level == "blocker"
    assert rows_of(finding) == [2, 3]
    assert told in finding.message
    assert "--time ''" in finding.fix


def test_blank_dates_are_told(tmp_path: Path) -> None:
    """One row without a date keeps the split from going by time, which is said."""
    finding = dated(tmp_path, "2026-01-01", " ", "2026-01-02")["no_time"]

    assert (finding.level, rows_of(finding)) == ("warning", [2])
    assert "only where every row has one" in finding.message
    assert "No row has a date" in dated(tmp_path, "", "")["no_time"].message


def test_no_column_of_dates_is_a_note(tmp_path: Path) -> None:
    """What cannot be seen without dates is said once."""
    assert found(tmp_path, table(["a", "b"]))["no_dates"].level == "note"


def test_impossible_days_are_told(tmp_path: Path) -> None:
    """Days to come and placeholders of databases are no dates of messages."""
    findings = dated(tmp_path, "2026-05-01", "2062-05-01", "1970-01-01", "2026-06-01T23:59:00Z")

    assert rows_of(findings["future_date"]) == [2]
    assert rows_of(findings["ancient_date"]) == [3]


def test_mixed_forms_are_told_with_the_rarer_rows(tmp_path: Path) -> None:
    """Dates with and without a zone do not compare; one form alone is fine."""
    zoned = [f"2026-05-0{day}T09:00:00+02:00" for day in (1, 2, 3)]

    assert rows_of(dated(tmp_path, *zoned, "2026-05-04T09:00:00")["mixed_dates"]) == [4]
    assert "mixed_dates" not in dated(tmp_path, *zoned)


def test_many_zones_are_a_note(tmp_path: Path) -> None:
    """Summer and winter time are two offsets; more are worth knowing."""
    cells = [f"2026-05-01T09:00:00{zone}" for zone in ("+01:00", "+02:00", "-03:30", "Z")]

    assert "-03:30 1" in dated(tmp_path, *cells)["many_zones"].message
    assert "many_zones" not in dated(tmp_path, *cells[:2])


def test_gaps_are_told_with_the_days_around(tmp_path: Path) -> None:
    """A month without messages among daily ones is a gap; quiet desks have none."""
    first = date(2026, 1, 1)
    days = [*range(20), *range(60, 80)]
    cells = [(first + timedelta(days=day)).isoformat() for day in days]
    monthly = [(first + timedelta(days=30 * month)).isoformat() for month in range(5)]

    finding = dated(tmp_path, *cells)["date_gap"]

    assert "between 2026-01-20 and 2026-03-02 (40 days)" in finding.message
    assert rows_of(finding) == [20, 21]
    assert "date_gap" not in dated(tmp_path, *monthly)


def drifting(late: list[str]) -> dict[str, Finding]:
    """Inspect 800 rows of two labels in turn and 200 newer rows of these labels."""
    labels = [*["a", "b"] * 400, *late]
    cells = [(date(2023, 1, 1) + timedelta(days=at)).isoformat() for at in range(1_000)]
    rows = table([text_of(at) for at in range(1_000)], labels, time=cells)
    return {one.code: one for one in inspected(rows, DATED)}


def test_drift_is_told_with_its_shares() -> None:
    """Shares that move by more than chance are told; equal ones are not."""
    finding = drifting([*["a"] * 180, *["b"] * 20])["label_drift"]

    assert finding.level == "warning"
    assert "'a' 50 % to 90 %" in finding.message
    assert "2025-03-11" in finding.message
    assert "label_drift" not in drifting(["a", "b"] * 100)


def test_labels_that_come_and_go_are_told() -> None:
    """A label without older rows cannot be learned; one without newer ones is not tested."""
    findings = drifting([*["a"] * 150, *["c"] * 50])

    assert findings["new_label"].level == "warning"
    assert rows_of(findings["new_label"])[0] == 951
    assert "'b'" in findings["gone_label"].message
