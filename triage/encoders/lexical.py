"""Hashed word and character n-grams, vectorised over a whole batch of texts.

The n-grams are those of scikit-learn's ``CountVectorizer`` over casefolded text without accents:
single words and word pairs, and character n-grams inside words padded by one space. Scripts
without spaces give every character as a word, so their pairs and triples stand in for words.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SEPARATOR, LETTER, SINGLE = 0, 1, 2
_PRIME = np.uint64(0x9E3779B97F4A7C15)
BASIC = 0x10000
_SPACE = np.uint32(32)
_HAN_AND_KANA = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_SYMBOLS = ((0x2190, 0x2BFF), (0x3000, 0x303F), (0xFE30, 0xFE4F))
_MARKS = (0x0300, 0x036F)


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows in compressed form: ``indptr (n+1,)``, ``indices`` and ``values`` of equal length."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.indptr) - 1


@cache
def _classes() -> NDArray[np.uint8]:
    """Class of each code point of the basic plane; made once, at the first text."""
    table = np.fromiter((chr(c).isalnum() for c in range(BASIC)), np.uint8, BASIC)
    for low, high in (*_HAN_AND_KANA, *_SYMBOLS):
        table[low : high + 1] = SINGLE
    table[0x3000:0x3003] = SEPARATOR
    table[[ord("!"), ord("?"), 0xFF01, 0xFF1F]] = SINGLE
    table[_MARKS[0] : _MARKS[1] + 1] = SEPARATOR
    return table


def _code_points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Fold case and accents; return the code points of all texts and the text each belongs to."""
    folded = [unicodedata.normalize("NFKD", text.casefold()) + "\n" for text in texts]
    points = np.frombuffer("".join(folded).encode("utf-32-le", "replace"), np.uint32)
    owner = np.repeat(np.arange(len(folded)), [len(text) for text in folded])
    kept = (points < _MARKS[0]) | (points > _MARKS[1])
    return points[kept], owner[kept]


def _hash(terms: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Finish a polynomial hash (the mixing step of SplitMix64, Steele et al. 2014)."""
    mixed = terms + np.uint64(salt * int(_PRIME) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class HashedNgrams:
    """Count hashed n-grams of texts in ``2 ** bits`` buckets.

    Args:
        bits: Buckets as a power of two.
        shortest: Length of the shortest character n-gram, padding included.
        longest: Length of the longest one.
    """

    bits: int = 16
    shortest: int = 3
    longest: int = 5

    @property
    def buckets(self) -> int:
        """Number of buckets."""
        return 1 << self.bits

    def counts(self, texts: Sequence[str]) -> SparseRows:
        """Count each bucket in each text; rows in order, buckets ascending within a row."""
        if not texts:
            return SparseRows(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        owners, hashes = self.hashes(texts)
        keys = (owners.astype(np.uint64) << np.uint64(self.bits)) | (
            hashes & np.uint64(self.buckets - 1)
        )
        unique, counted = np.unique(keys, return_counts=True)
        rows = (unique >> np.uint64(self.bits)).astype(np.int64)
        return SparseRows(
            indptr=np.searchsorted(rows, np.arange(len(texts) + 1)).astype(np.int64),
            indices=(unique & np.uint64(self.buckets - 1)).astype(np.int64),
            values=counted.astype(np.float32),
        )

    def hashes(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """List every n-gram as the row it stands in and its 64-bit hash."""
        points, owner = _code_points(texts)
        kinds = np.full(len(points), SINGLE, np.uint8)
        basic = points < BASIC
        kinds[basic] = _classes()[points[basic]]
        begins = (kinds != SEPARATOR) & ((kinds == SINGLE) | (np.roll(kinds, 1) != LETTER))
        begins[0] = kinds[0] != SEPARATOR
        inside = kinds != SEPARATOR
        points, owner, kinds = points[inside], owner[inside], kinds[inside]
        starts = np.flatnonzero(begins[inside])
        if not len(starts):
            return np.zeros(0, np.int64), np.zeros(0, np.uint64)
        words = _Words(points, owner[starts], kinds[starts], starts)
        parts = [words.grams(size) for size in (1, 2, 3)]
        parts += [words.character_grams(n) for n in range(self.shortest, self.longest + 1)]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


class _Words:
    """The words of a batch: code points back to back, the first position of each word."""

    def __init__(
        self,
        points: NDArray[np.uint32],
        owner: NDArray[np.int64],
        kinds: NDArray[np.uint8],
        starts: NDArray[np.int64],
    ) -> None:
        self.owner, self.kinds = owner, kinds
        self.lengths = np.diff(np.append(starts, len(points)))
        self.points, self.starts = points, starts
        longest = int(self.lengths.max())
        powers = np.cumprod(np.full(longest + 2, _PRIME), dtype=np.uint64)
        place = np.arange(len(points)) - np.repeat(starts, self.lengths)
        terms = (points.astype(np.uint64) + np.uint64(1)) * powers[place]
        self.word_hash = _hash(np.add.reduceat(terms, starts), 1)
        self.powers = powers

    def grams(self, size: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Hash runs of ``size`` words of one text; triples only where words are single signs."""
        if len(self.owner) < size:
            return np.zeros(0, np.int64), np.zeros(0, np.uint64)
        last = len(self.owner) - size + 1
        kept = self.owner[:last] == self.owner[size - 1 :]
        if size > 2:  # noqa: PLR2004 - pairs are the longest runs of spaced words
            for step in range(size):
                kept &= self.kinds[step : last + step] == SINGLE
        total = self.word_hash[:last].copy()
        for step in range(1, size):
            total = total * _PRIME + self.word_hash[step : last + step]
        return self.owner[:last][kept], _hash(total[kept], size)

    def character_grams(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Hash the ``n`` characters of every window inside a spaced word padded by a space."""
        spaced = self.kinds == LETTER
        sizes = np.where(spaced, self.lengths + 2, 0)
        ends = np.cumsum(sizes)
        padded = np.full(int(ends[-1]), _SPACE, np.uint32)
        targets = np.repeat(ends - sizes + 1, np.where(spaced, self.lengths, 0))
        source = np.repeat(spaced, self.lengths)
        within = np.arange(len(self.points)) - np.repeat(self.starts, self.lengths)
        padded[targets + within[source]] = self.points[source]
        word = np.repeat(np.arange(len(sizes)), sizes)
        last = len(padded) - n + 1
        if last <= 0:
            return np.zeros(0, np.int64), np.zeros(0, np.uint64)
        kept = word[:last] == word[n - 1 :]
        values = padded.astype(np.uint64) + np.uint64(1)
        powers = np.cumprod(np.full(n, _PRIME), dtype=np.uint64)
        total = np.zeros(last, np.uint64)
        for step in range(n):
            total += values[step : last + step] * powers[step]
        return self.owner[word[:last][kept]], _hash(total[kept], 16 + n)


def tfidf(counts: SparseRows, idf: NDArray[np.float32]) -> SparseRows:
    """Weigh counts by ``(1 + ln tf) * idf`` and scale each row to unit length."""
    values = (1 + np.log(counts.values)) * idf[counts.indices]
    rows = np.repeat(np.arange(len(counts)), np.diff(counts.indptr))
    norms = np.sqrt(np.bincount(rows, values * values, minlength=len(counts)))
    scaled = values / np.maximum(norms, 1e-12)[rows]
    return SparseRows(counts.indptr, counts.indices, scaled.astype(np.float32))
