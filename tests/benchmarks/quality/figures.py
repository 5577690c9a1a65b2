"""Figures of cells: quality, calibration against chance, and paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.metrics import expected_calibration_error

RESAMPLES, SEED = 2000, 0
LEVEL = 0.95
LARGE, LARGE_BOUND = 2000, 0.015
"""From so many test rows on, calibration is asked to be within a fixed bound."""
Record = dict[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """One system on one set, the mean over draws.

    Attributes:
        accuracy: Share of right top labels.
        spread: Standard deviation of the accuracy over draws; None of a single one.
        macro_f1: Mean F1 of the labels that the test part has.
        ece: Calibration error, 15 bins; None without probabilities.
        chance: 95th percentile of the calibration error of perfectly calibrated confidences of this
            size, the mean over draws; None without probabilities.
        train: Processor seconds of training.
        predict: Processor milliseconds to label one message.
        auroc: Name of a score to how well it tells what is out of scope.
    """

    accuracy: float
    spread: float | None
    macro_f1: float
    ece: float | None
    chance: float | None
    train: float
    predict: float
    auroc: dict[str, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Say where the first system stands."""
        if self.low > 0:
            return "ahead"
        return "behind" if self.high < 0 else "within noise"


def figures(records: Sequence[Record]) -> Figures:
    """Compute the figures of one system from its draws."""
    right = [float(_right(record).mean()) for record in records]
    several = len(records) > 1
    calibration = [_calibration(record) for record in records if "confidence" in record["scores"]]
    known = calibration if len(calibration) == len(records) else []
    return Figures(
        accuracy=float(np.mean(right)),
        spread=float(np.std(right, ddof=1)) if several else None,
        macro_f1=float(np.mean([_Counts(record).macro_f1() for record in records])),
        ece=float(np.mean([ece for ece, _ in known])) if known else None,
        chance=float(np.mean([chance for _, chance in known])) if known else None,
        train=float(np.mean([record["seconds"]["train_cpu"] for record in records])),
        predict=float(np.mean([record["predict_ms"]["cpu"] for record in records])),
        auroc=_auroc(records[0]) if records[0]["outside"] else {},
    )


def differences(ours: Sequence[Record], theirs: Sequence[Record]) -> tuple[Difference, Difference]:
    """Compare two systems on the same draws, in accuracy and in macro-F1.

    Test rows are drawn anew, and draws of training rows where there are several; both systems get
    the same ones each time.
    """
    pairs = [(_Counts(one), _Counts(other)) for one, other in zip(ours, theirs, strict=True)]
    rows = len(pairs[0][0].truth)
    random = np.random.default_rng(SEED)
    found = np.empty((RESAMPLES, 2))
    for number in range(RESAMPLES):
        weights = np.bincount(random.integers(rows, size=rows), minlength=rows).astype(float)
        chosen = random.integers(len(pairs), size=len(pairs))
        found[number] = np.mean([_gap(pairs[i], weights) for i in chosen], axis=0)
    whole = np.mean([_gap(pair, np.ones(rows)) for pair in pairs], axis=0)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    accuracy, macro = (Difference(float(whole[i]), float(low[i]), float(high[i])) for i in range(2))
    return accuracy, macro


def chance_ece(given: Sequence[float], rounds: int = 500) -> float:
    """Compute the 95th percentile of the error that chance alone gives these confidences."""
    random, confidence = np.random.default_rng(SEED), np.asarray(given, float)
    found = [
        expected_calibration_error(confidence, random.random(len(confidence)) < confidence)
        for _ in range(rounds)
    ]
    return float(np.quantile(found, LEVEL))


class _Counts:
    """Labels as numbers, ready to be weighted."""

    def __init__(self, record: Record) -> None:
        names = sorted({*record["truth"], *record["labels"]})
        rank = {name: number for number, name in enumerate(names)}
        self.size = len(names)
        self.truth = np.asarray([rank[name] for name in record["truth"]])
        self.given = np.asarray([rank[name] for name in record["labels"]])
        self.right = self.truth == self.given
        self.present = np.unique(self.truth)

    def accuracy(self, weights: Floats) -> float:
        """Weigh the right rows."""
        return float(weights[self.right].sum() / weights.sum())

    def macro_f1(self, weights: Floats | None = None) -> float:
        """Average F1 over the labels of the test part; one that a resample lacks counts nothing."""
        weights = np.ones(len(self.truth)) if weights is None else weights
        hits = np.bincount(self.truth, weights * self.right, self.size)
        both = np.bincount(self.truth, weights, self.size) + np.bincount(
            self.given, weights, self.size
        )
        seen = self.present[both[self.present] > 0]
        return float((2 * hits[seen] / both[seen]).mean())


def _gap(pair: tuple[_Counts, _Counts], weights: Floats) -> tuple[float, float]:
    one, other = pair
    return (
        one.accuracy(weights) - other.accuracy(weights),
        one.macro_f1(weights) - other.macro_f1(weights),
    )


def _right(record: Record) -> NDArray[np.bool_]:
    return np.asarray(np.asarray(record["labels"]) == np.asarray(record["truth"]), bool)


def _calibration(record: Record) -> tuple[float, float]:
    confidence = np.asarray(record["scores"]["confidence"], float)
    return expected_calibration_error(confidence, _right(record)), chance_ece(
        record["scores"]["confidence"]
    )


def _auroc(record: Record) -> dict[str, float]:
    """Measure how well each score tells the test rows from those out of scope."""
    found = {}
    for name, outside in record["outside"].items():
        inside = record["scores"][name]
        truth = [1] * len(inside) + [0] * len(outside)
        found[name] = float(roc_auc_score(truth, [*inside, *outside]))
    return found
