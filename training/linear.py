"""Softmax regression over dense and sparse features side by side, by L-BFGS in single precision.

scikit-learn's ``LogisticRegression`` has the same optimum; this one keeps dense columns dense,
never copies the features to stretch them, and starts from given weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.blas import saxpy

from triage.labeling.heads import Floats

MAX_ITERATIONS = 300
TOLERANCE = 1e-4
"""The fit ends when no entry of the gradient of the mean loss is larger."""
MEMORY = 8
"""Pairs of steps that L-BFGS keeps."""
ENOUGH, SMALLEST_STEP = 1e-4, 1e-6
ARRAYS = 2 * MEMORY + 8
"""Arrays of the size of the weights that a fit holds at once."""
Loss: TypeAlias = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a head is fitted on: dense rows and, stretched by a factor, sparse ones.

    Args:
        dense: Shape ``(n, dim)``.
        sparse: Shape ``(n, columns)``; ignored where the factor is 0.
        factor: What the sparse rows are multiplied by.
    """

    dense: Floats
    sparse: sparse.csr_matrix
    factor: float

    @property
    def width(self) -> int:
        """Number of features."""
        return int(self.dense.shape[1] + (self.sparse.shape[1] if self.factor else 0))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Features":
        """Return the chosen rows."""
        kept = self.sparse[rows] if self.factor else self.sparse
        return Features(self.dense[rows], kept, self.factor)

    def score(self, weights: Floats) -> Floats:
        """Multiply by weights ``(1 + width, labels)``, bias first; return ``(n, labels)``."""
        last = 1 + self.dense.shape[1]
        scores = self.dense @ weights[1:last] + weights[0]
        if self.factor:
            scores += (self.sparse @ weights[last:]) * np.float32(self.factor)
        return np.asarray(scores, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Weights ``(1 + width, labels)``, bias first, and the iterations it took to find them."""

    weights: Floats
    iterations: int


def fit_softmax(
    features: Features,
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    labels: int,
    strength: float,
    start: Floats | None = None,
) -> Solution:
    """Minimise the weighted log loss plus the squared weights over twice the strength.

    The bias is free. Two labels share the penalty of one difference, as in scikit-learn.

    Args:
        features: Of ``n`` rows.
        target: Column of each row's label, shape ``(n,)``.
        weights: Shape ``(n,)``.
        labels: How many labels there are; each stands in some row.
        strength: Inverse regularisation, scikit-learn's ``C``.
        start: Weights to start from, shape ``(1 + width, labels)``; zeros where None.
    """
    filled, used = _filled(features)
    begin = np.zeros((len(used), labels), np.float32) if start is None else start[used]
    loss = _loss(filled, target, weights.astype(np.float32), labels, strength)
    found = _minimise(loss, begin, TOLERANCE * float(weights.sum()))
    table = np.zeros((1 + features.width, labels), np.float32)
    table[used] = found.weights
    return Solution(table, found.iterations)


def _filled(features: Features) -> tuple[Features, NDArray[np.int64]]:
    """Leave out sparse columns that no row fills, whose weights are zero at the optimum.

    Returns:
        The features, and the row of the weights that each of theirs stands in.
    """
    dense = np.arange(1 + features.dense.shape[1])
    if not features.factor:
        return features, dense
    kept = np.unique(features.sparse.indices).astype(np.int64)
    inside = features.sparse[:, kept]
    used = np.concatenate([dense, len(dense) + kept])
    return Features(features.dense, inside, features.factor), used


def _loss(
    features: Features,
    target: NDArray[np.int64],
    weights: Floats,
    labels: int,
    strength: float,
) -> Loss:
    penalty = np.float32((2 if labels == 2 else 1) / strength)  # noqa: PLR2004 - see fit_softmax
    rows = np.arange(len(target))
    last = 1 + features.dense.shape[1]
    turned = features.sparse.T.tocsr() if features.factor else None

    def loss(table: Floats) -> tuple[float, Floats]:
        scores = features.score(table)
        scores -= scores.max(axis=1, keepdims=True)
        chosen = scores[rows, target]
        np.exp(scores, out=scores)
        total = scores.sum(axis=1)
        value = float(np.dot(weights.astype(np.float64), np.log(total) - chosen))
        scores /= total[:, None]
        scores[rows, target] -= 1
        scores *= weights[:, None]
        gradient = table * penalty
        gradient[0] = scores.sum(axis=0)
        gradient[1:last] += features.dense.T @ scores
        if turned is not None:
            gradient[last:] += (turned @ scores) * np.float32(features.factor)
        return value + float(penalty) / 2 * _dot(table[1:], table[1:]), gradient

    return loss


def _minimise(loss: Loss, point: Floats, tolerance: float) -> Solution:
    """Follow L-BFGS (Nocedal and Wright, algorithm 7.4) until the gradient is small."""
    value, gradient = loss(point)
    steps: list[tuple[Floats, Floats, float]] = []
    for iteration in range(MAX_ITERATIONS):
        if float(np.abs(gradient).max()) <= tolerance:
            return Solution(point, iteration)
        direction = _direction(gradient, steps)
        slope = _dot(gradient, direction)
        length = 1.0
        while True:
            reached = point + np.float32(length) * direction
            found, turned = loss(reached)
            if found <= value + ENOUGH * length * slope or length < SMALLEST_STEP:
                break
            length /= 2
        if length < SMALLEST_STEP:
            return Solution(point, iteration)
        step, change = reached - point, turned - gradient
        curvature = _dot(step, change)
        if curvature > 0:
            steps = [*steps[1 - MEMORY :], (step, change, 1 / curvature)]
        point, value, gradient = reached, found, turned
    return Solution(point, MAX_ITERATIONS)


def _direction(gradient: Floats, steps: list[tuple[Floats, Floats, float]]) -> Floats:
    """Multiply by the inverse curvature that the last steps suggest (two-loop recursion)."""
    out, shares = -gradient, []
    for step, change, inverse in reversed(steps):
        share = inverse * _dot(step, out)
        _add(-share, change, out)
        shares.append(share)
    if not steps:
        return np.asarray(out / np.float32(np.abs(gradient).sum()), np.float32)
    step, change, inverse = steps[-1]
    out *= np.float32(1 / (inverse * _dot(change, change)))
    for (step, change, inverse), share in zip(steps, reversed(shares), strict=True):
        _add(share - inverse * _dot(change, out), step, out)
    return out


def _add(factor: float, what: Floats, out: Floats) -> None:
    """Add a multiple in place: with so many weights, a copy takes longer than the sum."""
    saxpy(what.reshape(-1), out.reshape(-1), a=factor)


def _dot(left: Floats, right: Floats) -> float:
    return float(np.vdot(left, right))
