"""How well articles are found, and how well the service knows that there is none."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.quality.harness.bench import NO_PUBLIC_SETS, Bench
from tests.quality.harness.finding import (
    DEPTH,
    Outcome,
    Question,
    Search,
    TeacherEncoder,
    calibrator_of,
    served_search,
    vector_search,
    word_search,
)
from tests.quality.harness.tables import Figures, Row, Section, Table
from training.retrieval import read_questions
from triage.domain import Article
from triage.encoders.base import Encoder
from triage.knowledge.importer import read_articles
from triage.rows import read_rows

TESTS = Path(__file__).parents[1]
ENGLISH = "en"
Groups = Mapping[str, Sequence[Question]]
"""Pair of languages, such as ``da -> en``, to its questions."""
RECALL_NOTE = (
    "recall@1, @3, @5 and mean reciprocal rank (beyond ten 0) of the right article, no threshold. "
    "Language of a question found by the service. BM25 searches the words alone; MiniLM is the "
    "model in full precision by cosine alone, over English articles only. "
)
NO_ANSWER_NOTE = (
    "Our help centre at the shipped threshold; `unanswerable`: questions on its topics that no "
    "article answers. `no_answer_precision`: unanswerable among the refused; `no_answer_recall`: "
    "refused among the unanswerable; `first_right`: right among the first suggestions shown; "
    "`answered_right`: shown and right among the answerable."
)


def measure(bench: Bench) -> Section:
    """Measure recall per set and language pair, and refusals of our own help centre."""
    teacher = TeacherEncoder()
    articles, groups = help_centre(bench)
    own = _searches(bench, articles, teacher)
    answerable = {name: [q for q in part if q.article_id] for name, part in groups.items()}
    tables = [_recall("own_help_centre", "Our help centre.", answerable, own)]
    tables.append(_refusals(bench, groups, own))
    skipped = []
    if bench.datasets is None:
        skipped.append(f"kb-alchemy, xquad: {NO_PUBLIC_SETS}")
    else:
        tables += _public(bench, bench.datasets, teacher)
    return Section("retrieval", "Help-centre search", tables, skipped)


def _public(bench: Bench, folder: Path, teacher: Encoder) -> list[Table]:
    articles = list(read_articles(folder / "kb-alchemy" / "en.csv", ENGLISH))
    # MiniLM is left out here: English titles find themselves, and the passages would take minutes.
    searches = _searches(bench, articles)
    data = f"{len(articles)} English articles of kb-alchemy,"
    titles = _recall(
        "alchemy_titles",
        f"{data} titles of 300 articles that no encoder was trained on.",
        alchemy_titles(bench, folder),
        searches,
    )
    questions = _recall(
        "alchemy_questions",
        f"{data} our questions to left-out ones.",
        alchemy_questions(),
        searches,
    )
    paragraphs, asked = xquad(folder)
    note = f"{len(paragraphs)} English paragraphs of XQuAD."
    return [
        titles,
        questions,
        _recall("xquad", note, asked, _searches(bench, paragraphs, teacher)),
    ]


def _searches(
    bench: Bench, articles: Sequence[Article], teacher: Encoder | None = None
) -> dict[str, Search]:
    found: dict[str, Search] = {
        name: served_search(one, articles) for name, one in bench.service.profiles.items()
    }
    found["BM25"] = word_search(articles)
    if teacher is not None:
        english = [article for article in articles if article.language == ENGLISH]
        cache = bench.settings.home / "cache" / "quality"
        found["MiniLM"] = vector_search(teacher, english, cache)
    return found


def _recall(name: str, note: str, groups: Groups, searches: Mapping[str, Search]) -> Table:
    rows = []
    for pair, questions in groups.items():
        english = all(q.article_language == ENGLISH for q in questions)
        figures = {
            way: _recalls(search(questions))
            for way, search in searches.items()
            if english or way != "MiniLM"
        }
        rows.append(Row((pair,), len(questions), figures))
    return Table(name, RECALL_NOTE + note, ("languages",), rows)


def _recalls(outcomes: Sequence[Outcome]) -> Figures:
    ranks = np.asarray([one.rank for one in outcomes])
    places = {f"recall@{top}": float((ranks < top).mean()) for top in (1, 3, 5)}
    return {**places, "mrr": float(np.where(ranks < DEPTH, 1 / (ranks + 1), 0).mean())}


def _refusals(bench: Bench, groups: Groups, searches: Mapping[str, Search]) -> Table:
    rows = []
    for pair, questions in groups.items():
        figures = {
            name: _shown(searches[name](questions), calibrator_of(served).threshold)
            for name, served in bench.service.profiles.items()
        }
        rows.append(Row((pair,), len(questions), figures))
    return Table("no_answer", NO_ANSWER_NOTE, ("languages",), rows)


def _shown(outcomes: Sequence[Outcome], threshold: float) -> Figures:
    shown = [one for one in outcomes if one.confidence >= threshold]
    refused = [one for one in outcomes if one.confidence < threshold]
    right = [one.answerable and one.rank == 0 for one in shown]
    answerable = sum(one.answerable for one in outcomes)
    return {
        "unanswerable": len(outcomes) - answerable,
        "no_answer_precision": _mean(not one.answerable for one in refused),
        "no_answer_recall": _mean(
            one.confidence < threshold for one in outcomes if not one.answerable
        ),
        "first_right": _mean(right),
        "answered_right": sum(right) / answerable if answerable else None,
    }


def _mean(values: Iterable[bool]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None


def help_centre(bench: Bench) -> tuple[list[Article], Groups]:
    """Read our articles with the test questions, asked of each language's articles in turn."""
    articles = list(read_articles(bench.settings.data / "articles"))
    languages = sorted({article.language for article in articles})
    groups: dict[str, list[Question]] = {}
    for one in read_questions(bench.settings.data / "questions", "test"):
        for code in languages:
            question = Question(one.language, one.text, one.article_id, code)
            groups.setdefault(f"{one.language} -> {code}", []).append(question)
    return articles, groups


def alchemy_titles(bench: Bench, folder: Path) -> Groups:
    """Read the titles of the left-out articles in every language."""
    listed = bench.settings.data / "alchemy_left_out.txt"
    kept = set(listed.read_text(encoding="utf-8").splitlines())
    return {
        f"{code} -> en": [
            Question(code, row["title"], row["article_id"], ENGLISH)
            for row in read_rows(folder / "kb-alchemy" / f"{code}.csv")
            if row["article_id"] in kept
        ]
        for code in bench.languages
    }


def alchemy_questions() -> Groups:
    """Read our questions about left-out articles."""
    groups: dict[str, list[Question]] = {}
    for row in read_rows(TESTS / "alchemy_questions.csv"):
        question = Question(row["language"], row["text"], row["article_id"], ENGLISH)
        groups.setdefault(f"{row['language']} -> en", []).append(question)
    return groups


def xquad(folder: Path) -> tuple[list[Article], Groups]:
    """Read English paragraphs, and the questions about them in three languages."""
    articles = [
        Article(row["id"], ENGLISH, row["title"].replace("_", " "), row["body"])
        for row in read_rows(folder / "xquad" / "articles.csv.gz")
        if row["language"] == ENGLISH
    ]
    groups: dict[str, list[Question]] = {}
    for row in read_rows(folder / "xquad" / "questions.csv"):
        if row["language"] in {ENGLISH, "ro", "zh"}:
            answer = "en-" + row["relevant_ids"].partition("-")[2]
            question = Question(row["language"], row["text"], answer, ENGLISH)
            groups.setdefault(f"{row['language']} -> en", []).append(question)
    return articles, groups
