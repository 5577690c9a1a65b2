"""Which passages hold which token how often: what word matching stores."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from typing import Self

import numpy as np
from numpy.typing import NDArray

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
