"""Figures over the rounds of a run: medians, and ratios taken inside each round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.serving.cells import WHY, Record

Values = dict[int, float]
"""One value a round."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds with the least and the largest."""

    middle: float
    low: float
    high: float


class Figures:
    """What the cells of a run say.

    Args:
        records: The cells, in any order.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._cells = {(one["round"], one["server"], one["step"]): one for one in records}
        self.rounds = sorted({one["round"] for one in records})
        self.records = records

    def why(self, server: str) -> str | None:
        """Tell why something of a server is not measured, if so."""
        found = (one[WHY] for one in self.records if one["server"] == server and WHY in one)
        return next(found, None)

    def values(self, server: str, step: str, field: str) -> Values:
        """Return a field by round, for the rounds that have it."""
        found: Values = {}
        for round_ in self.rounds:
            value = self._cells.get((round_, server, step), {}).get(field)
            if value is not None:
                found[round_] = float(value)
        return found

    def over(self, server: str, step: str, field: str) -> Spread | None:
        """Return a field over the rounds."""
        return spread(self.values(server, step, field))

    def most(self, server: str, field: str) -> Values:
        """Return the largest value that a field has in any cell of a round."""
        found: Values = {}
        for (round_, name, _), one in self._cells.items():
            if name == server and one.get(field) is not None:
                found[round_] = max(found.get(round_, 0.0), float(one[field]))
        return found

    def most_of(self, server: str, step: str, fields: Sequence[str]) -> float:
        """Return the largest sum of fields that a step has in any round."""
        found = [self.values(server, step, field) for field in fields]
        return max((sum(one.get(at, 0.0) for one in found) for at in self.rounds), default=0.0)

    def every(self, field: str) -> list[float]:
        """Return a field of all cells that have it."""
        return [float(one[field]) for one in self.records if one.get(field) is not None]


def spread(values: Mapping[int, float]) -> Spread | None:
    """Summarise the rounds."""
    if not values:
        return None
    ordered = sorted(values.values())
    return Spread(median(ordered), ordered[0], ordered[-1])


def ratio(above: Values, below: Values) -> Spread | None:
    """Divide round by round, and summarise; rounds that lack a side are left out."""
    return spread({one: above[one] / below[one] for one in above if below.get(one)})


def best(first: Values, second: Values) -> Values:
    """Take the larger of two in each round."""
    return {
        one: max(first.get(one, 0.0), second.get(one, 0.0)) for one in sorted({*first, *second})
    }


def joined(first: Values, second: Values, times: float) -> Values:
    """Add two round by round, the first so many times."""
    return {one: times * first[one] + second[one] for one in first if one in second}
