"""Print how well articles are found, both profiles side by side, with BM25 alone beside them.

Run ``TRIAGE_DATASETS=FOLDER python tests/quality/retrieval.py``; it takes a few minutes. Nothing
here was used to choose or fit anything: left-out articles, test questions and unseen paragraphs.
"""

import argparse
import csv
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from training.retrieval import FILTERS, read_questions
from triage.bundle.manifest import RETRIEVAL, read_json
from triage.domain import Article
from triage.encoders.base import EncoderSet
from triage.encoders.loading import TINY, TWIN, load_encoder_set
from triage.knowledge.importer import read_articles
from triage.rows import read_rows
from triage.suggest.calibrator import RetrievalCalibrator, from_json
from triage.suggest.index import PassageIndex
from triage.suggest.lexical import LexicalIndex
from triage.suggest.query import Query
from triage.text.passages import cut

ROOT = Path(__file__).parents[2]
DEPTH = 10
PROFILES = (TWIN, TINY)
NONE = 99


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the article that answers it, and the language that is searched."""

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


Search = Callable[[Sequence[Case]], list[Outcome]]


def dense_search(index: PassageIndex, calibrator: RetrievalCalibrator) -> Search:
    """Search as the service does."""

    def search(cases: Sequence[Case]) -> list[Outcome]:
        texts, codes = [case.text for case in cases], [case.language for case in cases]
        vectors = index.encoders.encode(texts, codes, index.profile)
        outcomes = []
        for case, vector in zip(cases, vectors, strict=True):
            query = Query(case.text, case.language, vector, FILTERS, case.article_language)
            hits = index.search(query, DEPTH)
            ids = [hit.article.id for hit in hits]
            sure = calibrator.confidence(hits[0], case.text)
            outcomes.append(Outcome(_rank(ids, case), sure, case.article_id is not None))
        return outcomes

    return search


def word_search(articles: Sequence[Article]) -> Search:
    """Search by BM25 alone, over the articles of the searched language."""
    parts: dict[str, tuple[LexicalIndex, list[str]]] = {}
    for language in {article.language for article in articles}:
        own = [article for article in articles if article.language == language]
        passages = [(article.id, passage.text) for article in own for passage in cut(article)]
        texts = [text for _, text in passages]
        parts[language] = LexicalIndex(texts), [article_id for article_id, _ in passages]

    def search(cases: Sequence[Case]) -> list[Outcome]:
        outcomes = []
        for case in cases:
            words, ids = parts[case.article_language or case.language]
            order = np.argsort(-words.scores(case.text), kind="stable")
            ranked = list(dict.fromkeys(ids[row] for row in order))
            outcomes.append(Outcome(_rank(ranked, case), 0.0, case.article_id is not None))
        return outcomes

    return search


def _rank(ids: Sequence[str], case: Case) -> int:
    return ids.index(case.article_id) if case.article_id in ids else NONE


def recall(outcomes: Iterable[Outcome], top: int) -> float:
    """Return the share of answerable questions whose article is among the first."""
    return float(np.mean([one.rank < top for one in outcomes if one.answerable]))


def mean_reciprocal_rank(outcomes: Iterable[Outcome]) -> float:
    """Return the mean of 1 / rank over answerable questions; beyond ten counts as 0."""
    found = [one for one in outcomes if one.answerable]
    return float(np.mean([1 / (one.rank + 1) if one.rank < DEPTH else 0.0 for one in found]))


def table(title: str, groups: dict[str, list[Case]], searches: dict[str, Search]) -> Table:
    """Lay out recall@1, @3, @5 and MRR of each group of cases by each way to search."""
    out = Table("questions", "n", *searches, title=f"{title}: recall@1 / @3 / @5, MRR")
    for name, cases in groups.items():
        cells = []
        for search in searches.values():
            got = search(cases)
            shares = " / ".join(f"{recall(got, top):.3f}" for top in (1, 3, 5))
            cells.append(f"{shares}, {mean_reciprocal_rank(got):.3f}")
        out.add_row(name, str(len(cases)), *cells)
    return out


def refusal_table(
    groups: dict[str, list[Case]], searches: dict[str, Search], thresholds: dict[str, float]
) -> Table:
    """Lay out what the learned threshold lets through, by group and profile."""
    out = Table("questions", *searches, title="Own help centre at the learned threshold")
    for name, cases in groups.items():
        cells = []
        for profile, search in searches.items():
            got = search(cases)
            shown = [one for one in got if one.confidence >= thresholds[profile]]
            right = sum(one.answerable and one.rank == 0 for one in shown)
            answerable = sum(one.answerable for one in got)
            refused = [one.confidence < thresholds[profile] for one in got if not one.answerable]
            cells.append(
                f"first suggestion right {right / max(1, len(shown)):.3f} ({right}/{len(shown)}), "
                f"answered {right / max(1, answerable):.3f}, "
                f"unanswerable refused {np.mean(refused) if refused else np.nan:.3f}"
            )
        out.add_row(name, *cells)
    return out


def alchemy(folder: Path) -> tuple[list[Article], dict[str, list[Case]]]:
    """Read the English articles and our questions about left-out ones."""
    articles = list(read_articles(folder / "kb-alchemy" / "en.csv", "en"))
    groups: dict[str, list[Case]] = {}
    with (ROOT / "tests/quality/alchemy_questions.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            case = Case(row["language"], row["text"], row["article_id"], "en")
            groups.setdefault(f"{row['language']} -> en", []).append(case)
    return articles, groups


def xquad(folder: Path) -> tuple[list[Article], dict[str, list[Case]]]:
    """Read English paragraphs, and the questions about them in three languages."""
    articles = [
        Article(row["id"], "en", row["title"].replace("_", " "), row["body"])
        for row in read_rows(folder / "xquad" / "articles.csv.gz")
        if row["language"] == "en"
    ]
    groups: dict[str, list[Case]] = {}
    for row in read_rows(folder / "xquad" / "questions.csv"):
        if row["language"] in {"en", "ro", "zh"}:
            answer = "en-" + row["relevant_ids"].partition("-")[2]
            case = Case(row["language"], row["text"], answer, "en")
            groups.setdefault(f"{row['language']} -> en", []).append(case)
    return articles, groups


def help_centre() -> tuple[list[Article], dict[str, list[Case]], dict[str, list[Case]]]:
    """Read our articles with the test questions, in their language and across."""
    articles = list(read_articles(ROOT / "data" / "articles"))
    languages = sorted({article.language for article in articles})
    same: dict[str, list[Case]] = {}
    across: dict[str, list[Case]] = {}
    for question in read_questions(ROOT / "data" / "questions", "test"):
        for language in languages:
            own = language == question.language
            name = f"{question.language} -> {'same' if own else 'another'} language"
            case = Case(question.language, question.text, question.article_id, language)
            (same if own else across).setdefault(name, []).append(case)
    return articles, same, across


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=Path, default=os.environ.get("TRIAGE_DATASETS"))
    parser.add_argument("--encoders", type=Path, default=ROOT / "models" / "encoders")
    options = parser.parse_args()
    encoders = load_encoder_set(options.encoders / name for name in ("minilm", "static"))
    calibrators = from_json(read_json(options.encoders / RETRIEVAL))
    console = Console(width=160)

    def searches(articles: Sequence[Article], encoders: EncoderSet) -> dict[str, Search]:
        pairs = [(article, cut(article)) for article in articles]
        return {
            profile.name: dense_search(
                PassageIndex.build(pairs, encoders, profile), calibrators[profile.name]
            )
            for profile in PROFILES
        }

    if options.datasets:
        for name, read in (("kb-alchemy", alchemy), ("xquad", xquad)):
            articles, groups = read(options.datasets)
            ways = searches(articles, encoders) | {"BM25 alone": word_search(articles)}
            console.print(table(f"{name}, {len(articles)} articles", groups, ways))
    articles, same, across = help_centre()
    ways = searches(articles, encoders)
    answerable = {
        name: [case for case in cases if case.article_id] for name, cases in (same | across).items()
    }
    words = {"BM25 alone": word_search(articles)}
    console.print(table(f"own, {len(articles)} articles", answerable, ways | words))
    thresholds = {name: one.threshold for name, one in calibrators.items()}
    console.print(refusal_table(same | across, ways, thresholds))


if __name__ == "__main__":
    main()
