"""Small real things to build knowledge bases of in tests."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from triage.domain import Article, Passage
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.suggest.index import PassageIndex
from triage.suggest.postings import tokens
from triage.suggest.query import Filters, Query

TODAY = date(2026, 11, 21)
PROFILE = Profile("tiny", {"*": "hashing"})
CONCEPTS = {
    "adgangskode": "password",
    "nulstil": "reset",
    "returner": "return",
    "vare": "item",
    "密码": "password",
    "重置": "reset",
}
"""Words that the encoder understands across languages."""


class HashingEncoder:
    """Counts words by their hash; translations of a word count as the word."""

    name = "hashing"
    dim = 64
    fingerprint = "0" * 64
    space = "hashing-space"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in tokens(text):
                word = CONCEPTS.get(token, token)
                row[zlib.crc32(word.encode()) % self.dim] += 1
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(norms, 1e-9), np.float32)


def encoders() -> EncoderSet:
    """Build a set with the hashing encoder."""
    return EncoderSet({"hashing": HashingEncoder()})


def article(
    article_id: str, title: str, body: str, language: str = "en", **other: object
) -> Article:
    """Build an article."""
    return replace(Article(article_id, language, title, body), **other)  # type: ignore[arg-type]


def passages(of: Article) -> tuple[Passage, ...]:
    """Cut an article into its title and one block per paragraph."""
    texts = [of.title, *of.body.split("\n\n")] if of.title else of.body.split("\n\n")
    return tuple(
        Passage(
            f"{of.id}/{of.language}#{n}",
            of.id,
            of.language,
            "title" if of.title and n == 0 else "block",
            of.title,
            text,
        )
        for n, text in enumerate(texts)
    )


def index(*articles: Article) -> PassageIndex:
    """Build an index over articles."""
    return PassageIndex.build([(one, passages(one)) for one in articles], encoders(), PROFILE)


def query(text: str, language: str = "en", **filters: object) -> Query:
    """Build a query with its vector."""
    vector = HashingEncoder().encode([text])[0]
    return Query(text, language, vector, Filters(TODAY, **filters))  # type: ignore[arg-type]
