"""Turn out-of-fold scores into temperatures, thresholds and the scope of a bundle."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.cluster import MiniBatchKMeans

from training.config import BOUND, Precision
from training.metrics import precision_bound
from triage.encoders.base import Vectors
from triage.errors import GateError
from triage.labeling.calibration import softmax
from triage.labeling.decision import Scope, Thresholds
from triage.labeling.heads import Floats

NEVER = 1.01
"""A cut above every confidence."""
LANGUAGE_ROWS = 200
LANGUAGE_BOUND = 0.8
"""Rows that a language needs for a say in the cuts, and the level of the bound on its own rows."""
CENTROIDS = 128
ROWS_PER_CENTROID = 20
"""With fewer, centroids sit on single messages and every new message looks far away."""
OUTSIDE_SHARE = 0.0025
"""Share of the training messages that may count as out of scope; the guard refuses most such mail,
and each refusal of a real request costs more than it saves."""
TEMPERATURES = (0.05, 20.0)


def fit_temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """Find the temperature of least log loss on out-of-fold scores (Guo et al. 2017).

    Args:
        scores: Shape ``(n, labels)``.
        truth: Column of the true label, shape ``(n,)``.
    """

    def loss(log_temperature: float) -> float:
        given = softmax(scores, float(np.exp(log_temperature)))[np.arange(len(truth)), truth]
        return float(-np.log(np.clip(given, 1e-12, 1)).mean())

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded")
    return float(np.exp(found.x))


def threshold(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    precision: float,
    level: float = BOUND,
) -> float | None:
    """Find the lowest cut whose precision is surely high enough, or None.

    Surely: the one-sided Clopper-Pearson bound on the rows above the cut. The cut stands halfway to
    the next confidence below, so that it is not tied to one row.

    Args:
        confidence: Of the chosen label, shape ``(n,)``.
        correct: Whether it is right, shape ``(n,)``.
        precision: What the rows above the cut must keep.
        level: Level of the bound.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, right = confidence[order], np.cumsum(correct[order].astype(np.int64))
    last = np.append(np.diff(ranked) != 0, True)
    bounds = precision_bound(right, np.arange(1, len(order) + 1), level)
    enough = np.flatnonzero(last & (bounds >= precision))
    if not len(enough):
        return None
    at = int(enough[-1])
    below = ranked[at + 1] if at + 1 < len(ranked) else 0.0
    return float((ranked[at] + below) / 2)


def fit_thresholds(
    task: str,
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    precision: Precision,
    languages: Sequence[str] = (),
) -> Thresholds:
    """Set both cuts of a task from its calibration rows.

    The cut of automatic decisions also holds in each language with ``LANGUAGE_ROWS`` rows: one that
    holds on average alone would let a weaker language break the promise.

    Args:
        task: Name of the task.
        confidence: Of the chosen label, shape ``(n,)``.
        correct: Whether it is right, shape ``(n,)``.
        precision: What must be kept.
        languages: Code of each row; empty where one cut for all is meant.

    Raises:
        GateError: When a contract that somebody asked for cannot be kept.
    """
    suggest = threshold(confidence, correct, precision.suggest)
    automate = threshold(confidence, correct, precision.of(task))
    if automate is not None:
        automate = max(
            [automate, *_of_languages(confidence, correct, precision.of(task), languages)]
        )
    if automate is None and task in precision.automate_of:
        more = more_rows(confidence, correct, precision.of(task))
        labels = f"About {more} more labels, cleaner" if more else "Cleaner"
        raise GateError(
            f"Task {task}: no threshold keeps a precision of {precision.of(task):.2f} on "
            f"{len(correct)} calibration rows.",
            fix=f"{labels} labels, or a lower precision may do.",
        )
    return Thresholds(NEVER if suggest is None else suggest, automate)


def _of_languages(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    precision: float,
    languages: Sequence[str],
) -> list[float]:
    """Find the cut of each language with enough rows; one that can keep no cut is left out."""
    codes = np.asarray(languages)
    cuts = [
        threshold(confidence[codes == code], correct[codes == code], precision, LANGUAGE_BOUND)
        for code in sorted(set(languages))
        if (codes == code).sum() >= LANGUAGE_ROWS
    ]
    return [cut for cut in cuts if cut is not None]


def more_rows(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], precision: float
) -> int | None:
    """Estimate how many more calibration rows a threshold for this precision takes.

    Takes the rows as they are, repeated; None when even many more of the same would not do.
    """
    right = np.cumsum(correct[np.argsort(-confidence, kind="stable")].astype(np.int64))
    sizes = np.arange(1, len(right) + 1)
    for factor in (2, 3, 5, 8, 13, 21, 34):
        if (precision_bound(right * factor, sizes * factor, BOUND) >= precision).any():
            return len(right) * (factor - 1)
    return None


def fit_scope(vectors: Vectors, seed: int) -> Vectors:
    """Find centroids of the training messages, unit rows of shape ``(k, dim)``."""
    count = min(CENTROIDS, max(1, len(vectors) // ROWS_PER_CENTROID))
    model = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=2048)
    centroids = model.fit(vectors).cluster_centers_.astype(np.float32)
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    return np.asarray(centroids / np.maximum(norms, 1e-9), np.float32)


def scope_of(centroids: Vectors, vectors: Vectors) -> Scope:
    """Set the least cosine so that a small share of the training messages falls outside."""
    nearest = (vectors @ centroids.T).max(axis=1)
    return Scope(centroids, float(np.quantile(nearest, OUTSIDE_SHARE)))
