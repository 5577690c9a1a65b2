"""Near-duplicates: messages that share nearly all of their wording."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from training.audit.neighbours import Neighbours

RUN = 4
"""Letters of the runs that wordings are compared by."""
ALIKE = 0.8
"""Share of runs in common (Jaccard) from which two messages are near-duplicates: one word changed
in a sentence of about ten."""
SHORT_RUN = 2
"""Characters of a run where a character is as much as a word, as in Chinese."""
_ZEROS = re.compile("0+")


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """Messages that say the same in nearly the same words.

    Args:
        sets: Number of each row's set, -1 for a row without a twin, shape ``(n,)``.
        score: One less the likeness to the nearest twin or neighbour, 0 for equal wording,
            shape ``(n,)``.
    """

    sets: NDArray[np.int64]
    score: NDArray[np.float64]

    def members(self) -> dict[int, list[int]]:
        """List the rows of each set, in order."""
        found: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.sets >= 0).tolist():
            found.setdefault(int(self.sets[row]), []).append(row)
        return found


def wording(text: str) -> str:
    """Keep letters in lower case; any number counts as the same digit, as templates fill them."""
    shape = "".join("0" if c.isdigit() else c for c in text.casefold() if c.isalnum())
    return _ZEROS.sub("0", shape)


def distinct(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the wordings.

    Returns:
        The first row of each wording ``(m,)``, and the wording of each row ``(n,)``.
    """
    first: dict[str, int] = {}
    seen = [first.setdefault(wording(text), row) for row, text in enumerate(texts)]
    rows, number = np.unique(seen, return_inverse=True)
    return rows.astype(np.int64), number.astype(np.int64)


def find_twins(
    texts: Sequence[str],
    rows: NDArray[np.int64],
    number: NDArray[np.int64],
    near: Neighbours,
) -> Twins:
    """Join equal wordings, and neighbours in embedding space whose wording is nearly equal.

    Args:
        texts: Cleaned texts, ``n`` of them; an empty one is nobody's twin.
        rows: First row of each wording, shape ``(m,)``.
        number: Wording of each row, shape ``(n,)``.
        near: Neighbours among the wordings.
    """
    shapes = [_runs(wording(texts[row])) for row in rows]
    likeness = np.zeros(len(rows))
    pairs: list[tuple[int, int]] = []
    for here, others in enumerate(near.rows):
        for there in others[others >= 0].tolist():
            alike = _jaccard(shapes[here], shapes[there])
            likeness[here] = max(likeness[here], alike)
            if alike >= ALIKE:
                pairs.append((here, there))
    joined = join_pairs(len(rows), pairs)[number]
    sizes = np.bincount(joined)
    written = np.asarray([bool(shapes[kind]) for kind in number], bool)
    twin = (sizes[joined] > 1) & written
    copies = np.bincount(number)[number]
    score = np.where(written & (copies > 1), 0.0, 1.0 - likeness[number])
    return Twins(np.where(twin, joined, -1), score)


def join_pairs(
    count: int, pairs: Sequence[tuple[int, int]] | NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number the sets that pairs join, shape ``(count,)``."""
    ends = np.asarray(pairs, np.int64).reshape(-1, 2)
    links = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _runs(shape: str) -> frozenset[int]:
    length = RUN if shape.isascii() or not _is_ideographic(shape) else SHORT_RUN
    if len(shape) <= length:
        return frozenset({crc32(shape.encode())}) if shape else frozenset()
    return frozenset(crc32(shape[i : i + length].encode()) for i in range(len(shape) - length + 1))


def _is_ideographic(shape: str) -> bool:
    return sum("\u3400" <= char <= "\u9fff" for char in shape) * 2 > len(shape)


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    if not one or not other:
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
