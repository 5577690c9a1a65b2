"""Whether the world has moved: calibration and label shares of a period against what was known."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.metrics import BINS, Report, expected_calibration_error

RESAMPLES = 1_000
LEVEL = 0.95
SURE = 0.99
"""Level of the bound that a warning needs: at 95 % one quiet period in twenty would raise one."""
CHUNK = 2_000_000
"""Most numbers of a resampled table held at once."""
SHIFT = 0.10
DEVIATIONS = 3.0
"""A label's share has moved when it differs by this much, and by so many standard errors."""

Floats = NDArray[np.float64]


def calibration(confidence: Floats, correct: NDArray[np.bool_], seed: int = 0) -> Report:
    """Measure calibration on the rows of one period, with what chance alone could do.

    Args:
        confidence: Of the label given, shape ``(n,)``.
        correct: Whether it is right, shape ``(n,)``.
        seed: Of the resampling.

    Returns:
        ``ece_interval`` is a percentile interval of the Poisson bootstrap (Oza & Russell 2001).
        ``ece_by_chance`` is what a perfectly calibrated model stays below 99 times in 100 at this
        number of rows: few rows alone make an ECE look large. ``slipped`` says that the ECE is
        above it.
    """
    ece = expected_calibration_error(confidence, correct)
    spread = _resampled(confidence, correct, seed)
    bound = float(np.quantile(_by_chance(confidence, seed), SURE))
    tail = (1 - LEVEL) / 2
    return {
        "mean_confidence": float(confidence.mean()),
        "accuracy": float(correct.mean()),
        "ece": ece,
        "ece_interval": [float(np.quantile(spread, q)) for q in (tail, 1 - tail)],
        "ece_by_chance": bound,
        "slipped": bool(ece > bound),
    }


def moved(shares: Mapping[str, float], count: int, before: Mapping[str, int]) -> dict[str, float]:
    """Find labels whose share is another than before: label to its earlier share.

    Args:
        shares: Label to its share of the period.
        count: Rows of the period.
        before: Label to its number of older rows.
    """
    older = sum(before.values())
    out = {}
    for label in sorted({*shares, *before}) if older else ():
        now, then = shares.get(label, 0.0), before.get(label, 0) / older
        pooled = (now * count + before.get(label, 0)) / (count + older)
        error = np.sqrt(pooled * (1 - pooled) * (1 / count + 1 / older))
        if abs(now - then) >= SHIFT and abs(now - then) > DEVIATIONS * error:
            out[label] = then
    return out


def _bins(confidence: Floats) -> Floats:
    """Mark the bin of each row, shape ``(n, BINS)``."""
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return np.asarray(np.eye(BINS)[which])


def _resampled(confidence: Floats, correct: NDArray[np.bool_], seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    gaps = _bins(confidence) * (correct - confidence)[:, None]
    out = []
    for size in _sizes(len(confidence)):
        weights = generator.poisson(1.0, (size, len(confidence))).astype(np.float64)
        total = np.maximum(weights.sum(axis=1), 1)
        out.append(np.abs(weights @ gaps).sum(axis=1) / total)
    return np.concatenate(out)


def _by_chance(confidence: Floats, seed: int) -> Floats:
    """Draw outcomes of a perfectly calibrated model; return the ECE of each draw."""
    generator = np.random.default_rng(seed)
    bins = _bins(confidence)
    out = []
    for size in _sizes(len(confidence)):
        drawn = generator.random((size, len(confidence))) < confidence
        out.append(np.abs((drawn - confidence) @ bins).sum(axis=1) / len(confidence))
    return np.concatenate(out)


def _sizes(rows: int) -> list[int]:
    most = max(1, CHUNK // rows)
    return [min(most, RESAMPLES - done) for done in range(0, RESAMPLES, most)]
