"""What changes from day to day: volume, labels, and how long requesters wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from triage.insights.frame import (
    DAY_S,
    HOUR_S,
    NONE,
    Column,
    Decisions,
    Floats,
    Ints,
    Mask,
    Period,
    Uses,
    places,
)

SHOWN = 8
"""Kinds that have a line of their own; the rest are counted together."""
REST = "*"
"""Name of the rest."""
NINETY = 90
REPLIED = ("used", "edited")
Value = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """Values by day, one line for each name; None where a day has nothing to tell."""

    days: tuple[str, ...]
    lines: Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took, in hours.

    Args:
        count: Of how many messages it is known.
        median: Of all of them; None where there is none.
        slow: The 90th percentile.
        series: Both by the day on which the message came.
    """

    count: int
    median: Value
    slow: Value
    series: Series


def volume(decisions: Decisions, period: Period, split: Column | None = None) -> Series:
    """Count messages by day, apart for each value of a column where one is given."""
    if split is None:
        return Series(period.days, {"messages": _per_day(decisions, period, None)})
    return Series(period.days, _split(decisions, period, split))


def labels(decisions: Decisions, task: str, period: Period) -> Series:
    """Count the top labels of a task by day."""
    column = decisions.labels[task]
    has = ~column.is_(NONE)
    lines = _split(decisions.where(has), period, column.taken(has))
    return Series(period.days, lines)


def shares(series: Series) -> Series:
    """Turn counts into shares of their day; a day without any has none."""
    totals = [sum(filter(None, day)) for day in zip(*series.lines.values(), strict=True)]
    return Series(
        series.days,
        {
            name: tuple(
                (value or 0) / total if total else None
                for value, total in zip(line, totals, strict=True)
            )
            for name, line in series.lines.items()
        },
    )


def balance(series: Series, good: str, bad: str) -> Series:
    """Subtract the share of one label from that of another, by day: 1 is all good, -1 all bad."""
    of_day = shares(series).lines
    nothing: tuple[Value, ...] = (0.0,) * len(series.days)
    pairs = zip(of_day.get(good, nothing), of_day.get(bad, nothing), strict=True)
    known = zip(*of_day.values(), strict=True) if of_day else [()] * len(series.days)
    line = tuple(
        (one or 0.0) - (other or 0.0) if any(share is not None for share in all_) else None
        for (one, other), all_ in zip(pairs, known, strict=True)
    )
    return Series(series.days, {"balance": line})


def waits(decisions: Decisions, uses: Uses, period: Period, kinds: Sequence[str]) -> Waits:
    """Tell how long it took from a message to the first feedback of some kinds about it.

    Feedback comes when the desk sends it: an agent who replies without it is not seen here.
    """
    told = np.zeros(len(uses), bool)
    for kind in kinds:
        told |= uses.kind.is_(kind)
    # A message asked twice is two decisions; each waits for its own feedback.
    rows = places(uses.decision[told], decisions)
    first = np.full(len(decisions), np.inf)
    np.minimum.at(first, rows, uses.at[told])
    known = np.isfinite(first)
    hours = np.maximum(first[known] - decisions.at[known], 0.0) / HOUR_S
    days = _days(decisions.at[known], period)
    lines = {
        "median": tuple(_point(hours[days == day], 50) for day in range(len(period.days))),
        "slow": tuple(_point(hours[days == day], NINETY) for day in range(len(period.days))),
    }
    return Waits(len(hours), _point(hours, 50), _point(hours, NINETY), Series(period.days, lines))


def _point(hours: Floats, percent: int) -> Value:
    return float(np.percentile(hours, percent)) if len(hours) else None


def _split(decisions: Decisions, period: Period, column: Column) -> dict[str, tuple[Value, ...]]:
    names = list(column.counts())
    lines = {name: _per_day(decisions, period, column.is_(name)) for name in names[:SHOWN]}
    if len(names) > SHOWN:
        kept = np.zeros(len(decisions), bool)
        for name in names[:SHOWN]:
            kept |= column.is_(name)
        lines[REST] = _per_day(decisions, period, ~kept)
    return lines


def _per_day(decisions: Decisions, period: Period, rows: Mask | None) -> tuple[Value, ...]:
    at = decisions.at if rows is None else decisions.at[rows]
    counts = np.bincount(_days(at, period), minlength=len(period.days))
    return tuple(float(count) for count in counts)


def _days(at: Floats, period: Period) -> Ints:
    return np.asarray(at // DAY_S - period.since // DAY_S, np.int64)
