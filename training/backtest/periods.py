"""Cut a history into periods of the calendar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from training.backtest.config import days_of

Starts = Callable[[datetime], tuple[str, datetime, datetime]]
"""Moment to the name, the begin and the end of its period."""


@dataclass(frozen=True, slots=True)
class Period:
    """Rows of one stretch of time; rows before ``first`` are all older than its begin.

    Args:
        name: Such as ``2026-03``, ``2026-W11`` or the first day.
        begin: First moment, UTC.
        end: First moment after it.
        first: Number of its first row, which is the number of older rows.
        stop: Number of the row after its last.
    """

    name: str
    begin: datetime
    end: datetime
    first: int
    stop: int

    def __len__(self) -> int:
        """Count the rows."""
        return self.stop - self.first


def cut(moments: Sequence[datetime], every: str) -> list[Period]:
    """Cut rows into periods; stretches without rows give none.

    Args:
        moments: Dates in UTC, ascending.
        every: ``month``, ``week`` or days such as ``30d``, counted from the first row's day.

    Raises:
        InputError: When ``every`` is none of these.
    """
    starts = _starts(every, moments[0])
    periods, at = [], 0
    for (name, begin, end), rows in groupby(moments, key=starts):
        count = sum(1 for _ in rows)
        periods.append(Period(name, begin, end, at, at + count))
        at += count
    return periods


def gaps(periods: Sequence[Period]) -> list[str]:
    """Name the stretches between periods that have no rows."""
    return [
        f"no rows from {old.end.date()} to {new.begin.date()}"
        for old, new in pairwise(periods)
        if old.end < new.begin
    ]


def _starts(every: str, first: datetime) -> Starts:
    days = days_of(every)
    if days is not None:
        return _counted(timedelta(days=days), _midnight(first))
    return _month if every == "month" else _week


def _month(moment: datetime) -> tuple[str, datetime, datetime]:
    begin = _midnight(moment).replace(day=1)
    later = (begin + timedelta(days=32)).replace(day=1)
    return f"{begin:%Y-%m}", begin, later


def _week(moment: datetime) -> tuple[str, datetime, datetime]:
    begin = _midnight(moment) - timedelta(days=moment.weekday())
    return f"{begin:%G-W%V}", begin, begin + timedelta(days=7)


def _counted(length: timedelta, first: datetime) -> Starts:
    def period(moment: datetime) -> tuple[str, datetime, datetime]:
        begin = first + (moment - first) // length * length
        return str(begin.date()), begin, begin + length

    return period


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
