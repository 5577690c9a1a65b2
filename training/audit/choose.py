"""Choose which unlabelled messages to label next: unsure ones, unlike each other, of all languages.

Zhdanov (2019), "Diverse mini-batch Active Learning" (arXiv 1901.05954): keep the messages whose
labels are least sure, part them into as many clusters as are wanted with the doubt as weight, and
take one message of each. Time grows linearly with the number of messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from training.audit.twins import distinct
from triage.encoders.base import Vectors
from triage.labeling.calibration import Probabilities

POOL = 10
"""Messages kept for each one that is wanted; Zhdanov's beta."""
SAME = 0.97
"""Cosine from which a message says what an already chosen or labelled one says."""
FLOOR = 0.05
"""Least share of the choice for each language that has so many messages."""
BLOCK = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """How unsure the model is of messages.

    Args:
        value: From 0, sure of every task, to 1, shape ``(n,)``.
        task: The task it is least sure of, ``n`` of them.
    """

    value: NDArray[np.float64]
    task: tuple[str, ...]


def doubt_of(probabilities: Mapping[str, Probabilities]) -> Doubt:
    """Measure doubt as one less the margin of the two likeliest labels, averaged over tasks."""
    tasks = list(probabilities)
    margins = np.stack([_margin(probabilities[task]) for task in tasks])
    worst = margins.argmin(axis=0)
    return Doubt(1.0 - margins.mean(axis=0), tuple(tasks[at] for at in worst))


def choose_next(
    vectors: Vectors,
    doubt: NDArray[np.float64],
    texts: Sequence[str],
    languages: Sequence[str],
    count: int,
    *,
    labelled: Vectors | None = None,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Choose messages to label, the most doubtful first.

    Args:
        vectors: Of the messages, shape ``(n, dim)``.
        doubt: Shape ``(n,)``.
        texts: Cleaned texts; an empty one is never chosen.
        languages: Language code of each.
        count: How many; fewer where there are not so many different messages.
        labelled: Of messages that have labels; what says the same is never chosen.
        seed: Of the clusters.

    Returns:
        Positions, at most ``count`` of them.
    """
    rows, _ = distinct(texts)
    rows = rows[[bool(texts[row]) for row in rows]]
    if labelled is not None and len(labelled):
        rows = rows[_closest(vectors[rows], labelled) < SAME]
    codes = np.asarray(languages)[rows]
    chosen: list[int] = []
    for code, share in shares_of(codes, doubt[rows], count).items():
        chosen += _of_language(vectors, doubt, rows[codes == code], share, chosen, seed)
    if len(chosen) < count:
        rest = rows[~np.isin(rows, chosen)]
        chosen += _of_language(vectors, doubt, rest, count - len(chosen), chosen, seed)
    found = np.asarray(chosen, np.int64)
    return found[np.lexsort((found, -doubt[found]))]


def shares_of(codes: NDArray[np.str_], doubt: NDArray[np.float64], count: int) -> dict[str, int]:
    """Part a choice among languages by the doubt that each holds, with a floor for each."""
    names, at = np.unique(codes, return_inverse=True)
    if not len(names):
        return {}
    sizes = np.bincount(at)
    weight = np.bincount(at, doubt) + 1e-9
    floor = np.minimum(sizes, int(np.ceil(FLOOR * count))) if len(names) * FLOOR <= 1 else 0
    ideal = np.maximum(weight / weight.sum() * count, floor)
    ideal = np.minimum(ideal / ideal.sum() * count, sizes)
    given = np.floor(ideal).astype(int)
    for name in np.argsort(-(ideal - given), kind="stable")[: max(0, count - int(given.sum()))]:
        given[name] = min(given[name] + 1, sizes[name])
    return {str(name): int(share) for name, share in zip(names, given, strict=True) if share}


def _margin(probabilities: Probabilities) -> NDArray[np.float64]:
    if probabilities.shape[1] < 2:  # noqa: PLR2004 - one label is always sure
        return np.ones(len(probabilities))
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0])


def _closest(vectors: Vectors, others: Vectors) -> NDArray[np.float32]:
    """Return the cosine of each row to the nearest of the others, shape ``(n,)``."""
    parts = [
        (vectors[begin : begin + BLOCK] @ others.T).max(axis=1)
        for begin in range(0, len(vectors), BLOCK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _of_language(
    vectors: Vectors,
    doubt: NDArray[np.float64],
    rows: NDArray[np.int64],
    count: int,
    chosen: Sequence[int],
    seed: int,
) -> list[int]:
    """Choose among the most doubtful rows one of each cluster, none like an already chosen one."""
    pool = rows[np.argsort(-doubt[rows], kind="stable")[: POOL * count]]
    if not len(pool) or not count:
        return []
    home = _cells(vectors[pool], doubt[pool], min(count, len(pool)), seed)
    taken, picked = list(chosen), []
    for cell in np.unique(home):
        members = pool[home == cell]
        for row in members[np.argsort(-doubt[members], kind="stable")].tolist():
            if not taken or float((vectors[taken] @ vectors[row]).max()) < SAME:
                taken.append(row)
                picked.append(row)
                break
    for row in pool.tolist():
        if len(picked) >= count:
            break
        if row not in picked and float((vectors[taken] @ vectors[row]).max()) < SAME:
            taken.append(row)
            picked.append(row)
    return picked


def _cells(
    vectors: Vectors, doubt: NDArray[np.float64], count: int, seed: int
) -> NDArray[np.int64]:
    """Part rows into clusters, shape ``(n,)``; doubtful rows pull the centres."""
    if count >= len(vectors):
        return np.arange(len(vectors))
    model = MiniBatchKMeans(count, n_init=1, random_state=seed, batch_size=BLOCK)
    home = model.fit_predict(vectors, sample_weight=np.maximum(doubt, 1e-6))
    return np.asarray(home, np.int64)
