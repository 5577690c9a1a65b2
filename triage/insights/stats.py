"""The few statistics that the insights stand on."""

from collections.abc import Sequence
from math import exp, lgamma, log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""
SMALLEST = 1e-300
_ENOUGH = 1e-12
_MOST_TERMS = 100_000


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927); 0 to 1 where nothing is known.

    It stays within 0 and 1 and is honest for a handful of cases, where the share itself is not: one
    rejection of one is no rate of 100 %.
    """
    if count == 0:
        return 0.0, 1.0
    share, square = hits / count, Z95 * Z95
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = sqrt(share * (1 - share) / count + square / (4 * count * count)) * Z95
    half /= 1 + square / count
    # At the ends the bound is exact; rounding must not move it past them.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == count else min(1.0, middle + half)


def apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether the first share is surely the lower one: the intervals do not touch.

    Args:
        one: Hits and count.
        other: The same of what it is compared with.
    """
    return wilson(*one)[1] < wilson(*other)[0]


def exceeds(seen: int, mean: float, dispersion: float) -> float:
    """Return the chance of at least ``seen`` events where ``mean`` are usual.

    A negative binomial with variance ``mean + dispersion * mean ** 2``; with a dispersion of 0 it
    is a Poisson. Summed from ``seen`` upwards, so that tiny chances keep their digits.
    """
    if seen <= 0:
        return 1.0
    if mean <= 0:
        return SMALLEST
    if seen <= mean:
        # Nobody asks for the exact chance of what is not even unusual.
        return 1.0
    if dispersion > _ENOUGH:
        size = 1 / dispersion
        step = mean / (size + mean)
        first = lgamma(seen + size) - lgamma(size) - lgamma(seen + 1)
        first += -size * log1p(mean / size) + seen * log(step)
    else:
        size, step = 0.0, 0.0
        first = seen * log(mean) - mean - lgamma(seen + 1)
    term, total = 1.0, 1.0
    for k in range(seen, seen + _MOST_TERMS):
        term *= (k + size) / (k + 1) * step if step else mean / (k + 1)
        total += term
        if term < _ENOUGH * total:
            break
    return min(1.0, max(SMALLEST, exp(max(-690.0, first)) * total))


def false_discovery(chances: Sequence[float] | Floats) -> Floats:
    """Adjust chances for how many were looked at (Benjamini & Hochberg 1995), shape ``(n,)``.

    Whoever reports those at or below a level is wrong in at most that share of the reports, and
    where nothing at all happens, reports anything with at most that chance.
    """
    given = np.asarray(chances, np.float64)
    if not len(given):
        return given
    order = np.argsort(given, kind="stable")
    ranked = given[order] * len(given) / np.arange(1, len(given) + 1)
    adjusted = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    out = np.empty_like(adjusted)
    out[order] = adjusted
    return out


def overdispersion(seen: Floats, usual: Floats) -> Floats:
    """Estimate by moments how much counts vary beyond chance, shape ``(n_topics,)``.

    Args:
        seen: Counts by topic and day, shape ``(n_topics, n_days)``.
        usual: What was expected, same shape.

    Returns:
        For each topic the greater of its own estimate and that of all topics together, so that a
        topic that was calm by luck alarms no sooner than others.
    """
    square = (usual**2).sum(axis=1)
    excess = ((seen - usual) ** 2 - usual).sum(axis=1)
    if not square.sum() > 0:
        return np.zeros(len(seen))
    pooled = max(0.0, excess.sum() / square.sum())
    own = np.divide(excess, square, out=np.zeros_like(excess), where=square > 0)
    return np.asarray(np.maximum(own, pooled), np.float64)
