"""Word matching: BM25 on an absolute scale from 0 to 1, over passages that come and go.

What is stored of a passage is how often it holds which token; all that depends on the other
passages (how rare a token is, how long a passage is beside the mean) is worked out when the living
passages change. So scores are those of an index built anew, whatever was added or deleted.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from typing import Self

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
"""Usual BM25 constants (Robertson & Zaragoza 2009): term saturation and length normalisation."""
DEAD_SHARE = 0.25
"""Share of tokens without a passage from which on a merge leaves them out of the vocabulary."""

Mask = NDArray[np.bool_]
_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_STEM = 5
"""Letters kept of a word for its stem token; folds most endings of the European languages."""


def tokens(text: str) -> list[str]:
    """Split text into lower-case tokens without accents; Chinese gives characters and pairs.

    Every long word also gives its stem (its first letters), so that endings matter less.
    """
    plain = text.casefold()
    found: list[str] = []
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
        plain = "".join([c for c in plain if c < "\u0300" or not unicodedata.combining(c)])
        for run in _HAN.findall(plain):
            found.extend(run)
            found.extend([run[i : i + 2] for i in range(len(run) - 1)])
        plain = _HAN.sub(" ", plain)
    for word in _WORD.findall(plain):
        found.append(word)
        if len(word) > _STEM:
            found.append(word[:_STEM] + "*")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Which passages hold which token how often; immutable.

    Attributes:
        vocabulary: Number of each token, by language: a word is as rare as in its language.
        starts: Where the postings of each token begin, and the end of the last, ``(n_tokens+1,)``.
        rows: Passages, ascending for each token, ``(n_postings,)``.
        counts: How often each holds the token, same shape.
        lengths: Tokens of each passage, ``(n_passages,)``.
        names: Languages; ``codes`` gives the place of each passage's in it, ``(n_passages,)``.
    """

    vocabulary: Mapping[str, Mapping[str, int]]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.float32]
    names: tuple[str, ...]
    codes: NDArray[np.int16]

    @classmethod
    def of(cls, texts: Sequence[str], languages: Sequence[str]) -> Self:
        """Count the tokens of texts, each in its language."""
        number = count()
        vocabulary: dict[str, dict[str, int]] = {
            language: defaultdict(number.__next__) for language in sorted(set(languages))
        }
        found = [
            [vocabulary[la][token] for token in tokens(text)]
            for text, la in zip(texts, languages, strict=True)
        ]
        lengths = np.array([len(one) for one in found], np.int64)
        terms = np.fromiter((term for one in found for term in one), np.int64, lengths.sum())
        keys = terms * max(len(texts), 1) + np.repeat(np.arange(len(texts)), lengths)
        unique, counts = np.unique(keys, return_counts=True)
        holders, rows = np.divmod(unique, max(len(texts), 1))
        names = tuple(vocabulary)
        return cls(
            vocabulary={language: dict(words) for language, words in vocabulary.items()},
            starts=_starts(holders, next(number)),
            rows=rows.astype(np.int32),
            counts=np.minimum(counts, np.iinfo(np.uint16).max).astype(np.uint16),
            lengths=lengths.astype(np.float32),
            names=names,
            codes=np.array([names.index(language) for language in languages], np.int16),
        )

    @classmethod
    def merged(cls, parts: Sequence[tuple["Postings", Mask]]) -> Self:
        """Join the passages of several postings that a mask each keeps, in order."""
        vocabulary = _joined([part.vocabulary for part, _ in parts])
        names = tuple(vocabulary)
        columns: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint16]]] = []
        offset = 0
        for part, kept in parts:
            place = np.cumsum(kept, dtype=np.int32) + np.int32(offset - 1)
            alive = kept[part.rows]
            terms = np.repeat(_renumbered(part.vocabulary, vocabulary), np.diff(part.starts))
            columns.append((terms[alive], place[part.rows[alive]], part.counts[alive]))
            offset += int(kept.sum())
        terms, rows, counts = (np.concatenate(column) for column in zip(*columns, strict=True))
        # Stable: the rows of a token stay ascending, and runs that are in order cost little.
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        starts = _starts(terms, sum(map(len, vocabulary.values())))
        vocabulary, starts = _without_dead(vocabulary, starts)
        codes = [np.array([names.index(n) for n in p.names], np.int16)[p.codes] for p, _ in parts]
        return cls(
            vocabulary=vocabulary,
            starts=starts,
            rows=rows[order],
            counts=counts[order],
            lengths=np.concatenate([part.lengths[kept] for part, kept in parts]),
            names=names,
            codes=np.concatenate([one[kept] for one, (_, kept) in zip(codes, parts, strict=True)]),
        )


class LexicalIndex:
    """BM25 over the living passages of several postings, each language by itself.

    Args:
        parts: Postings with the passages of them that live.
    """

    def __init__(self, parts: Sequence[tuple[Postings, Mask]]) -> None:
        self.size = sum(len(kept) for _, kept in parts)
        self._sizes: dict[str, int] = defaultdict(int)
        lengths: dict[str, float] = defaultdict(float)
        for part, kept in parts:
            for number, name in enumerate(part.names):
                own = kept & (part.codes == number)
                self._sizes[name] += int(own.sum())
                lengths[name] += float(part.lengths[own].sum(dtype=np.float64))
        means = {name: lengths[name] / max(size, 1) for name, size in self._sizes.items()}
        self._parts = [_weighted(part, kept, means) for part, kept in parts]

    @classmethod
    def of(cls, texts: Sequence[str], language: str = "") -> "LexicalIndex":
        """Index texts of one language; scores are returned in their order."""
        return cls([(Postings.of(texts, [language] * len(texts)), np.ones(len(texts), bool))])

    def scores(self, question: str) -> NDArray[np.float32]:
        """Score every passage, shape ``(n,)``: the share of the question's weight found, 0 to 1.

        A BM25 term score is at most the term's inverse document frequency, so their sum over the
        distinct terms of the question (unseen ones at the highest weight) is the bound divided by.
        What is scored of passages that do not live has no meaning.
        """
        # In the order of the text, so that sums round alike in every process.
        terms = list(dict.fromkeys(tokens(question)))
        hits: list[_Hits] = [[] for _ in self._parts]
        for language, size in self._sizes.items():
            found = [_known(part.vocabulary.get(language, {}), terms) for part in self._parts]
            frequency = [0] * len(terms)
            for part, numbers in zip(self._parts, found, strict=True):
                for place, number in numbers:
                    frequency[place] += part.frequency[number]
            shares = _shares(frequency, size)
            for one, numbers in zip(hits, found, strict=True):
                one += [(number, shares[place]) for place, number in numbers]
        scores = [_sums(part, one) for part, one in zip(self._parts, hits, strict=True)]
        return np.concatenate(scores) if len(scores) != 1 else scores[0]


_Hits = list[tuple[int, float]]
"""Numbers of terms with their share of the question's weight."""


def _known(words: Mapping[str, int], terms: Sequence[str]) -> list[tuple[int, int]]:
    """List the places of the known terms with their numbers."""
    return [(at, words[term]) for at, term in enumerate(terms) if term in words]


def _shares(frequency: Sequence[int], size: int) -> list[float]:
    """Give each term its share of the question's weight among passages of a language."""
    held = np.array(frequency)
    weights = np.log1p((size - held + 0.5) / (held + 0.5))
    shares: list[float] = (weights / max(weights.sum(), 1e-9)).tolist()
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    """Postings with all that depends on the living passages, ready to be summed."""

    vocabulary: Mapping[str, Mapping[str, int]]
    starts: list[int]
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    frequency: list[int]
    size: int


def _weighted(part: Postings, kept: Mask, means: Mapping[str, float]) -> _Weighted:
    if kept.all():
        frequency = np.diff(part.starts)
    else:
        living = np.concatenate([[0], np.cumsum(kept[part.rows])])
        frequency = np.diff(living[part.starts])
    mean = np.array([means[name] or 1.0 for name in part.names] or [1.0], np.float32)
    norms = np.float32(K1) * (1 - B + B * part.lengths / mean[part.codes])
    counts = part.counts.astype(np.float32)
    weights = counts / (counts + norms.astype(np.float32)[part.rows])
    return _Weighted(
        vocabulary=part.vocabulary,
        starts=part.starts.tolist(),
        rows=part.rows,
        weights=weights,
        frequency=frequency.tolist(),
        size=len(part.lengths),
    )


def _sums(part: _Weighted, hits: _Hits) -> NDArray[np.float32]:
    """Add the weights of all terms up for each passage."""
    if not hits:
        return np.zeros(part.size, np.float32)
    spans = [(part.starts[number], part.starts[number + 1]) for number, _ in hits]
    rows = np.concatenate([part.rows[begin:end] for begin, end in spans])
    weights = np.concatenate([part.weights[begin:end] for begin, end in spans])
    shares = np.repeat([share for _, share in hits], [end - begin for begin, end in spans])
    return np.bincount(rows, weights * shares, minlength=part.size).astype(np.float32)


def _starts(terms: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Find where each of ``size`` terms begins in a sorted list of terms, ``(size+1,)``."""
    return np.concatenate([[0], np.cumsum(np.bincount(terms, minlength=size))]).astype(np.int64)


def _joined(parts: Sequence[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Number the tokens of several vocabularies; those of the first keep their numbers."""
    joined = {language: dict(words) for language, words in parts[0].items()}
    number = count(sum(map(len, joined.values())))
    for part in parts[1:]:
        for language, words in part.items():
            own = joined.setdefault(language, {})
            own |= {token: next(number) for token in words if token not in own}
    return joined


def _renumbered(
    before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]
) -> NDArray[np.int64]:
    """Give the new number of every old one."""
    numbers = np.zeros(sum(map(len, before.values())), np.int64)
    for language, words in before.items():
        own = after[language]
        new = np.fromiter(map(own.__getitem__, words), np.int64, len(words))
        numbers[np.fromiter(words.values(), np.int64, len(words))] = new
    return numbers


def _without_dead(
    vocabulary: dict[str, dict[str, int]], starts: NDArray[np.int64]
) -> tuple[dict[str, dict[str, int]], NDArray[np.int64]]:
    """Leave tokens that no passage holds out, once they are many."""
    held = np.diff(starts) > 0
    if held.mean(dtype=float) > 1 - DEAD_SHARE if len(held) else True:
        return vocabulary, starts
    place = (np.cumsum(held) - 1).tolist()
    living = {
        language: {
            token: place[number]
            for token, number in compress(
                words.items(), held[np.fromiter(words.values(), np.int64, len(words))].tolist()
            )
        }
        for language, words in vocabulary.items()
    }
    return living, np.append(starts[:-1][held], starts[-1:])
