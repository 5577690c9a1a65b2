"""Groups of messages that are labelled clearly worse than the others."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, fisher_exact
from sklearn.cluster import MiniBatchKMeans

from triage.encoders.base import Vectors

LEAST_ROWS = 30
"""Rows that a group, and the rest beside it, need: with fewer, the interval spans all there is."""
GAP = 0.05
"""Least difference of accuracy that is worth a line, however sure it is."""
LEVEL = 0.05
"""Chance of any false alarm among all groups looked at."""
MOST_VALUES = 50
"""Values of a column beyond which it names rows rather than groups."""
CLUSTER_ROWS, MOST_CLUSTERS = 100, 40
LENGTHS = ((40, "up to 40"), (120, "41 to 120"), (400, "121 to 400"), (1500, "401 to 1500"))
_WORD = re.compile(r"[^\W\d_]{3,}")
WORDS, WORD_ROWS = 3, 5
"""Words that name a cluster, each in at least so many of its messages."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group that does worse.

    Args:
        task: The task.
        name: Such as ``language=da``.
        count: Rows of the group that answer the task.
        accuracy: Share of them where the out-of-fold label is the given one.
        interval: Its 95 % Clopper-Pearson interval.
        others: Accuracy of all other rows.
        p: One-sided Fisher test, corrected by Holm for all groups looked at.
        rows: Their positions.
    """

    task: str
    name: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    others: float
    p: float
    rows: NDArray[np.int64]

    @property
    def score(self) -> float:
        """Accuracy of the group in parts of the others'."""
        return min(1.0, self.accuracy / self.others) if self.others else 1.0


def find_groups(
    correct: Mapping[str, NDArray[np.float64]], kinds: Mapping[str, Sequence[str]]
) -> tuple[list[Group], int]:
    """Compare the accuracy of every group with that of all other rows.

    Args:
        correct: Task to 1, 0 or nan where a row has no score, each of shape ``(n,)``.
        kinds: Name of a division to the value of each row; ``""`` is in no group.

    Returns:
        The groups that do surely worse, worst first, and how many were looked at.
    """
    seen = [
        group
        for task, hits in correct.items()
        for kind, values in kinds.items()
        for group in _compare(task, hits, kind, np.asarray(values, dtype=object))
    ]
    order = sorted(range(len(seen)), key=lambda i: seen[i].p)
    worse, highest = [], 0.0
    for rank, i in enumerate(order):
        # Holm (1979): the smallest of m chances is multiplied by m, the next by m - 1, ...
        highest = max(highest, min(1.0, seen[i].p * (len(seen) - rank)))
        if highest < LEVEL and seen[i].others - seen[i].accuracy >= GAP:
            group = seen[i]
            worse.append(
                Group(
                    group.task, group.name, group.count, group.accuracy,
                    group.interval, group.others, highest, group.rows,
                )
            )  # fmt: skip
    return sorted(worse, key=lambda group: (group.score, group.name)), len(seen)


def lengths(texts: Sequence[str]) -> list[str]:
    """Name the length class of each text, in characters."""
    return [
        next((name for most, name in LENGTHS if len(text) <= most), "over 1500") for text in texts
    ]


def clusters(
    vectors: Vectors, texts: Sequence[str], numbers: Sequence[int], seed: int
) -> list[str]:
    """Name the cluster of each row by its middle row and the words that set it apart."""
    count = min(MOST_CLUSTERS, len(vectors) // CLUSTER_ROWS)
    if count < 2:  # noqa: PLR2004 - one cluster is everything
        return [""] * len(vectors)
    model = MiniBatchKMeans(count, n_init=3, random_state=seed, batch_size=4096)
    home = model.fit_predict(vectors)
    words = [frozenset(_WORD.findall(text.casefold())) for text in texts]
    overall = Counter(word for found in words for word in found)
    names = {}
    for cell in range(count):
        rows = np.flatnonzero(home == cell)
        if len(rows):
            middle = rows[(vectors[rows] @ model.cluster_centers_[cell]).argmax()]
            told = ", ".join(_telling([words[row] for row in rows], overall, len(texts)))
            names[cell] = f"like row {numbers[middle]}" + (f" ({told})" if told else "")
    return [names[cell] for cell in home.tolist()]


def _telling(found: Sequence[frozenset[str]], overall: Counter[str], total: int) -> list[str]:
    """List the words that are most commoner in these messages than anywhere else."""
    here = Counter(word for words in found for word in words)
    lift = {
        word: count / len(found) * np.log(count / len(found) * total / overall[word])
        for word, count in here.items()
        if count >= WORD_ROWS
    }
    return sorted(lift, key=lambda word: (-lift[word], word))[:WORDS]


def _compare(
    task: str, hits: NDArray[np.float64], kind: str, values: NDArray[np.object_]
) -> Iterator[Group]:
    scored = ~np.isnan(hits)
    counts = Counter(values[scored].tolist())
    counts.pop("", None)
    if len(counts) > MOST_VALUES:
        return
    total, right = int(scored.sum()), int(np.nansum(hits))
    for value in sorted(counts):
        rows = np.flatnonzero(scored & (values == value))
        count, good = len(rows), int(hits[rows].sum())
        if count < LEAST_ROWS or total - count < LEAST_ROWS:
            continue
        rest_good, rest = right - good, total - count
        table = [[good, count - good], [rest_good, rest - rest_good]]
        p = float(fisher_exact(table, alternative="less").pvalue)
        others = rest_good / rest
        name = f"{kind}={value}"
        yield Group(task, name, count, good / count, _interval(good, count), others, p, rows)


def _interval(right: int, count: int) -> tuple[float, float]:
    tail = 0.025
    low = float(beta.ppf(tail, right, count - right + 1)) if right else 0.0
    high = float(beta.ppf(1 - tail, right + 1, count - right)) if right < count else 1.0
    return low, high
