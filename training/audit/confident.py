"""Confident learning: which given labels are likely wrong (Northcutt et al. 2021)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.labeling.calibration import Probabilities

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """What confident learning says of the given labels of one task.

    Args:
        suspect: Rows whose given label is likely wrong, shape ``(n,)``.
        suggested: Column of the label that the row more likely has, shape ``(n,)``.
        score: Quality of the given label from 0 to 1, the lowest first to look at, shape ``(n,)``.
        thresholds: Mean self-confidence of each label, ``inf`` for one that is not audited,
            shape ``(labels,)``.
        joint: Share of rows by given and likely true label, sums to 1, shape ``(labels, labels)``.
    """

    suspect: Flags
    suggested: Ints
    score: Floats
    thresholds: Floats
    joint: Floats


def find_doubts(probabilities: Probabilities, given: Ints, audited: Flags) -> Doubts:
    """Count the doubtful rows by the confident joint, and take those of the worst labels.

    A row counts for a label when the label's probability reaches the label's threshold: the mean
    probability of the label over the rows that carry it. So a label that the model is never sure
    of is held to no higher bar than it can reach. The rows that count for another label than their
    own say how many labels are wrong (Northcutt et al. 2021, arXiv 1911.00068, section 3.1). Which
    ones is said by the score: the given label's probability against its strongest rival's. On
    planted errors it found more of them than the off-diagonal rows themselves, self-confidence or
    the margin did (see the README).

    Args:
        probabilities: Calibrated, of rows that the model has not seen, shape ``(n, labels)``.
        given: Column of the given label, shape ``(n,)``.
        audited: Labels with enough rows to be audited, shape ``(labels,)``; rows of the others are
            never suspect, and the others are never suggested.
    """
    rows = np.arange(len(given))
    thresholds = _thresholds(probabilities, given, audited)
    counted = np.where(probabilities >= thresholds - 1e-9, probabilities, -1.0)
    likely = counted.argmax(axis=1)
    sure = (counted[rows, likely] >= 0) & audited[given]
    rivals = np.where(audited, probabilities, 0.0)
    rivals[rows, given] = -1.0
    rival = rivals.argmax(axis=1)
    own, other = probabilities[rows, given], np.maximum(rivals[rows, rival], 0.0)
    score = own / np.maximum(own + other, 1e-12)
    doubtful = audited[given] & (other > own)
    wrong = int((sure & doubtful & (likely != given)).sum())
    order = np.flatnonzero(doubtful)[np.argsort(score[doubtful], kind="stable")]
    suspect = np.zeros(len(given), bool)
    suspect[order[:wrong]] = True
    return Doubts(
        suspect=suspect,
        suggested=np.where(doubtful, rival, given).astype(np.int64),
        score=np.where(audited[given], score, 1.0),
        thresholds=thresholds,
        joint=_joint(likely, given, sure, audited),
    )


def _thresholds(probabilities: Probabilities, given: Ints, audited: Flags) -> Floats:
    out = np.full(probabilities.shape[1], np.inf)
    for column in np.flatnonzero(audited):
        out[column] = probabilities[given == column, column].mean()
    return out


def _joint(likely: Ints, given: Ints, sure: Flags, audited: Flags) -> Floats:
    """Scale the counts so that each given label keeps its share of the rows (equation 3)."""
    labels = len(audited)
    counts = np.zeros((labels, labels))
    np.add.at(counts, (given[sure], likely[sure]), 1.0)
    # A label none of whose rows counts for anything is taken at its word.
    blank = np.flatnonzero(audited & (counts.sum(axis=1) == 0))
    counts[blank, blank] = 1.0
    rows = np.where(audited, np.bincount(given, minlength=labels), 0)
    scaled = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * rows[:, None]
    total = scaled.sum()
    return np.asarray(scaled / total if total else scaled)
