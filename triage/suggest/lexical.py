"""Word matching: BM25 on an absolute scale from 0 to 1."""

import logging
import re
import unicodedata
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
"""Usual BM25 constants (Robertson & Zaragoza 2009): term saturation and length normalisation."""

_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_STEM = 5
"""Letters kept of a word for its stem token; folds most endings of the European languages."""


def tokens(text: str) -> list[str]:
    """Split text into lower-case tokens without accents; Chinese gives characters and pairs.

    Every long word also gives its stem (its first letters), so that endings matter less.
    """
    plain = text.lower() if text.isascii() else _without_marks(text)
    found: list[str] = []
    if not plain.isascii():
        for run in _HAN.findall(plain):
            found.extend(run)
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        plain = _HAN.sub(" ", plain)
    for word in _WORD.findall(plain):
        found.append(word)
        if len(word) > _STEM:
            found.append(word[:_STEM] + "*")
    return found


def _without_marks(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    marks = {ord(char): None for char in set(plain) if unicodedata.combining(char)}
    return plain.translate(marks) if marks else plain


class LexicalIndex:
    """BM25 over the passages of one language.

    Args:
        texts: The passages, in the order in which scores are returned.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        vocabulary: dict[str, int] = {}
        rows = [[vocabulary.setdefault(t, len(vocabulary)) for t in tokens(x)] for x in texts]
        self.size = len(rows)
        self._vocabulary = vocabulary
        self._unseen = self._idf(0)
        self._weights = np.zeros(0, np.float32)
        if not vocabulary:
            return
        # bm25s takes a tenth of a second to import; an empty knowledge base never needs it.
        import bm25s

        # On import it sets its logger to debug, which passes by the level of the root logger.
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        made = bm25s.BM25(k1=K1, b=B, method="lucene")
        made.index((rows, vocabulary), create_empty_token=False, show_progress=False)
        self._shares, self._passages = made.scores["data"], made.scores["indices"]
        self._ends: list[int] = made.scores["indptr"].tolist()
        frequencies = np.diff(made.scores["indptr"])
        self._weights = self._idf(frequencies).astype(np.float32)

    def scores(self, question: str) -> NDArray[np.float32]:
        """Score every passage, shape ``(n,)``: the share of the question's weight found, 0 to 1."""
        return self.scores_of(set(tokens(question)))

    def scores_of(self, terms: Collection[str]) -> NDArray[np.float32]:
        """Score every passage for the distinct tokens of a question, shape ``(n,)``.

        A BM25 term score is at most the term's inverse document frequency, so their sum over the
        distinct terms of the question (unseen ones at the highest weight) is the bound divided by.
        """
        known = sorted(self._vocabulary[t] for t in terms if t in self._vocabulary)
        if not known:
            return np.zeros(self.size, np.float32)
        bound = float(self._weights[known].sum() + self._unseen * (len(terms) - len(known)))
        found = [slice(self._ends[term], self._ends[term + 1]) for term in known]
        passages = np.concatenate([self._passages[one] for one in found])
        shares = np.concatenate([self._shares[one] for one in found])
        return (np.bincount(passages, shares, self.size) / bound).astype(np.float32)

    def _idf(self, frequency: "int | NDArray[np.int64]") -> "NDArray[np.float64]":
        frequency = np.asarray(frequency)
        return np.asarray(np.log(1 + (self.size - frequency + 0.5) / (frequency + 0.5)))
