"""Word matching: BM25 on an absolute scale from 0 to 1, over passages that come and go.

What is stored of a passage is how often it holds which token; all that depends on the other
passages (how rare a token is, how long a passage is beside the mean) is worked out when the living
passages change. So scores are those of an index built anew, whatever was added or deleted.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.suggest.postings import Mask, Postings, tokens

K1 = 1.2
B = 0.75
"""Usual BM25 constants (Robertson & Zaragoza 2009): term saturation and length normalisation."""
COMMON_SHARE, COMMON_LEAST = 0.25, 1_000
"""Share of the passages from which on a token's weights are laid out for all of them, and fewest
passages where that pays: a dozen words are two thirds of what a question finds."""
_GRAIN = 2.0**-40
"""Weights are multiples of this, so that sums of them in float64 are exact, in whatever order."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Weights of a question's words found in each passage, and of the question by language.

    Attributes:
        found: Sum over the words of the question, ``(n_passages,)``.
        shares: One by the question's whole weight, by the number of a language.
    """

    found: NDArray[np.float64]
    shares: NDArray[np.float64]

    def scores(self, rows: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score passages by their rows and the numbers of their languages, 0 to 1."""
        return (self.found[rows] * self.shares[codes]).astype(np.float32)


class LexicalIndex:
    """BM25 over the living passages of several postings, each language by itself.

    Args:
        parts: Postings with the passages of them that live.

    Attributes:
        size: Number of passages, ``n``.
        codes: Number of each one's language, ``(n,)``.
    """

    def __init__(self, parts: Sequence[tuple[Postings, Mask]]) -> None:
        self.size = sum(len(kept) for _, kept in parts)
        sizes: dict[str, int] = defaultdict(int)
        lengths: dict[str, float] = defaultdict(float)
        for part, kept in parts:
            for number, name in enumerate(part.names):
                own = kept & (part.codes == number)
                sizes[name] += int(own.sum())
                lengths[name] += float(part.lengths[own].sum(dtype=np.float64))
        means = {name: lengths[name] / max(size, 1) for name, size in sizes.items()}
        names = list(sizes)
        codes = [np.array([names.index(n) for n in p.names], np.int64)[p.codes] for p, _ in parts]
        self.codes = np.concatenate(codes)
        self._unseen = {name: math.log1p((size + 0.5) / 0.5) for name, size in sizes.items()}
        self._parts = [
            _weighted(part, frequency, sizes, means)
            for (part, _), frequency in zip(parts, _frequencies(parts), strict=True)
        ]

    @classmethod
    def of(cls, texts: Sequence[str], language: str = "") -> "LexicalIndex":
        """Index texts of one language; scores are returned in their order."""
        return cls([(Postings.of(texts, [language] * len(texts)), np.ones(len(texts), bool))])

    def scores(self, question: str) -> NDArray[np.float32]:
        """Score every passage, shape ``(n,)``: the share of the question's weight found, 0 to 1.

        What is scored of passages that do not live has no meaning.
        """
        return self.sums(question).scores(np.arange(self.size), self.codes)

    def sums(self, question: str, spoken: Collection[int] | None = None) -> Sums:
        """Weigh what every passage holds of a question.

        A BM25 term score is at most the term's inverse document frequency, so their sum over the
        distinct terms of the question (unseen ones at the highest weight) is the bound divided by.

        Args:
            question: Any text.
            spoken: Numbers of the languages whose passages matter; None takes all.
        """
        terms = list(dict.fromkeys(tokens(question)))
        held = [_Held([], []) for _ in self._parts]
        shares = np.zeros(max(len(self._unseen), 1))
        for code, (language, unseen) in enumerate(self._unseen.items()):
            if spoken is None or code in spoken:
                known: dict[str, float] = {}
                for part, chosen in zip(self._parts, held, strict=True):
                    part.look_up(language, terms, known, chosen)
                whole = math.fsum(known.values()) + unseen * (len(terms) - len(known))
                shares[code] = 1 / max(whole, 1e-9)
        found = [one.sums(part.size) for part, one in zip(self._parts, held, strict=True)]
        return Sums(np.concatenate(found) if len(found) != 1 else found[0], shares)


_Pairs = NDArray[np.int32]
"""Rows beside the bits of float32 weights, ``(n, 2)``: one array is cut and joined, not two."""


class _Held(NamedTuple):
    """What a part holds of a question.

    Attributes:
        spans: Postings of its rare terms.
        common: Weights of its common terms in every passage, ``(n_passages,)`` each.
    """

    spans: list[_Pairs]
    common: list[NDArray[np.float32]]

    def sums(self, size: int) -> NDArray[np.float64]:
        """Add the weights of all terms up for each passage."""
        found = np.zeros(size)
        if self.spans:
            pairs = np.concatenate(self.spans)
            weights = pairs.view(np.float32)[:, 1]
            found = np.bincount(pairs[:, 0], weights, minlength=size).astype(np.float64, copy=False)
        for weights in self.common:
            found += weights
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    """Postings with all that depends on the living passages, ready to be summed.

    Attributes:
        vocabulary: Number of each token, by language.
        starts: Where the postings of each token begin, and the end of the last.
        pairs: Passages with the weight that the token has in them.
        weights: Inverse document frequency of each token.
        common: Weights of each common token in every passage, by its number.
        size: Number of passages.
    """

    vocabulary: Mapping[str, Mapping[str, int]]
    starts: list[int]
    pairs: _Pairs
    weights: list[float]
    common: Mapping[int, NDArray[np.float32]]
    size: int

    def look_up(
        self, language: str, terms: Sequence[str], known: dict[str, float], held: _Held
    ) -> None:
        """Add the weights of the known terms to ``known``, and where they stand to ``held``."""
        words = self.vocabulary.get(language)
        if not words:
            return
        starts, pairs, weights, common = self.starts, self.pairs, self.weights, self.common
        for term in terms:
            number = words.get(term)
            if number is not None:
                known[term] = weights[number]
                if number in common:
                    held.common.append(common[number])
                else:
                    held.spans.append(pairs[starts[number] : starts[number + 1]])


def _common(part: Postings, pairs: _Pairs) -> dict[int, NDArray[np.float32]]:
    """Lay out the weights of tokens that many passages hold."""
    size = len(part.lengths)
    counts = np.diff(part.starts)
    rows: dict[int, NDArray[np.float32]] = {}
    for number in np.flatnonzero(counts > COMMON_SHARE * size) if size >= COMMON_LEAST else ():
        span = pairs[part.starts[number] : part.starts[number + 1]]
        row = np.zeros(size, np.float32)
        row[span[:, 0]] = span.view(np.float32)[:, 1]
        rows[int(number)] = row
    return rows


def _frequencies(parts: Sequence[tuple[Postings, Mask]]) -> list[NDArray[np.int64]]:
    """Count the living passages of all parts that hold each token of each part."""
    own = [_frequency(part, kept) for part, kept in parts]
    totals = [one.copy() for one in own]
    for first, second in combinations(range(len(parts)), 2):
        shared = _shared(parts[first][0].vocabulary, parts[second][0].vocabulary)
        totals[first][shared[:, 0]] += own[second][shared[:, 1]]
        totals[second][shared[:, 1]] += own[first][shared[:, 0]]
    return totals


def _frequency(part: Postings, kept: Mask) -> NDArray[np.int64]:
    if kept.all():
        return np.diff(part.starts)
    living = np.concatenate([[0], np.cumsum(kept[part.rows])])
    return np.diff(living[part.starts])


def _shared(
    large: Mapping[str, Mapping[str, int]], small: Mapping[str, Mapping[str, int]]
) -> NDArray[np.int64]:
    """List the numbers that tokens of both vocabularies have in each, ``(n, 2)``."""
    pairs = [
        (number, own)
        for language, words in small.items()
        if (others := large.get(language))
        for token, own in words.items()
        if (number := others.get(token)) is not None
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _weighted(
    part: Postings,
    frequency: NDArray[np.int64],
    sizes: Mapping[str, int],
    means: Mapping[str, float],
) -> _Weighted:
    among = np.zeros(len(frequency))
    for language, words in part.vocabulary.items():
        among[np.fromiter(words.values(), np.int64, len(words))] = sizes[language]
    rarity = np.log1p((among - frequency + 0.5) / (frequency + 0.5))
    mean = np.array([means[name] or 1.0 for name in part.names] or [1.0], np.float32)
    norms = np.float32(K1) * (1 - B + B * part.lengths / mean[part.codes])
    counts = part.counts.astype(np.float32)
    held = counts / (counts + norms.astype(np.float32)[part.rows])
    pairs = np.empty((len(counts), 2), np.int32)
    pairs[:, 0] = part.rows
    shares = (held * np.repeat(rarity, np.diff(part.starts))).astype(np.float32)
    pairs.view(np.float32)[:, 1] = np.rint(shares / _GRAIN) * _GRAIN
    return _Weighted(
        vocabulary=part.vocabulary,
        starts=part.starts.tolist(),
        pairs=pairs,
        weights=rarity.tolist(),
        common=_common(part, pairs),
        size=len(part.lengths),
    )
