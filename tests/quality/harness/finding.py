"""Ways to search articles for questions: as served, by words alone, by MiniLM alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.quality.harness.service import Served
from training.encoder_files import PACKAGED
from training.features import cached_encode
from training.retrieval import FILTERS
from triage.domain import Article
from triage.encoders.base import Encoder, Vectors
from triage.suggest.calibrator import RetrievalCalibrator, from_json
from triage.suggest.index import PassageIndex
from triage.suggest.lexical import LexicalIndex
from triage.suggest.query import Query
from triage.text.passages import cut

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEPTH = 10
NONE = 99
BATCH = 32


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the article that answers it if any, and the language that is searched."""

    language: str
    text: str
    article_id: str | None
    article_language: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the right article came, from 0, and how sure the first suggestion was."""

    rank: int
    confidence: float
    answerable: bool


Search = Callable[[Sequence[Question]], list[Outcome]]


def served_search(served: Served, articles: Sequence[Article]) -> Search:
    """Search as the service does, the language of a question identified and not told."""
    pipeline = served.pipeline
    index = PassageIndex.build(
        [(article, cut(article)) for article in articles],
        pipeline.bundle.encoders,
        pipeline.profile,
    )
    calibrator = calibrator_of(served)

    def search(questions: Sequence[Question]) -> list[Outcome]:
        texts = [question.text for question in questions]
        codes = [pipeline.identifier.identify(text).code for text in texts]
        outcomes = []
        for question, code, vector in zip(
            questions, codes, served.encode(texts, codes), strict=True
        ):
            query = Query(question.text, code, vector, FILTERS, question.article_language)
            hits = index.search(query, DEPTH)
            sure = calibrator.confidence(hits[0], question.text) if hits else 0.0
            outcomes.append(_outcome([hit.article.id for hit in hits], question, sure))
        return outcomes

    return search


def calibrator_of(served: Served) -> RetrievalCalibrator:
    """Return the retrieval calibrator of a bundle's profile."""
    content = served.pipeline.bundle.retrieval or {}
    return from_json(content)[served.pipeline.profile.name]


def word_search(articles: Sequence[Article]) -> Search:
    """Search by BM25 alone, over the articles of the searched language."""
    parts: dict[str, tuple[LexicalIndex, list[str]]] = {}
    for language in {article.language for article in articles}:
        own = [article for article in articles if article.language == language]
        passages = [(article.id, passage.text) for article in own for passage in cut(article)]
        texts = [text for _, text in passages]
        parts[language] = LexicalIndex.of(texts), [article_id for article_id, _ in passages]

    def search(questions: Sequence[Question]) -> list[Outcome]:
        outcomes = []
        for question in questions:
            words, ids = parts[question.article_language or question.language]
            outcomes.append(_ranked(words.scores(question.text), ids, question))
        return outcomes

    return search


def vector_search(encoder: Encoder, articles: Sequence[Article], cache: Path) -> Search:
    """Search by the cosine of the best passage alone, with one encoder on both sides.

    Args:
        encoder: Encodes questions and passages.
        articles: Searched all together.
        cache: Folder where vectors are kept between runs.
    """
    passages = [(article.id, passage.text) for article in articles for passage in cut(article)]
    ids = [article_id for article_id, _ in passages]
    rows = cached_encode([text for _, text in passages], encoder, cache)

    def search(questions: Sequence[Question]) -> list[Outcome]:
        found = cached_encode([question.text for question in questions], encoder, cache)
        return [_ranked(rows @ row, ids, q) for q, row in zip(questions, found, strict=True)]

    return search


class TeacherEncoder:
    """The packaged MiniLM in full precision, as its makers run it; loaded when first needed."""

    name, dim, space = "minilm-fp32", 384, "minilm-fp32"

    def __init__(self) -> None:
        self.fingerprint = f"{PACKAGED} {version(PACKAGED)}"

    @cached_property
    def _model(self) -> "SentenceTransformer":
        # Imported late: torch takes seconds, and kept vectors need no model.
        from training.export_onnx import load_source

        return load_source(PACKAGED).model

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, 384)``."""
        rows = self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(rows, np.float32)


def _ranked(scores: Vectors, ids: Sequence[str], question: Question) -> Outcome:
    order = np.argsort(-scores, kind="stable")
    return _outcome(list(dict.fromkeys(ids[row] for row in order)), question, 0.0)


def _outcome(ids: Sequence[str], question: Question, confidence: float) -> Outcome:
    rank = ids.index(question.article_id) if question.article_id in ids else NONE
    return Outcome(rank, confidence, question.article_id is not None)
