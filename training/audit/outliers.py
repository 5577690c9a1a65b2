"""Outliers: messages that lie far from everything else of their language."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.audit.neighbours import Neighbours

CLOSEST = 5
"""Neighbours that a distance is averaged over; one alone would be fooled by a pair of outliers."""
CUT = 3.5
"""Modified z-score above which a row is an outlier (Iglewicz and Hoaglin 1993)."""
LEAST_ROWS = 50
"""With fewer, nobody can say what is far; a language of its own needs as many."""
TO_SIGMA = 0.6745


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """Rows that lie apart.

    Args:
        flags: Shape ``(n,)``.
        score: From 0, far from all, to 1, amid its like; 0.5 at the median, shape ``(n,)``.
        nearest: Cosine distance to the nearest other row, shape ``(n,)``.
    """

    flags: NDArray[np.bool_]
    score: NDArray[np.float64]
    nearest: NDArray[np.float64]


def find_outliers(
    near: Neighbours, number: NDArray[np.int64], languages: Sequence[str]
) -> Outliers:
    """Find rows whose distance to their nearest neighbours is far above what is usual.

    The usual is the median of the row's language, and the spread its median deviation, both on a
    logarithmic scale because distances are skewed. Copies of a wording lie at distance 0.

    Args:
        near: Neighbours among the wordings, ``m`` of them.
        number: Wording of each row, shape ``(n,)``.
        languages: Language code of each row.
    """
    copies = np.bincount(number, minlength=len(near.rows))
    apart = np.asarray(
        [_mean(row, int(count)) for row, count in zip(near.distances, copies, strict=True)]
    )[number]
    closest = near.distances[:, 0] if near.distances.shape[1] else np.full(len(near.rows), np.inf)
    flags, score = np.zeros(len(number), bool), np.ones(len(number))
    if len(number) >= LEAST_ROWS:
        logs = np.log(np.maximum(apart, 1e-6))
        for rows in _crowds(languages):
            flags[rows], score[rows] = _judge(logs, rows)
    return Outliers(flags, score, np.where(copies[number] > 1, 0.0, closest[number]))


def _mean(distances: NDArray[np.float64], copies: int) -> float:
    known = np.append(np.zeros(copies - 1), distances[np.isfinite(distances)])[:CLOSEST]
    return float(known.mean()) if len(known) else 1.0


def _crowds(languages: Sequence[str]) -> list[NDArray[np.int64]]:
    """Part rows by language; languages of few rows are judged by all rows together."""
    codes = np.asarray(languages)
    names, counts = np.unique(codes, return_counts=True)
    large = names[counts >= LEAST_ROWS]
    crowds = [np.flatnonzero(codes == name) for name in large]
    rest = np.flatnonzero(~np.isin(codes, large))
    return [*crowds, rest] if len(rest) else crowds


def _judge(
    logs: NDArray[np.float64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    crowd = logs[rows] if len(rows) >= LEAST_ROWS else logs
    middle = float(np.median(crowd))
    spread = float(np.median(np.abs(crowd - middle)))
    above = logs[rows] - middle
    flags = TO_SIGMA * above > CUT * max(spread, 1e-6)
    return flags, np.exp2(-np.exp(np.clip(above, -50, 50)))
