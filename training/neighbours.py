"""Find near-duplicate texts, in time and memory that grow with the rows and not with their pairs.

Texts are compared by the Jaccard similarity of their shingles. Candidates come from MinHash (Broder
1997, "On the resemblance and containment of documents") with banding (Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3); each candidate is then verified exactly.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

SIMILARITY = 0.8
"""Share of the shingles of two texts, out of those of either, from which they count as one."""
SHINGLE = 6
"""Bytes of UTF-8: six letters of English, two characters of Chinese, which tell about as much."""
BANDS, BAND_ROWS = 16, 4
"""A pair at the similarity above is met with a probability of 0.9998, one at 0.5 with 0.64."""
CHUNK = 1 << 20
"""Characters whose shingles are in memory at a time; one text at least."""
STEPS = (1, 2)
"""Places back in a bucket that a text is compared with, beside the bucket's first."""
_NO_LETTER = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")
Rows = NDArray[np.int64]
_Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Near-duplicates: enough pairs to connect those that belong together, not every pair.

    Args:
        left: Row of the earlier text, shape ``(p,)``.
        right: Row of the later text, shape ``(p,)``.
        similarity: Jaccard similarity of their shingles, shape ``(p,)``; 1 for equal shapes.
    """

    left: Rows
    right: Rows
    similarity: NDArray[np.float64]


def shape(text: str) -> str:
    """Fold case and digits and drop what is no letter, so that texts of one template are equal."""
    return _DIGIT.sub("0", _NO_LETTER.sub("", text.casefold()))


def near_pairs(texts: Sequence[str], similarity: float = SIMILARITY) -> Pairs:
    """Pair texts of equal shape, and texts whose shapes are alike enough.

    Texts without any letter or digit are paired with none.

    Args:
        texts: Any number of them; nothing is drawn at random, so the same texts give the same.
        similarity: Least Jaccard similarity, above 0.5; below, banding misses too many.
    """
    return _paired(tuple(texts), similarity)


@lru_cache(maxsize=2)
def _paired(texts: tuple[str, ...], similarity: float) -> Pairs:
    """Find the pairs; split, search and report of a run ask for those of the same rows."""
    shapes, first = _distinct(texts)
    rows = np.arange(len(texts))
    twins = np.flatnonzero((first >= 0) & (first != rows))
    folded, places = list(shapes), np.asarray(list(shapes.values()), np.int64)
    left, right = _candidates(_band_keys(folded))
    alike = _similarities(folded, left, right)
    kept = alike >= similarity
    return Pairs(
        np.concatenate([first[twins], places[left[kept]]]),
        np.concatenate([twins, places[right[kept]]]),
        np.concatenate([np.ones(len(twins)), alike[kept]]),
    )


def components(count: int, left: Rows, right: Rows) -> Rows:
    """Number the sets of rows that pairs connect, shape ``(count,)``, in order of first row."""
    if not count:
        return np.zeros(0, np.int64)
    graph = sparse.coo_matrix((np.ones(len(left), np.int8), (left, right)), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _distinct(texts: Sequence[str]) -> tuple[dict[str, int], Rows]:
    """Return each shape with its first row, and the first row of each text's shape or -1."""
    shapes: dict[str, int] = {}
    first = np.full(len(texts), -1, np.int64)
    for row, text in enumerate(texts):
        folded = shape(text)
        if folded:
            first[row] = shapes.setdefault(folded, row)
    return shapes, first


def _shingles(shapes: Sequence[str]) -> tuple[_Hashes, Rows]:
    """Return the mixed shingles of all shapes, and where each shape's begin, shape ``(n,)``."""
    coded = [text.encode("utf-8", "surrogatepass").ljust(SHINGLE, b"\0") for text in shapes]
    data = np.frombuffer(b"".join(coded), np.uint8).astype(np.uint64)
    values = np.zeros(len(data) - SHINGLE + 1, np.uint64)
    for place in range(SHINGLE):
        values |= data[place : place + len(values)] << np.uint64(8 * place)
    lengths = np.asarray([len(text) for text in coded], np.int64)
    whole = np.ones(len(data), bool)
    ends = np.cumsum(lengths)
    for place in range(1, SHINGLE):
        whole[ends - place] = False
    counts = lengths - SHINGLE + 1
    return _mix(values[whole[: len(values)]]), np.cumsum(counts) - counts


def _mix(values: _Hashes) -> _Hashes:
    """Spread every bit over the word (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), np.uint64)


def _band_keys(shapes: Sequence[str]) -> _Hashes:
    """Hash each band of each shape's minima, shape ``(n, BANDS)``."""
    seeds = _mix(np.arange(1, 2 * BANDS * BAND_ROWS + 1, dtype=np.uint64))
    factors, offsets = seeds[::2] | np.uint64(1), seeds[1::2]
    keys = np.zeros((len(shapes), BANDS), np.uint64)
    for chunk in _chunks([len(text) for text in shapes]):
        values, starts = _shingles(shapes[chunk])
        for number, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            least = np.minimum.reduceat(values * factor + offset, starts)
            band = keys[chunk, number // BAND_ROWS]
            band[:] = _mix(band ^ least)
    return keys


def _candidates(keys: _Hashes) -> tuple[Rows, Rows]:
    """Pair each row with the first of its bucket and those just before it, in every band."""
    count = len(keys)
    found = np.zeros(0, np.int64)
    for number in range(keys.shape[1]):
        order = np.argsort(keys[:, number], kind="stable")
        ranked = keys[order, number]
        begins = np.append(True, ranked[1:] != ranked[:-1])[:count]
        starts = np.maximum.accumulate(np.where(begins, np.arange(count), 0))
        pairs = [found]
        for back in (starts, *(np.maximum(np.arange(count) - step, starts) for step in STEPS)):
            later = np.flatnonzero(back < np.arange(count))
            pairs.append(order[back[later]] * count + order[later])
        found = np.unique(np.concatenate(pairs))
    return found // max(1, count), found % max(1, count)


def _similarities(shapes: Sequence[str], left: Rows, right: Rows) -> NDArray[np.float64]:
    """Compute the Jaccard similarity of each pair, shape ``(p,)``."""
    lengths = [len(shapes[i]) + len(shapes[j]) for i, j in zip(left, right, strict=True)]
    parts = [
        _jaccard([shapes[i] for i in left[chunk]], [shapes[i] for i in right[chunk]])
        for chunk in _chunks(lengths)
    ]
    return np.concatenate([np.zeros(0), *parts])


def _chunks(lengths: Sequence[int]) -> Iterator[slice]:
    """Cut places so that each part has about ``CHUNK`` characters."""
    begin, held = 0, 0
    for end, length in enumerate(lengths, start=1):
        held += length
        if held >= CHUNK or end == len(lengths):
            yield slice(begin, end)
            begin, held = end, 0


def _jaccard(left: Sequence[str], right: Sequence[str]) -> NDArray[np.float64]:
    entries, sizes = zip(_entries(left), _entries(right), strict=True)
    merged = np.concatenate(entries)
    order = np.argsort(merged, kind="stable")
    again = np.flatnonzero(merged[order][1:] == merged[order][:-1]) + 1
    owner = np.repeat(np.arange(len(left)), sizes[1])[order[again] - len(entries[0])]
    shared = np.bincount(owner, minlength=len(left))
    return np.asarray(shared / (sizes[0] + sizes[1] - shared), np.float64)


def _entries(shapes: Sequence[str]) -> tuple[_Hashes, Rows]:
    """Return the distinct shingles of each shape, told apart by shape, and how many each has."""
    values, starts = _shingles(shapes)
    counts = np.diff(np.append(starts, len(values)))
    owner = np.repeat(np.arange(len(shapes)), counts)
    distinct, at = np.unique(
        values + _mix(owner.astype(np.uint64) + np.uint64(1)), return_index=True
    )
    owners = np.sort(owner[at])
    back = np.argsort(owner[at], kind="stable")
    return distinct[back], np.bincount(owners, minlength=len(shapes)).astype(np.int64)
