"""The help centre: the same articles in four languages, questions for each, none used twice."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from triage.domain import Article
from triage.knowledge.importer import read_articles
from triage.settings import CHECKOUT

ARTICLES = CHECKOUT / "data" / "articles"
QUESTIONS = CHECKOUT / "data" / "questions"
LANGUAGES = ("en", "da", "ro", "zh")
PARTS = ("service", "technical")
Question = dict[str, Any]


@pytest.fixture(scope="module")
def articles() -> tuple[Article, ...]:
    """Read all articles as the service does."""
    return read_articles(ARTICLES)


def questions(kind: str) -> list[Question]:
    """Read the questions of one kind from both parts."""
    return [
        json.loads(line)
        for part in PARTS
        for line in (QUESTIONS / f"{kind}-{part}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def test_forty_articles_in_each_language(articles: tuple[Article, ...]) -> None:
    """Every language has the same forty ids."""
    ids = {code: {a.id for a in articles if a.language == code} for code in LANGUAGES}

    assert len(articles) == 160
    assert all(len(names) == 40 for names in ids.values())
    assert all(names == ids["en"] for names in ids.values())


def test_files_are_named_after_their_articles() -> None:
    """Folder and file name are language and id; no stray file lies between them."""
    for path in ARTICLES.rglob("*"):
        if path.is_file():
            head = path.read_text(encoding="utf-8").split("---")[1]
            assert path.suffix == ".md"
            assert f"\nid: {path.stem}\n" in head, path
            assert f"\nlanguage: {path.parent.name}\n" in head, path


def test_front_matter_is_complete(articles: tuple[Article, ...]) -> None:
    """Title, tags, audience and brand are never missing, and the body has headings."""
    for article in articles:
        place = f"{article.id}/{article.language}"
        assert article.title, place
        assert article.tags, place
        assert article.audience in {"customer", "business"}, place
        assert article.brand == "kvistholm", place
        assert "## " in article.body, place


def test_translations_agree_on_who_may_read_them(articles: tuple[Article, ...]) -> None:
    """Audience, visibility, validity and tags are the same in every language."""
    facts: dict[str, set[tuple[object, ...]]] = {}
    for a in articles:
        key = (a.audience, a.visibility, a.valid_until, tuple(sorted(a.tags)))
        facts.setdefault(a.id, set()).add(key)

    assert {name: found for name, found in facts.items() if len(found) > 1} == {}


def test_special_articles_stand_out(articles: tuple[Article, ...]) -> None:
    """Two are for agents, two for companies, one expires."""
    english = [a for a in articles if a.language == "en"]

    assert {a.id for a in english if a.visibility == "internal"} == {
        "escalate-a-complaint",
        "diagnose-with-the-service-log",
    }
    assert {a.id for a in english if a.audience == "business"} == {
        "invoice-and-vat",
        "volume-orders-for-companies",
    }
    assert {a.id: a.valid_until for a in english if a.valid_until} == {
        "holiday-opening-hours": date(2027, 12, 31)
    }


def test_three_test_questions_per_article_and_language(articles: tuple[Article, ...]) -> None:
    """Each article has three test questions and one for calibration in every language."""
    keys = {(a.id, a.language) for a in articles}

    for kind, count in (("test", 3), ("calibration", 1)):
        found = Counter((q["article_id"], q["language"]) for q in questions(kind))
        assert set(found) == keys
        assert set(found.values()) == {count}


def test_unanswerable_questions_have_no_article() -> None:
    """Half of them set the threshold, half test it, evenly over the languages."""
    found = Counter((q["language"], q["split"]) for q in questions("unanswerable"))

    assert all(q["article_id"] is None for q in questions("unanswerable"))
    assert {code for code, _ in found} == set(LANGUAGES)
    assert {split for _, split in found} == {"test", "calibration"}
    assert min(found.values()) >= 14


def test_question_ids_are_unique() -> None:
    """No id stands twice over all files."""
    every = [q for kind in ("test", "calibration", "unanswerable") for q in questions(kind)]
    counts = Counter(q["id"] for q in every)

    assert [name for name, count in counts.items() if count > 1] == []
    assert all(q["text"].strip() for q in every)


def test_no_question_tests_what_it_calibrated() -> None:
    """No test question equals a calibration question, case and punctuation apart."""
    spare = questions("unanswerable")
    calibration = [*questions("calibration"), *(q for q in spare if q["split"] == "calibration")]
    test = [*questions("test"), *(q for q in spare if q["split"] == "test")]

    assert {shape(q) for q in test}.isdisjoint(shape(q) for q in calibration)
    assert len({shape(q) for q in test}) == len(test)


def shape(question: Question) -> str:
    """Fold case, spaces and punctuation of a question."""
    return "".join(char for char in question["text"].casefold() if char.isalnum())


def test_no_question_is_a_title(articles: tuple[Article, ...]) -> None:
    """Questions are worded by customers, not copied from the headline."""
    titles = {"".join(c for c in a.title.casefold() if c.isalnum()) for a in articles}

    assert titles.isdisjoint(shape(q) for q in questions("test"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_canned_responses_exist(code: str) -> None:
    """Every language of the help centre has its canned responses."""
    assert Path(CHECKOUT / "data" / "canned" / f"{code}.toml").is_file()
