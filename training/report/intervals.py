"""Intervals of shares, so that no figure of a report stands without what it may be off by."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(right: Floats, count: Floats) -> tuple[Floats, Floats]:
    """Compute 95 % Wilson score intervals (Wilson 1927) of shares; 0 to 1 where nothing was seen.

    Args:
        right: Successes, any shape.
        count: Trials, same shape.

    Returns:
        Lower and upper bounds of that shape.
    """
    n = np.maximum(count, 1e-12)
    share = right / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(count > 0, low, 0.0), np.where(count > 0, high, 1.0)


def share(right: float, count: float) -> dict[str, object]:
    """Describe a share with its interval; the value is None where nothing was seen."""
    value = float(right) / float(count) if count else None
    return {"value": value, "interval": interval(right, count), "n": int(count)}


def interval(right: float, count: float) -> list[float]:
    """Compute the 95 % Wilson interval of one share."""
    low, high = wilson(np.asarray(float(right)), np.asarray(float(count)))
    return [float(low), float(high)]


def f1_interval(hits: float, given: float, actual: float) -> list[float]:
    """Compute a 95 % interval of an F1 score.

    Hits among all rows that carry the label or were given it are a share, the Jaccard index J, so
    its Wilson interval carries over to F1 = 2J / (1 + J), which rises with J.

    Args:
        hits: Rows that carry the label and were given it.
        given: Rows that were given it.
        actual: Rows that carry it.
    """
    return [2 * bound / (1 + bound) for bound in interval(hits, given + actual - hits)]


def rounded(values: Sequence[float] | Floats, digits: int = 5) -> list[float]:
    """Round numbers for a file."""
    return [round(float(value), digits) for value in values]
