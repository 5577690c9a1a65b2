"""Curves of one task: reliability, precision against coverage, and learning."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from training.datasets import Examples
from training.design import Design
from training.fit import FittedHead, refit
from training.metrics import BINS, expected_calibration_error
from training.report.intervals import interval, rounded, wilson
from training.report.subject import Answers, Json, Subject, Training
from training.split import cluster
from triage.encoders.base import Vectors
from triage.labeling.decision import Thresholds, choose
from triage.labeling.heads import HeadStack

POINTS = 160
"""Points kept of a precision/coverage curve."""
SHARES = (0.1, 0.2, 0.4, 0.7)
"""Shares of the training rows that the learning curve is fitted on; the bundle is its end."""
DRAWS = 200
"""Draws of a perfectly calibrated labeller of the same confidences."""
CLEAR, SLIGHT = 1.0, 0.3
"""Points of accuracy for twice the rows above which more labels help clearly, or a little."""
WIDE = 0.1
"""Width of the interval of the accuracy above which a slope of the curve may be chance alone."""
TAIL = 3
"""Points of the curve whose slope is taken on: what few rows gained says nothing of the next."""


def reliability(answers: Answers) -> Json:
    """Compare confidence with accuracy in equal-width bins, and say what chance alone would do."""
    which = np.minimum((answers.confidence * BINS).astype(int), BINS - 1)
    bins = []
    for number in range(BINS):
        rows = which == number
        count = int(rows.sum())
        right = int(answers.correct[rows].sum())
        bins.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "n": count,
                "confidence": float(answers.confidence[rows].mean()) if count else None,
                "accuracy": right / count if count else None,
                "interval": interval(right, count) if count else None,
            }
        )
    drawn = np.random.default_rng(0).random((DRAWS, len(answers.confidence)))
    chance = [
        expected_calibration_error(answers.confidence, row) for row in drawn < answers.confidence
    ]
    return {
        "bins": bins,
        "ece": expected_calibration_error(answers.confidence, answers.correct),
        "ece_of_chance": float(np.quantile(chance, 0.95)),
    }


def coverage(answers: Answers, cuts: Thresholds) -> Json:
    """Follow precision while ever less sure rows are answered, with a pointwise 95 % band."""
    order = np.argsort(-answers.confidence, kind="stable")
    right = np.cumsum(answers.correct[order]).astype(np.float64)
    seen = np.arange(1, len(order) + 1).astype(np.float64)
    low, high = wilson(right, seen)
    kept = _thinned(answers.confidence[order])
    marks = {"automate": cuts.automate_at, "suggest": cuts.suggest_at}
    return {
        "coverage": rounded(seen[kept] / len(order)),
        "precision": rounded(right[kept] / seen[kept]),
        "low": rounded(low[kept]),
        "high": rounded(high[kept]),
        "confidence": rounded(answers.confidence[order][kept]),
        "cuts": [
            _cut(answers, name, at) for name, at in marks.items() if at is not None and at <= 1
        ],
    }


def _thinned(ranked: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose places that end no tie early, evenly by coverage."""
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    if len(last) <= POINTS:
        return np.asarray(last, np.int64)
    return np.unique(last[np.linspace(0, len(last) - 1, POINTS).astype(int)]).astype(np.int64)


def _cut(answers: Answers, name: str, at: float) -> Json:
    above = answers.confidence >= at
    count, right = int(above.sum()), int(answers.correct[above].sum())
    return {
        "name": name,
        "confidence": at,
        "coverage": count / len(above),
        "precision": right / count if count else None,
        "interval": interval(right, count),
    }


def learning(subject: Subject, training: Training, item: FittedHead) -> Json:
    """Fit the chosen candidate on growing shares of the training rows, clusters whole.

    Every fit is scored on the rows of the report. The last point is the head of the bundle.
    """
    task = item.head.task
    parts = _shares(training.train, item, training.seed)
    answers = subject.answers(task)
    texts = [subject.examples.texts[i] for i in answers.rows]
    scored = _Scored(subject.vectors[answers.rows], texts, answers.truth)
    with threadpool_limits(1):
        heads = Parallel(n_jobs=training.jobs, prefer="threads")(
            delayed(_learned)(scored, training.train, training.matrices, item, rows)
            for rows in reversed(
                parts
            )  # the longest first, so that no core waits for it at the end
        )[::-1]
    points = [{"rows": len(rows), **figures} for rows, figures in zip(parts, heads, strict=True)]
    points.append({"rows": len(item.rows), **_figures(answers.truth, answers.given)})
    low, high = points[-1]["interval"]
    gain = _gain(points) if high - low <= WIDE else None
    return {"points": points, "gain_of_twice": gain, "sentence": _told(gain)}


def _shares(train: Examples, item: FittedHead, seed: int) -> list[NDArray[np.int64]]:
    """Draw nested shares of the rows, each row with its whole cluster."""
    numbers = cluster(train)[item.rows]
    order = np.random.default_rng(seed).permutation(int(numbers.max()) + 1)
    place = np.argsort(order[numbers], kind="stable")
    sorted_rows, sorted_clusters = item.rows[place], numbers[place]
    ends = np.flatnonzero(np.append(np.diff(sorted_clusters) != 0, True)) + 1
    cuts = {int(ends[np.searchsorted(ends, share * len(place))]) for share in SHARES}
    return [np.sort(sorted_rows[:cut]) for cut in sorted(cuts) if cut < len(place)]


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Rows that fits are scored on: vectors ``(m, dim)``, texts and true labels."""

    vectors: Vectors
    texts: Sequence[str]
    truth: NDArray[np.str_]


def _learned(
    scored: _Scored, train: Examples, matrices: Design, item: FittedHead, rows: NDArray[np.int64]
) -> Json:
    head = refit(item, train, matrices, rows)
    scores = HeadStack([head], matrices.ngrams).scores(scored.vectors, scored.texts)[head.task]
    top, _ = choose(np.asarray(scores, np.float64))
    return _figures(scored.truth, np.asarray(head.labels)[top])


def _figures(truth: NDArray[np.str_], given: NDArray[np.str_]) -> Json:
    right = int((truth == given).sum())
    macro = f1_score(truth, given, labels=sorted(set(truth)), average="macro", zero_division=0)
    return {
        "accuracy": right / len(truth),
        "interval": interval(right, len(truth)),
        "macro_f1": float(macro),
    }


def _gain(points: Sequence[Json]) -> float | None:
    """Take the slope of the last points on: accuracy, in points, for twice the rows."""
    if len(points) < TAIL:
        return None
    last = points[-TAIL:]
    steps = np.log2([point["rows"] for point in last])
    return float(np.polyfit(steps, [point["accuracy"] * 100 for point in last], 1)[0])


def _told(gain: float | None) -> str:
    if gain is None:
        return "There are too few rows to tell whether more labels would help."
    if gain >= CLEAR:
        return (
            f"More labels would help: twice the labelled messages would add about {gain:.1f} "
            "points of accuracy if the curve goes on as it does."
        )
    if gain >= SLIGHT:
        return (
            f"More labels would help a little: twice the labelled messages would add about "
            f"{gain:.1f} points of accuracy; correcting doubtful labels may give as much."
        )
    return (
        "More labels of this kind would hardly help: the curve is flat. Clearer label definitions "
        "and corrected labels promise more."
    )
