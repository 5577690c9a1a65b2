"""Fit how sure a suggestion is: the retrieval calibrator and its threshold, per profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from training.config import BOUND
from training.metrics import precision_bound
from triage.bundle.manifest import RETRIEVAL
from triage.bundle.store import to_json as json_bytes
from triage.domain import Article
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.loading import TINY, TWIN, load_encoder_set
from triage.errors import ConfigError
from triage.knowledge.importer import read_articles
from triage.rows import read_rows
from triage.suggest.calibrator import RetrievalCalibrator, features, to_json
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Hit, Query
from triage.text.passages import cut

HITS = 3
"""Hits a question gives to the fit: as many as an answer suggests by default."""
STRENGTH = 1.0
"""Inverse regularisation on standardised features (scikit-learn's ``C``)."""
PRECISION = 0.5
"""Precision asked of first suggestions: surely more often right than wrong.

An agent reads a suggestion before it goes out, and a missing one helps nobody, so less is asked
than of labels.
"""
NEVER = 1.01
"""A threshold above every confidence."""
FILTERS = Filters(date.min)
"""Public articles only, none of them expired."""

Split = Literal["calibration", "test"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """A written question; ``article_id`` is None when no article answers it."""

    id: str
    language: str
    text: str
    article_id: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question with its hits, over all articles or those of one language."""

    question: Question
    article_language: str | None
    hits: list[Hit]

    def is_right(self, hit: Hit) -> bool:
        """Tell whether a hit's article answers the question."""
        return hit.article.id == self.question.article_id


def read_questions(folder: Path, split: Split) -> tuple[Question, ...]:
    """Read ``<split>-*.jsonl``, and those rows of ``unanswerable-*.jsonl`` of this split.

    Raises:
        ConfigError: When there are none.
        ExportError: When a file is broken.
    """
    questions = []
    for path in sorted(folder.glob("*.jsonl")):
        for row in read_rows(path, required=("id", "language", "text", "article_id")):
            if row.get("split", path.name.partition("-")[0]) == split:
                answer = row["article_id"] or None
                questions.append(Question(row["id"], row["language"], row["text"], answer))
    if not questions:
        raise ConfigError(f"{folder}: no {split} questions.", fix=f"Add {split}-<part>.jsonl.")
    return tuple(questions)


def ask(index: PassageIndex, questions: Sequence[Question], *, across: bool) -> list[Asked]:
    """Search each question over all articles, and ``across`` also over each other language alone.

    The second kind stands for a knowledge base that is not translated.
    """
    texts, codes = [q.text for q in questions], [q.language for q in questions]
    embedder = index.embedder
    vectors = embedder.encoders.encode(texts, codes, embedder.profile)
    languages = sorted({article.language for article in index.articles}) if across else []
    asked = []
    for question, vector in zip(questions, vectors, strict=True):
        others = [language for language in languages if language != question.language]
        for scope in (None, *others):
            query = Query(question.text, question.language, vector, FILTERS, scope)
            asked.append(Asked(question, scope, index.search(query, HITS)))
    return asked


def fit_retrieval(
    index: PassageIndex, questions: Sequence[Question], precision: float = PRECISION
) -> RetrievalCalibrator:
    """Fit the calibrator on the first hits of held-out questions, and its threshold.

    Args:
        index: The articles that the questions were written for.
        questions: None of them used elsewhere; those without an article make every hit wrong.
        precision: Share of right first suggestions that the threshold keeps, by the one-sided
            95 % Clopper-Pearson bound; out of reach, the threshold lies above every confidence.

    Raises:
        ConfigError: When the hits are all right or all wrong, so that nothing can be fitted.
    """
    asked = ask(index, questions, across=True)
    rows = [(a, hit) for a in asked for hit in a.hits]
    truth = np.array([a.is_right(hit) for a, hit in rows], bool)
    if len(set(truth.tolist())) < 2:  # noqa: PLR2004 -- right and wrong
        raise ConfigError(
            "The calibration questions give only right or only wrong hits.",
            fix="Add questions with and without an answer among the articles.",
        )
    weights, intercept = _logistic(
        np.stack([features(hit, a.question.text) for a, hit in rows]), truth
    )
    fitted = RetrievalCalibrator(weights, intercept, NEVER, precision)
    first = [a for a in _one_scope_more(asked) if a.hits]
    confidence = np.array([fitted.confidence(a.hits[0], a.question.text) for a in first])
    right = np.array([a.is_right(a.hits[0]) for a in first], bool)
    return RetrievalCalibrator(
        weights, intercept, threshold(confidence, right, precision), precision
    )


def threshold(confidence: Floats, right: NDArray[np.bool_], precision: float) -> float:
    """Find the lowest confidence above which first suggestions are surely right often enough."""
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    last_of_its_value = np.append(np.diff(ranked) != 0, True)
    bounds = precision_bound(np.cumsum(right[order]), np.arange(1, len(order) + 1), BOUND)
    enough = np.flatnonzero(last_of_its_value & (bounds >= precision))
    return float(ranked[enough[-1]]) if len(enough) else NEVER


def _one_scope_more(asked: Sequence[Asked]) -> list[Asked]:
    """Keep each question once over all articles and once across languages, in turn.

    The bound counts questions; all scopes of one question together would make it too sure.
    """
    own = [a for a in asked if a.article_language is None]
    across: dict[str, list[Asked]] = {}
    for a in asked:
        if a.article_language is not None:
            across.setdefault(a.question.id, []).append(a)
    return own + [scopes[turn % len(scopes)] for turn, scopes in enumerate(across.values())]


def _logistic(rows: Floats, truth: NDArray[np.bool_]) -> tuple[tuple[float, ...], float]:
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit((rows - mean) / spread, truth)
    weights = np.asarray(model.coef_[0], np.float64) / spread
    intercept = float(model.intercept_[0] - weights @ mean)
    return tuple(float(weight) for weight in weights), intercept


def fit_profiles(
    articles: Sequence[Article],
    questions: Sequence[Question],
    encoders: EncoderSet,
    profiles: Sequence[Profile],
    precision: float = PRECISION,
) -> dict[str, object]:
    """Fit one calibrator per profile; return the content of ``retrieval.json``."""
    pairs = [(article, cut(article)) for article in articles]
    fitted = {
        profile.name: fit_retrieval(
            PassageIndex.build(pairs, encoders, profile), questions, precision
        )
        for profile in profiles
    }
    return to_json(fitted, encoders.space)


def main(
    encoders: Annotated[Path, typer.Option(help="Encoder folders.")] = Path("models/encoders"),
    articles: Annotated[Path, typer.Option(help="Articles.")] = Path("data/articles"),
    questions: Annotated[Path, typer.Option(help="Questions.")] = Path("data/questions"),
    precision: Annotated[float, typer.Option(min=0, max=1, help="Asked of first ones.")] = (
        PRECISION
    ),
) -> None:
    """Fit the retrieval calibrators of the shipped encoders.

    Example: python -m training.retrieval --precision 0.6
    """
    content = fit_profiles(
        read_articles(articles),
        read_questions(questions, "calibration"),
        load_encoder_set(encoders / name for name in ("minilm", "polyglot", "static")),
        (TWIN, TINY),
        precision,
    )
    (encoders / RETRIEVAL).write_bytes(json_bytes(content))
    typer.echo(f"Wrote {encoders / RETRIEVAL}")


if __name__ == "__main__":
    typer.run(main)
