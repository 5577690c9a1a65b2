"""How much usually comes at an hour of the week."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from triage.insights.frame import HOUR_S, Floats, Ints

HOURS, DAYS, WEEK = 24, 7, 168
_THURSDAY = 3 * HOURS
"""The first of January 1970 was one; weeks begin on Monday."""
PRIOR = 20.0
"""Messages that each hour and weekday is given at the usual rate before any is counted, so that
little history bends nothing."""


def hour_of_week(at: NDArray[Any]) -> Ints:
    """Return the hour of the week in UTC of moments in seconds, 0 on Monday at midnight."""
    return np.asarray((at // HOUR_S + _THURSDAY) % WEEK, np.int64)


@dataclass(frozen=True, slots=True)
class Season:
    """What an hour of each hour of the week weighs beside the average hour.

    Args:
        weight: Factor of the hour of the day times that of the weekday, shape ``(168,)``.
    """

    weight: Floats

    @classmethod
    def of(cls, at: Floats, since: float, until: float) -> Self:
        """Learn from messages between two moments: the day's shape and the week's apart.

        Apart, since 168 cells would each have too few messages to learn from; and both are drawn
        towards the average as far as there are few.
        """
        watched = hours_between(since, until)
        seen = np.bincount(hour_of_week(at), minlength=WEEK).astype(np.float64)
        rate = seen.sum() / max(watched.sum(), 1e-9)
        by_hour = _factor(_grid(seen).sum(0), _grid(watched).sum(0), rate)
        expected = watched * rate * np.tile(by_hour, DAYS)
        by_day = (_grid(seen).sum(1) + PRIOR) / (_grid(expected).sum(1) + PRIOR)
        return cls(np.tile(by_hour, DAYS) * np.repeat(by_day, HOURS))

    def exposure(self, since: float, until: float) -> float:
        """Return how many average hours the time between two moments weighs."""
        return float((hours_between(since, until) * self.weight).sum())

    def weekdays(self, since: float, until: float) -> Floats:
        """Return the same apart for each weekday, shape ``(7,)``."""
        weighed = hours_between(since, until) * self.weight
        return np.asarray(_grid(weighed).sum(axis=1))


def hours_between(since: float, until: float) -> Floats:
    """Return how long each hour of the week lasts between two moments, in hours, ``(168,)``."""
    first, last = int(since // HOUR_S), int(np.ceil(until / HOUR_S))
    hours = np.arange(first, max(last, first + 1))
    begin = np.maximum(hours * HOUR_S, since)
    lasts = np.maximum(np.minimum((hours + 1) * HOUR_S, until) - begin, 0.0) / HOUR_S
    place = hour_of_week(hours * HOUR_S)
    return np.asarray(np.bincount(place, weights=lasts, minlength=WEEK), np.float64)


def _factor(seen: Floats, watched: Floats, rate: float) -> Floats:
    factor: Floats = (seen + PRIOR) / (watched * rate + PRIOR)
    return factor


def _grid(hours: Floats) -> Floats:
    """Lay the hours of a week out by day and hour, shape ``(7, 24)``."""
    return hours.reshape(DAYS, HOURS)
