"""Articles that say nearly the same, and the vectors of articles."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from triage.domain import Article
from triage.encoders.base import Vectors
from triage.pipeline import Pipeline
from triage.suggest.embedding import UNSURE

TWINS = 0.92
"""Cosine of two bodies from which on they are called near-duplicates. Of the 160 shipped articles
the most alike have 0.88; a copy that lost a random third of its words keeps 0.945 or more."""
READ = 2_000
"""Characters of a body that are compared."""
MAX_ARTICLES = 5_000
MOST = 50
_BATCH = 512


@dataclass(frozen=True, slots=True)
class Twins:
    """Two articles in one language, as places in the list given, and how alike they are."""

    one: int
    other: int
    likeness: float


class ArticleVectors:
    """Vectors of articles' bodies, from the encoder that all languages share.

    Args:
        live: Returns the pipeline that answers.
    """

    def __init__(self, live: Callable[[], Pipeline]) -> None:
        self._live = live
        self._vectors: dict[bytes, Vectors] = {}
        self._lock = Lock()

    def of(self, articles: Sequence[Article]) -> Vectors:
        """Return one row for each article, shape ``(n, dim)``; those of others are forgotten."""
        pipeline = self._live()
        encoder = pipeline.bundle.encoders.encoders[pipeline.profile.route(UNSURE)]
        texts = [f"{one.title}\n{one.body[:READ]}" for one in articles]
        keys = [
            hashlib.sha256(f"{encoder.fingerprint}\n{text}".encode("utf-8", "replace")).digest()
            for text in texts
        ]
        with self._lock:
            known = self._vectors
        fresh = sorted({key: text for key, text in zip(keys, texts, strict=True)
                        if key not in known}.items())  # fmt: skip
        made = dict(known)
        for start in range(0, len(fresh), _BATCH):
            part = fresh[start : start + _BATCH]
            rows = encoder.encode([text for _, text in part])
            made |= {key: row for (key, _), row in zip(part, rows, strict=True)}
        with self._lock:
            self._vectors = {key: made[key] for key in keys}
        if not keys:
            return np.zeros((0, pipeline.bundle.encoders.dim), np.float32)
        return np.asarray([made[key] for key in keys], np.float32)


def twins(articles: Sequence[Article], vectors: Vectors) -> list[Twins]:
    """Find near-duplicates among articles of one language, the most alike first.

    Translations of one article are none, and neither are articles of two brands: each brand needs
    its own.
    """
    found: list[Twins] = []
    groups: dict[tuple[str, str | None], list[int]] = {}
    for row, one in enumerate(articles[:MAX_ARTICLES]):
        groups.setdefault((one.language, one.brand), []).append(row)
    for rows in groups.values():
        part = vectors[rows]
        for start in range(0, len(rows), _BATCH):
            scores = part[start : start + _BATCH] @ part.T
            first, second = np.nonzero(scores >= TWINS)
            found += [
                Twins(rows[start + i], rows[j], float(scores[i, j]))
                for i, j in zip(first.tolist(), second.tolist(), strict=True)
                if start + i < j and articles[rows[start + i]].id != articles[rows[j]].id
            ]
    return sorted(found, key=lambda one: -one.likeness)[:MOST]
