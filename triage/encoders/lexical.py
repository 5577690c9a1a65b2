"""Hashed word and character n-grams.

The n-grams are those of scikit-learn's ``CountVectorizer`` over casefolded text without accents:
single words and word pairs, and character n-grams inside words padded by one space. Scripts
without spaces give every character as a word, so their pairs and triples stand in for words.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEPARATOR, LETTER, SINGLE = 0, 1, 2
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SALTS = [np.uint64(salt * int(_PRIME) % 2**64) for salt in range(64)]
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
BASIC = 0x10000
_SPACE = np.uint32(32)
_BYTES = 8
_HAN_AND_KANA = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_SYMBOLS = ((0x2190, 0x2BFF), (0x3000, 0x303F), (0xFE30, 0xFE4F))
_MARKS = (0x0300, 0x036F)
_LEFT_OUT = re.compile("[\u0300-\u036f]+")
_HALVES = re.compile("[\ud800-\udfff]")
MAX_WORDS = 16_384
"""Words whose n-grams are remembered: at most 10 MB."""
_TRIPLE = 3
LONGEST = 40
"""Longest word that is remembered, in letters."""


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


def _folded(text: str) -> str:
    """Fold case and accents; half a character becomes a sign of its own."""
    if text.isascii():
        return text.lower()
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return _HALVES.sub("?", plain)


@cache
def _word_pattern() -> re.Pattern[str]:
    """Match a word: a run of letters and digits, or one sign that stands for itself."""
    letters, signs = (_ranges(_classes() == kind) for kind in (LETTER, SINGLE))
    return re.compile(f"[{letters}]+|[{signs}\U00010000-\U0010ffff]")


def _ranges(chosen: NDArray[np.bool_]) -> str:
    """Write the chosen code points as the inside of a character class."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False)).reshape(-1, 2)
    return "".join(f"\\u{low:04x}-\\u{end - 1:04x}" for low, end in edges.tolist())


def _hash(terms: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Finish a polynomial hash (the mixing step of SplitMix64, Steele et al. 2014)."""
    mixed = terms + _SALTS[salt]
    mixed ^= mixed >> _SHIFTS[0]
    mixed *= _MIXERS[0]
    mixed ^= mixed >> _SHIFTS[1]
    mixed *= _MIXERS[1]
    mixed ^= mixed >> _SHIFTS[2]
    return mixed


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
        grams, ends = self._grams(texts)
        buckets = grams & np.uint64(self.buckets - 1)
        for start, end in pairwise(ends):
            buckets[start:end].sort()
        first = np.empty(len(buckets) + 1, np.bool_)
        np.not_equal(buckets[1:], buckets[:-1], out=first[1:-1])
        bounds = np.array(ends)
        first[bounds] = True
        edges = first.nonzero()[0]
        return SparseRows(
            indptr=edges.searchsorted(bounds),
            indices=buckets[edges[:-1]].view(np.int64),
            values=(edges[1:] - edges[:-1]).astype(np.float32),
        )

    def hashes(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """List every n-gram as the row it stands in and its 64-bit hash."""
        grams, ends = self._grams(texts)
        return np.repeat(np.arange(len(texts)), np.diff(ends)), grams

    def _grams(self, texts: Sequence[str]) -> tuple[NDArray[np.uint64], list[int]]:
        """List the hash of every n-gram, text after text, and where each begins and the last ends.

        The n-grams of a text are in no special order.
        """
        find, lookup = _word_pattern().findall, _vocabulary(self.shortest, self.longest).lookup
        found = [lookup(find(_folded(text))) for text in texts]
        values = np.array([word.value for words in found for word in words], np.uint64)
        pairs = _hash(values[:-1] * _PRIME + values[1:], 2)
        parts: list[bytes] = []
        ends, begin, size = [0], 0, 0
        for words in found:
            mine = [word.grams for word in words]
            end = begin + len(words)
            mine.append(pairs[begin : max(begin, end - 1)].tobytes())
            signs = [word.is_sign for word in words]
            if sum(signs) >= _TRIPLE:
                mine.append(_triples(values[begin:end], np.array(signs)).tobytes())
            parts += mine
            size += sum(map(len, mine)) // _BYTES
            ends.append(size)
            begin = end
        return np.frombuffer(b"".join(parts), np.uint64), ends


class _Word(NamedTuple):
    """What is known of a word: its polynomial hash, and the hashes of the n-grams inside it.

    These are kept as bytes, which are joined in a quarter of the time that small arrays take.
    """

    value: int
    is_sign: bool
    grams: bytes


class _Vocabulary:
    """Remembers the n-grams inside the words seen last: most words of a message were seen before.

    Args:
        shortest: Length of the shortest character n-gram, padding included.
        longest: Length of the longest one.
    """

    def __init__(self, shortest: int, longest: int) -> None:
        self._sizes = range(shortest, longest + 1)
        self._known: dict[str, _Word] = {}

    def lookup(self, words: Sequence[str]) -> list[_Word]:
        """Return what is known of each word, in order; new ones are hashed together."""
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            pass
        found = {word: known[word] for word in words if word in known}
        new = list(dict.fromkeys(word for word in words if word not in found))
        learned = dict(zip(new, self._learn(new), strict=True))
        if len(known) + len(new) > MAX_WORDS:
            known.clear()
        known.update((w, one) for w, one in islice(learned.items(), MAX_WORDS) if len(w) <= LONGEST)
        found |= learned
        return [found[word] for word in words]

    def _learn(self, new: Sequence[str]) -> Iterator[_Word]:
        points = np.frombuffer("".join(new).encode("utf-32-le"), np.uint32)
        lengths = np.array([len(word) for word in new], np.int64)
        ends = np.cumsum(lengths)
        signs = np.full(len(new), True)
        opening = points[ends - lengths]
        basic = opening < BASIC
        signs[basic] = _classes()[opening[basic]] == SINGLE
        batch = _Words(points, lengths, signs)
        parts = [(np.arange(len(new)), _hash(batch.values, 1))]
        parts += [batch.character_grams(size) for size in self._sizes]
        owners = np.concatenate([part[0] for part in parts])
        order = np.argsort(owners, kind="stable")
        grams = np.concatenate([part[1] for part in parts])[order]
        cuts = np.searchsorted(owners[order], np.arange(1, len(new)))
        inside = (part.tobytes() for part in np.split(grams, cuts))
        return map(_Word, batch.values.tolist(), signs.tolist(), inside)


@cache
def _vocabulary(shortest: int, longest: int) -> _Vocabulary:
    return _Vocabulary(shortest, longest)


def _triples(values: NDArray[np.uint64], signs: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Hash three neighbouring signs: words where nobody writes spaces."""
    kept = signs[:-2] & signs[1:-1] & signs[2:]
    total = (values[:-2] * _PRIME + values[1:-1]) * _PRIME + values[2:]
    return _hash(total[kept], _TRIPLE)


class _Words:
    """Distinct words: their code points back to back, their lengths, and which ones are signs."""

    def __init__(
        self, points: NDArray[np.uint32], lengths: NDArray[np.int64], signs: NDArray[np.bool_]
    ) -> None:
        self.points, self.lengths, self.signs = points, lengths, signs
        starts = np.cumsum(lengths) - lengths
        self.place = np.arange(len(points)) - np.repeat(starts, lengths)
        powers = np.cumprod(np.full(int(lengths.max()) + 1, _PRIME), dtype=np.uint64)
        terms = (points.astype(np.uint64) + np.uint64(1)) * powers[self.place]
        self.values = _hash(np.add.reduceat(terms, starts), 1)

    def character_grams(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Hash the ``n`` characters of every window inside a spaced word padded by a space."""
        spaced = ~self.signs
        sizes = np.where(spaced, self.lengths + 2, 0)
        ends = np.cumsum(sizes)
        padded = np.full(int(ends[-1]), _SPACE, np.uint32)
        source = np.repeat(spaced, self.lengths)
        targets = np.repeat(ends - sizes + 1, self.lengths) + self.place
        padded[targets[source]] = self.points[source]
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
        return word[:last][kept], _hash(total[kept], 16 + n)


def tfidf(counts: SparseRows, idf: NDArray[np.floating]) -> SparseRows:
    """Weigh counts by ``(1 + ln tf) * idf`` and scale each row to unit length."""
    return unit(damped(counts), idf)


def damped(counts: SparseRows) -> SparseRows:
    """Let a bucket count ``1 + ln tf``."""
    return SparseRows(counts.indptr, counts.indices, 1 + np.log(counts.values))


def unit(rows: SparseRows, idf: NDArray[np.floating]) -> SparseRows:
    """Multiply damped counts by ``idf`` and scale each row to unit length."""
    values = rows.values * idf.take(rows.indices).astype(np.float32, copy=False)
    if len(rows) == 1:
        # Summed as several rows are, so that a message gets the same weights in any company.
        total = np.bincount(np.zeros(len(values), np.intp), values * values, minlength=1)
        scaled = values / np.float64(max(math.sqrt(total[0]), 1e-12))
        return SparseRows(rows.indptr, rows.indices, scaled.astype(np.float32))
    lengths = rows.indptr[1:] - rows.indptr[:-1]
    owners = np.repeat(np.arange(len(rows)), lengths)
    norms = np.sqrt(np.bincount(owners, values * values, minlength=len(rows)))
    scaled = values / np.repeat(np.maximum(norms, 1e-12), lengths)
    return SparseRows(rows.indptr, rows.indices, scaled.astype(np.float32))
