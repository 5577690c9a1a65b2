"""What wrong labels and a person's work cost, and what giving each label is expected to cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EQUAL = 1.0
"""Cost of a mistake that nobody named."""
ROUNDING = 1e-12
"""Costs closer than this share of themselves are equal: no factor common to all may part them."""
_PAIRWISE = 8
"""Fewer numbers than these numpy adds one after the other, as plain floats do."""


def _nothing() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """The cost matrix of one task: what giving a label costs where another one is true.

    A right label costs nothing. Most matrices have one cost a true label, so that is what is kept,
    with a block of differences for the pairs that somebody named; a task of 20,000 labels then
    needs no matrix of 400 million.

    Args:
        missed: Cost of any wrong label, by true label, shape ``(labels,)``.
        by_hand: What a person's labelling costs; None where nobody said.
        unknown: Cost of any label where the true one is none of the task's.
        true: True labels that have named pairs, columns of shape ``(t,)``.
        given: Given labels that have named pairs, columns of shape ``(g,)``.
        extra: What each of these pairs costs beyond ``missed``, shape ``(t, g)``.
    """

    missed: Floats
    by_hand: float | None = None
    unknown: float = EQUAL
    true: Ints = field(default_factory=_nothing)
    given: Ints = field(default_factory=_nothing)
    extra: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def expected(self, probabilities: Floats) -> Floats:
        """Compute the expected cost of giving each label, both of shape ``(n, labels)``."""
        weighted = probabilities * self.missed
        costs = np.add.reduce(weighted, axis=1, keepdims=True) - weighted
        if self.extra.size:
            costs[:, self.given] += probabilities[:, self.true] @ self.extra
        return np.asarray(costs)

    def expected_of(self, chances: Sequence[float]) -> list[float]:
        """Compute ``expected`` of one row, to the last bit; few labels take no array."""
        if self.extra.size or len(chances) >= _PAIRWISE:
            costs: list[float] = self.expected(np.array([chances]))[0].tolist()
            return costs
        weighted = [one * cost for one, cost in zip(chances, self.missed.tolist(), strict=True)]
        total = reduce(add, weighted)
        return [total - one for one in weighted]

    def affordable(self, probabilities: Floats, columns: Ints) -> NDArray[np.bool_]:
        """Tell where giving a label is expected to cost less than a person's work.

        Args:
            probabilities: Shape ``(n, labels)``.
            columns: The label of each row, shape ``(n,)``.
        """
        if self.by_hand is None:
            return np.ones(len(columns), bool)
        costs = self.expected(probabilities)[np.arange(len(columns)), columns]
        return np.asarray(costs < self.by_hand * (1 - ROUNDING))

    def is_affordable(self, cost: float) -> bool:
        """Tell whether a label of this expected cost is expected to cost less than a person."""
        return self.by_hand is None or cost < self.by_hand * (1 - ROUNDING)

    def paid(self, truth: Ints, columns: Ints) -> Floats:
        """Return what giving labels cost, shape ``(n,)``.

        Args:
            truth: True labels, shape ``(n,)``; -1 for one that the task does not have.
            columns: Labels given, shape ``(n,)``.
        """
        costs = np.where(truth < 0, self.unknown, self.missed[truth])
        size = len(self.missed)
        at_true, at_given = np.full(size + 1, -1), np.full(size, -1)
        at_true[self.true] = np.arange(len(self.true))
        at_given[self.given] = np.arange(len(self.given))
        rows, cells = at_true[truth], at_given[columns]
        named = (rows >= 0) & (cells >= 0)
        costs[named] += self.extra[rows[named], cells[named]]
        return np.where(truth == columns, 0.0, costs)
