"""Exports as dated rows, and the periods they are cut into."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from training.backtest.history import History, read_history
from training.backtest.periods import cut, gaps
from training.config import Columns
from triage.errors import ExportError, InputError
from triage.rows import Row, write_rows
from triage.text.language import LanguageIdentifier

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TEXT = "the camera shows a black picture since yesterday"


def read(
    folder: Path, *tables: list[Row], time: str | None = "created", form: str | None = None
) -> History:
    """Write tables as exports and read them as one history."""
    paths = []
    for number, table in enumerate(tables):
        paths.append(folder / f"{number}.csv")
        write_rows(paths[-1], table, list(table[0]))
    columns = Columns("text", {"queue": "queue"}, time=time)
    return read_history(paths, columns, form, LanguageIdentifier(["en", "da"]), NOW)


def row(date: str, text: str = TEXT, queue: str = "a") -> Row:
    """Write one row of an export."""
    return {"text": text, "queue": queue, "created": date}


def at(*dates: str) -> list[datetime]:
    """Read ISO dates as UTC."""
    return [datetime.fromisoformat(date).replace(tzinfo=UTC) for date in dates]


def test_no_date_column_is_refused(tmp_path: Path) -> None:
    """A backtest without dates is refused with the option that names them."""
    with pytest.raises(ExportError, match="needs dates"):
        read(tmp_path, [row("2026-01-01")], time=None)


def test_blank_dates_alone_are_refused(tmp_path: Path) -> None:
    """A column of dates that is blank in every row is no column of dates."""
    with pytest.raises(ExportError, match="No row has a date"):
        read(tmp_path, [row(""), row("")])


def test_every_bad_date_is_named(tmp_path: Path) -> None:
    """Dates that cannot be read are refused together, by row, and never quoted."""
    table = [row("yesterday"), row("2026-01-01"), row("31/12/2025"), row("0001-01-01")]

    with pytest.raises(ExportError, match="in rows 1, 3, 4") as caught:
        read(tmp_path, table)

    assert "yesterday" not in str(caught.value)
    assert "--time-format" in caught.value.fix
    assert caught.value.row == 1


def test_other_dates_are_read_by_their_format(tmp_path: Path) -> None:
    """A tracker's own way of writing dates is read once it is told."""
    history = read(tmp_path, [row("08/Sep/21 17:46")], form="%d/%b/%y %H:%M")

    assert history.moments == (datetime(2021, 9, 8, 17, 46, tzinfo=UTC),)


def test_rows_stand_oldest_first(tmp_path: Path) -> None:
    """Rows are sorted by moment in UTC; the order of the export can be had back."""
    table = [
        row("2026-02-01T00:30:00+02:00", queue="second"),
        row("2026-03-01", queue="third"),
        row("2026-01-05", queue="first"),
    ]

    history = read(tmp_path, table)

    assert history.examples.labels["queue"] == ("first", "second", "third")
    assert history.moments[1] == datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
    back = history.examples.take(history.file_order)
    assert back.labels["queue"] == ("second", "third", "first")


def test_odd_rows_are_told(tmp_path: Path) -> None:
    """Undated and empty rows are left out, future dates kept, all of them with their rows."""
    table = [row("2026-01-01"), row(""), row("2026-02-01", text=" "), row("2099-01-01")]

    history = read(tmp_path, table)

    assert len(history) == 2
    assert [line.rpartition(": ")[2] for line in history.warnings] == ["row 2", "row 3", "row 4"]


def test_rows_of_several_exports_are_named_with_their_file(tmp_path: Path) -> None:
    """A row number alone says nothing where there are two files."""
    history = read(tmp_path, [row("2026-01-01")], [row("2026-01-02"), row("")])

    assert history.warnings == ("no date, left out: row 1.csv 2",)


def test_automatic_mail_is_marked(tmp_path: Path) -> None:
    """Mail that a machine wrote is known as such, since serving would abstain."""
    columns = Columns("text", {"queue": "queue"}, subject="title", time="created")
    table = [{**row("2026-01-01"), "title": "Automatic reply: away"}]
    write_rows(tmp_path / "a.csv", table, list(table[0]))

    history = read_history(
        [tmp_path / "a.csv"], columns, None, LanguageIdentifier(["en", "da"]), NOW
    )

    assert history.automatic.tolist() == [True]


def test_months_are_those_of_the_calendar() -> None:
    """Rows of a month stand together; every row before a period is older than its begin."""
    moments = at("2025-12-31T23:59:59", "2026-01-01", "2026-01-31", "2026-03-01")

    periods = cut(moments, "month")

    assert [(p.name, p.first, p.stop) for p in periods] == [
        ("2025-12", 0, 1),
        ("2026-01", 1, 3),
        ("2026-03", 3, 4),
    ]
    assert all(moment < p.begin for p in periods for moment in moments[: p.first])
    assert gaps(periods) == ["no rows from 2026-02-01 to 2026-03-01"]


def test_weeks_are_named_by_iso_year() -> None:
    """The last days of a year may belong to the first week of the next."""
    periods = cut(at("2025-12-28", "2025-12-29", "2026-01-04", "2026-01-05"), "week")

    assert [(p.name, len(p)) for p in periods] == [
        ("2025-W52", 1),
        ("2026-W01", 2),
        ("2026-W02", 1),
    ]


def test_days_are_counted_from_the_first_row() -> None:
    """Periods of days begin at midnight of the first row's day."""
    periods = cut(at("2026-01-10T15:00:00", "2026-02-08T23:00:00", "2026-02-09"), "30d")

    assert [(p.name, len(p)) for p in periods] == [("2026-01-10", 2), ("2026-02-09", 1)]


def test_a_far_date_makes_one_period_not_thousands() -> None:
    """A mistyped year costs one period and a gap."""
    periods = cut(at("2026-01-10", "2926-01-10"), "1d")

    assert len(periods) == 2


@pytest.mark.parametrize("every", ["quarter", "0d", "-3d", "30", "d", "99999d"])
def test_other_periods_are_refused(every: str) -> None:
    """Periods are months, weeks or a sensible number of days."""
    with pytest.raises(InputError, match="--every"):
        cut(at("2026-01-10"), every)
