"""Ways to fit a head: what is tried first, and what is tried around the best of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Balance = Literal["none", "root", "full"]
FINER = 3.0
"""Step between strengths once the features are chosen."""
EVEN = 1.5
"""The commonest label over the rarest; below it class weights change next to nothing."""
SHARE_OF = {"none": 0.0, "root": 0.5, "full": 1.0}
NAMES = {"none": "", "root": ", square-root balanced", "full": ", balanced"}


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One way to fit a head; the order puts the simpler first.

    Args:
        lexical: Length of the n-gram rows beside unit embeddings; 0 leaves n-grams out. The longer,
            the more the regularisation favours words over the embedding.
        strength: Inverse regularisation, scikit-learn's ``C``.
        balance: Whether rare labels weigh more: ``full`` gives every label the same total weight,
            ``root`` the square root of that factor.
        named: Weight of a row made of the label's own name; 0 leaves these out.
    """

    lexical: float
    strength: float
    balance: Balance = "none"
    named: float = 0.0

    def describe(self) -> str:
        """Name the candidate for reports."""
        features = f"dense + lexical x {self.lexical:g}" if self.lexical else "dense"
        names = f", label names x {self.named:g}" if self.named else ""
        return f"{features}, C={self.strength:.3g}{NAMES[self.balance]}{names}"

    def weights(
        self, target: NDArray[np.int64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weigh rows by how rare their label is; the total stays, shape ``(n,)``."""
        if self.balance == "none":
            return weights
        totals = np.bincount(target, weights)
        factor = totals[target] ** -SHARE_OF[self.balance]
        heavier = weights * factor
        return np.asarray(heavier * (weights.sum() / heavier.sum()), np.float64)


CANDIDATES = (
    Candidate(1, 10.0),
    Candidate(0, 10.0),
    Candidate(4, 2.0),
    Candidate(0, 1.0),
)
"""The most promising first: a budget that ends early has tried the head of the list."""
BY_NAME = (Candidate(0.3, 30.0, named=2.0), Candidate(0, 30.0, named=2.0))
"""Tried before the others where rows are few and labels have names; chosen on training rows of
banking77 that a draw of ten a label had left."""


def variants(
    best: Candidate, target: NDArray[np.int64], tried: Sequence[Candidate]
) -> list[Candidate]:
    """List what is worth trying around the best: class weights, then strengths beside it.

    Args:
        best: Winner so far.
        target: Column of each row's label, shape ``(n,)``.
        tried: What need not be tried again.
    """
    counts = np.bincount(target)
    counts = counts[counts > 0]
    balances: list[Balance] = ["root", "full"] if counts.max() > EVEN * counts.min() else []
    strengths = [best.strength * FINER, best.strength / FINER]
    around = [replace(best, balance=balance) for balance in balances]
    around += [replace(best, strength=strength) for strength in strengths]
    return [candidate for candidate in around if not _near(candidate, tried)]


def _near(candidate: Candidate, tried: Sequence[Candidate]) -> bool:
    """Tell whether a strength was tried that is the same for all that rounding can tell."""
    return any(
        (other.lexical, other.balance, other.named)
        == (candidate.lexical, candidate.balance, candidate.named)
        and abs(np.log(other.strength / candidate.strength)) < np.log(FINER) / 4
        for other in tried
    )
