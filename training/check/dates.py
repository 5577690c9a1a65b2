"""Dates: cells that are none, forms and zones that mix, days that are missing or impossible."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from training.check.finding import Finding, Marks, about
from training.check.seen import NO_DAY, Kept

FIRST_YEAR = 1995
"""Help desks keep no older mail; what is older is a placeholder such as 1970-01-01."""
GAP_DAYS, GAP_TIMES, MAX_GAPS = 14, 10, 3
"""A gap is at least two weeks and ten times the usual distance between days with messages."""
MAX_OFFSETS = 2
"""Summer and winter time."""
_SLASHED = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{2,4}")
_EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]+)?$")
_MONTHS = 12
_DATE_LENGTH = 10


class Dates:
    """Reads the date of each row.

    Args:
        column: Name of the column, None when there is none.
        now: The present moment.
    """

    def __init__(self, column: str | None, now: datetime) -> None:
        self._column, self._now = column, now
        self._rows = 0
        self._blank, self._bad = Marks(), Marks()
        self._future, self._ancient = Marks(), Marks()
        self._guesses: Counter[str] = Counter()
        self._forms = {"a day alone": Marks(), "a time without zone": Marks(), "a zone": Marks()}
        self._offsets: Counter[timedelta] = Counter()

    def day(self, at: int, cell: str) -> int:
        """Return the day of a row as a number, ``NO_DAY`` where it has none."""
        self._rows += 1
        cell = cell.strip()
        if not self._column:
            return NO_DAY
        if not cell:
            self._blank.add(at)
            return NO_DAY
        try:
            moment = datetime.fromisoformat(cell)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            aware = aware.astimezone(UTC)
        except (ValueError, OverflowError):
            self._bad.add(at)
            self._guesses.update(_guess(cell))
            return NO_DAY
        self._form(at, cell, moment)
        if aware > self._now + timedelta(days=1):
            self._future.add(at)
        if aware.year < FIRST_YEAR:
            self._ancient.add(at)
        return aware.toordinal()

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        if not self._column:
            yield Finding(
                "note",
                "no_dates",
                "No column of dates is given, so the split is by label and group, and drift over "
                "time cannot be seen.",
                "Name the column with --time.",
            )
            return
        yield from self._unread()
        yield from self._impossible()
        yield from self._mixed()

    def _form(self, at: int, cell: str, moment: datetime) -> None:
        offset = moment.utcoffset()
        if offset is not None:
            self._offsets[offset] += 1
            self._forms["a zone"].add(at)
        elif len(cell) <= _DATE_LENGTH:
            self._forms["a day alone"].add(at)
        else:
            self._forms["a time without zone"].add(at)

    def _unread(self) -> Iterator[Finding]:
        if self._bad.count:
            yield self._bad.finding(
                "blocker",
                "bad_date",
                f"{self._bad.count:,} cells of {self._column!r} are no ISO 8601 dates"
                f"{_told(self._guesses)}.",
                "Write dates like 2026-03-31 or 2026-03-31T14:05:00Z, or leave them out: --time ''",
            )
        if self._blank.count:
            all_blank = self._blank.count == self._rows
            yield self._blank.finding(
                "warning",
                "no_time",
                f"{'No row has a' if all_blank else f'{self._blank.count:,} rows have no'} date in "
                f"{self._column!r}, and `fit` splits by time only where every row has one.",
                "Fill in the dates, drop the rows without one, or part otherwise: --split group",
            )

    def _impossible(self) -> Iterator[Finding]:
        if self._future.count:
            yield self._future.finding(
                "warning",
                "future_date",
                f"{self._future.count:,} rows are dated after {self._now.date()}; they would all "
                "stand in the test part.",
                "Correct the year or the order of day and month in these rows.",
            )
        if self._ancient.count:
            yield self._ancient.finding(
                "warning",
                "ancient_date",
                f"{self._ancient.count:,} rows are dated before {FIRST_YEAR}, which is mostly a "
                "placeholder such as 1970-01-01.",
                "Empty these cells or drop the rows.",
            )

    def _mixed(self) -> Iterator[Finding]:
        forms = {name: marks for name, marks in self._forms.items() if marks.count}
        if len(forms) > 1:
            rarest = min(forms.values(), key=lambda marks: marks.count)
            told = ", ".join(f"{marks.count:,} with {name}" for name, marks in forms.items())
            yield rarest.finding(
                "warning",
                "mixed_dates",
                f"Dates come in {len(forms)} forms ({told}); one without a zone counts as UTC, so "
                "rows may stand in the wrong order by hours.",
                "Write all dates in one form, best with the zone.",
            )
        if len(self._offsets) > MAX_OFFSETS:
            told = ", ".join(f"{_zone(offset)} {n:,}" for offset, n in self._offsets.most_common(6))
            yield Finding(
                "note",
                "many_zones",
                f"Dates come from {len(self._offsets)} offsets to UTC ({told}); they are compared "
                "in UTC.",
                "Nothing, when the desk works in several zones.",
            )


def period(kept: Kept) -> tuple[date, date] | None:
    """Return the first and the last day, None without dates."""
    days = kept.days()
    days = days[days != NO_DAY]
    if not len(days):
        return None
    return date.fromordinal(int(days.min())), date.fromordinal(int(days.max()))


def gaps(kept: Kept) -> Iterator[Finding]:
    """Find stretches of days without any message, the longest first."""
    days = kept.days()
    distinct = np.unique(days[days != NO_DAY])
    if len(distinct) < 2:  # noqa: PLR2004 - a gap lies between two days
        return
    steps = np.diff(distinct)
    least = max(GAP_DAYS, GAP_TIMES * float(np.median(steps)))
    wide = np.flatnonzero(steps > least)
    for at in wide[np.argsort(-steps[wide], kind="stable")][:MAX_GAPS]:
        before, after = int(distinct[at]), int(distinct[at + 1])
        beside = [int(np.flatnonzero(days == day)[0]) for day in (before, after)]
        yield about(
            "warning",
            "date_gap",
            f"No message between {date.fromordinal(before)} and {date.fromordinal(after)} "
            f"({after - before - 1:,} days).",
            "Check that the export is complete; what happened then cannot be learned.",
            beside,
        )


def _guess(cell: str) -> Iterator[str]:
    if slashed := _SLASHED.match(cell):
        first, second = int(slashed[1]), int(slashed[2])
        if first > _MONTHS:
            yield "day first"
        elif second > _MONTHS:
            yield "month first"
        else:
            yield "day and month with slashes"
    elif _EPOCH.match(cell):
        yield "seconds since 1970"


def _told(guesses: Counter[str]) -> str:
    if guesses["day first"] and guesses["month first"]:
        return "; some can only be day first, others only month first"
    named = next((n for n in ("day first", "month first") if guesses[n]), None)
    named = named or next((name for name, _ in guesses.most_common(1)), None)
    return f"; they look like {named}" if named else ""


def _zone(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
