"""Figures of quality, computed from probabilities and true labels alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.metrics import cohen_kappa_score, f1_score, precision_recall_fscore_support

from training.config import BOUND
from triage.labeling.calibration import Probabilities
from triage.labeling.costs import Costs
from triage.labeling.decision import Thresholds, choose

BINS = 15
TARGETS = (0.80, 0.90, 0.95)
POINTS = 50
Report = dict[str, Any]
"""A JSON object; its shape is the one documented for ``--json``."""


def expected_calibration_error(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Average gap between confidence and accuracy over equal-width bins (Guo et al. 2017)."""
    if not len(confidence):
        return float("nan")
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def precision_bound(
    right: NDArray[np.number], count: NDArray[np.number], level: float
) -> NDArray[np.float64]:
    """Lower one-sided Clopper-Pearson bounds of precisions seen as ``right`` of ``count``."""
    bounds = beta.ppf(1 - level, np.maximum(right, 1), count - right + 1)
    return np.where(right > 0, bounds, 0.0)


def precision_cap(
    right: NDArray[np.number], count: NDArray[np.number], level: float
) -> NDArray[np.float64]:
    """Upper one-sided Clopper-Pearson bounds of precisions seen as ``right`` of ``count``."""
    return 1 - precision_bound(count - right, count, level)


def precision_curve(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], points: int = POINTS
) -> list[dict[str, float]]:
    """Trace precision against coverage while the cut falls, at most ``points`` points.

    Each point has ``cut`` (the least confidence answered), ``coverage`` and ``precision``, the
    one-sided 95 % Clopper-Pearson bounds ``low`` and ``high`` (contracts of suggestions are held to
    ``low``; both together are a two-sided 90 % interval) and ``n``, the rows answered. Points lie
    evenly over coverage; none parts rows of equal confidence.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, right = confidence[order], np.cumsum(correct[order].astype(np.int64))
    places = np.flatnonzero(np.append(np.diff(ranked) != 0, True)[: len(order)])
    wanted = np.linspace(0, len(order), points + 1)[1:] - 1
    at = np.unique(places[np.searchsorted(places, np.floor(wanted))]) if len(places) else places
    hits, count = right[at], at + 1
    columns = {
        "cut": ranked[at],
        "coverage": count / max(1, len(order)),
        "precision": hits / count,
        "low": precision_bound(hits, count, BOUND),
        "high": precision_cap(hits, count, BOUND),
    }
    return [
        {**{key: round(float(values[i]), 5) for key, values in columns.items()}, "n": int(count[i])}
        for i in range(len(at))
    ]


def mean_costs(
    costs: Costs, truth: NDArray[np.int64], columns: NDArray[np.int64], automated: NDArray[np.bool_]
) -> dict[str, float | None]:
    """Compute the mean cost per message: as decided, always by hand, and always automatic.

    A message that is not automated costs a person's work, whether a label is suggested or not; the
    first two are None where nobody said what that costs.

    Args:
        costs: The cost matrix.
        truth: True labels, -1 for one that the task does not have, shape ``(n,)``.
        columns: Labels given, shape ``(n,)``.
        automated: Whether they are given without a person, shape ``(n,)``.
    """
    paid, hand = costs.paid(truth, columns), costs.by_hand
    return {
        "decided": None if hand is None else float(np.where(automated, paid, hand).mean()),
        "by_hand": hand,
        "automatic": float(paid.mean()),
    }


def coverage_at(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], precision: float
) -> float:
    """Largest share of rows that can be answered, most confident first, at this precision."""
    order = np.argsort(-confidence, kind="stable")
    seen = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    last = np.append(np.diff(confidence[order]) != 0, True)
    kept = np.flatnonzero((seen >= precision) & last)
    return float((kept[-1] + 1) / len(order)) if len(kept) else 0.0


def measure(
    labels: Sequence[str],
    truth: Sequence[str],
    probabilities: Probabilities,
    thresholds: Thresholds,
    languages: Sequence[str],
    *,
    ordinal: bool = False,
    costs: Costs | None = None,
) -> Report:
    """Measure one task on rows that all answer it, by the label that would be served.

    Args:
        labels: Labels in the order of the columns.
        truth: True labels, ``n`` of them; one that the head does not know counts as an error.
        probabilities: Shape ``(n, labels)``.
        thresholds: Cuts that decide what would be automated.
        languages: Language code of each row.
        ordinal: Whether the labels have an order, so that kappa and error count steps.
        costs: The cost matrix; all mistakes cost the same where None.
    """
    top, confidence = choose(probabilities, costs)
    predicted = np.asarray(labels)[top]
    actual = np.asarray(truth)
    correct = predicted == actual
    matrix = costs or Costs(np.ones(len(labels)))
    rows = zip(predicted, confidence, languages, matrix.affordable(probabilities, top), strict=True)
    kinds = [thresholds.decide(*row[:3], affordable=bool(row[3])) for row in rows]
    automated = np.asarray([kind == "automate" for kind in kinds])
    place = {label: column for column, label in enumerate(labels)}
    known = np.asarray([place.get(label, -1) for label in truth], np.int64)
    return {
        **_basic(predicted, actual, confidence, correct),
        "brier": _brier(labels, actual, probabilities),
        "log_loss": _log_loss(labels, actual, probabilities),
        "quadratic_kappa": _kappa(labels, actual, predicted) if ordinal else None,
        "mean_absolute_error": _steps(known, top) if ordinal else None,
        "automate": {
            "precision": float(correct[automated].mean()) if automated.any() else None,
            "coverage": float(automated.mean()),
        },
        "cost": mean_costs(matrix, known, top, automated),
        "curve": precision_curve(confidence, correct),
        "per_label": _per_label(labels, actual, predicted),
        "per_language": {
            code: _basic(*(part[rows] for part in (predicted, actual, confidence, correct)))
            for code in sorted(set(languages))
            for rows in [np.asarray(languages) == code]
        },
    }


def _basic(
    predicted: NDArray[np.str_],
    actual: NDArray[np.str_],
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
) -> Report:
    present = sorted(set(actual))
    return {
        "n": len(actual),
        "accuracy": float(correct.mean()),
        "macro_f1": float(
            f1_score(actual, predicted, labels=present, average="macro", zero_division=0)
        ),
        "ece": expected_calibration_error(confidence, correct),
        "coverage_at_precision": {
            f"{target:.2f}": coverage_at(confidence, correct, target) for target in TARGETS
        },
    }


def _brier(labels: Sequence[str], actual: NDArray[np.str_], probabilities: Probabilities) -> float:
    hits = actual[:, None] == np.asarray(labels)[None, :]
    missed = ~hits.any(axis=1)
    return float((((probabilities - hits) ** 2).sum(axis=1) + missed).mean())


def _log_loss(
    labels: Sequence[str], actual: NDArray[np.str_], probabilities: Probabilities
) -> float:
    hits = actual[:, None] == np.asarray(labels)[None, :]
    given = np.where(hits.any(axis=1), (probabilities * hits).sum(axis=1), 0.0)
    return float(-np.log(np.clip(given, 1e-12, 1)).mean())


def _kappa(
    labels: Sequence[str], actual: NDArray[np.str_], predicted: NDArray[np.str_]
) -> float | None:
    rank = {label: i for i, label in enumerate(labels)}
    known = np.asarray([label in rank for label in actual])
    a, b = ([rank[label] for label in side[known]] for side in (actual, predicted))
    if len({*a, *b}) < 2:  # noqa: PLR2004 - kappa of one label is undefined
        return None
    return float(cohen_kappa_score(a, b, weights="quadratic"))


def _steps(truth: NDArray[np.int64], given: NDArray[np.int64]) -> float | None:
    """Average the steps between true and given label, over rows whose true label has a place."""
    placed = truth >= 0
    return float(np.abs(truth - given)[placed].mean()) if placed.any() else None


def _per_label(
    labels: Sequence[str], actual: NDArray[np.str_], predicted: NDArray[np.str_]
) -> Mapping[str, Mapping[str, float]]:
    names = list(labels)
    columns = precision_recall_fscore_support(actual, predicted, labels=names, zero_division=0)
    keys = ("precision", "recall", "f1", "support")
    return {
        name: {key: float(columns[k][i]) for k, key in enumerate(keys)}
        for i, name in enumerate(names)
    }
