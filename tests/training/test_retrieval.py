import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.suggest.builders import PROFILE, article, encoders, index
from training.retrieval import (
    NEVER,
    Question,
    ask,
    fit_profiles,
    fit_retrieval,
    read_questions,
    threshold,
)
from triage.errors import ConfigError, ExportError
from triage.suggest.calibrator import from_json

WORDS = [
    "lamp",
    "plug",
    "hub",
    "camera",
    "sensor",
    "alarm",
    "router",
    "invoice",
    "refund",
    "parcel",
    "voucher",
    "address",
]
ARTICLES = [article(word, f"About the {word}", f"The {word} has a {word} page.") for word in WORDS]
RIGHT = [
    Question(f"{word}-{n}", "en", text.format(word), word)
    for word in WORDS
    for n, text in enumerate(("my {} please", "what about the {}", "{} trouble again"))
]
WRONG = [
    Question(f"none-{n}", "en", text, None)
    for n, text in enumerate(
        (
            "hire a car",
            "discount for nurses",
            "good morning to you",
            "write poems about spring",
            "is my dog allowed inside",
            "which train goes north",
            "can you cook dinner",
            "who won yesterday",
            "sing something happy",
            "do plants need music",
            "how tall are giraffes",
            "book flights for two",
        )
    )
]


def test_questions_without_an_answer_or_with_only_answers_are_refused() -> None:
    """A calibrator needs right and wrong hits."""
    with pytest.raises(ConfigError, match="only right or only wrong"):
        fit_retrieval(index(*ARTICLES), WRONG)


def test_fitted_calibrator_tells_right_from_wrong() -> None:
    """Answerable questions get more confidence than those without an article."""
    knowledge = index(*ARTICLES)

    calibrator = fit_retrieval(knowledge, [*RIGHT, *WRONG], precision=0.8)

    def mean(questions: list[Question]) -> float:
        asked = ask(knowledge, questions, across=False)
        return float(np.mean([calibrator.confidence(a.hits[0], a.question.text) for a in asked]))

    assert mean(RIGHT) > 0.7 > mean(WRONG)
    assert mean(WRONG) < calibrator.threshold < mean(RIGHT)


def test_precision_out_of_reach_suggests_nothing() -> None:
    """Too few questions for the precision asked put the threshold above every confidence."""
    assert fit_retrieval(index(*ARTICLES), [*RIGHT, *WRONG], precision=0.999).threshold == NEVER


def test_searches_across_languages_are_added() -> None:
    """Each question is also searched in every other language of the index alone."""
    danish = [replace(one, language="da") for one in ARTICLES]

    asked = ask(index(*ARTICLES, *danish), RIGHT[:1], across=True)

    assert [a.article_language for a in asked] == [None, "da"]
    assert not asked[1].hits[0].same_language


def test_threshold_keeps_ties_together() -> None:
    """Equal confidences are suggested together or not at all."""
    confidence = np.array([0.9] * 30 + [0.5] * 30)
    right = np.array([True] * 30 + [True] * 15 + [False] * 15)

    assert threshold(confidence, right, 0.8) == 0.9
    assert threshold(confidence, right, 0.5) == 0.5
    assert threshold(confidence, np.zeros(60, bool), 0.5) == NEVER


def test_profiles_are_fitted_into_one_file() -> None:
    """The content names the vector space and holds one calibrator per profile."""
    content = fit_profiles(ARTICLES, [*RIGHT, *WRONG], encoders(), [PROFILE])

    assert content["space"] == "hashing-space"
    assert list(from_json(json.loads(json.dumps(content)))) == ["tiny"]


def test_fit_is_repeatable() -> None:
    """The same questions give the same calibrator."""
    knowledge = index(*ARTICLES)

    assert fit_retrieval(knowledge, [*RIGHT, *WRONG]) == fit_retrieval(knowledge, [*RIGHT, *WRONG])


def test_questions_are_read_by_split(tmp_path: Path) -> None:
    """File names give the split, a split column overrules, null means no article."""
    row = {"id": "q", "language": "en", "text": "t", "article_id": "a"}
    none = {**row, "id": "n", "article_id": None, "split": "test"}
    (tmp_path / "calibration-x.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (tmp_path / "unanswerable-x.jsonl").write_text(json.dumps(none), encoding="utf-8")

    assert read_questions(tmp_path, "calibration") == (Question("q", "en", "t", "a"),)
    assert read_questions(tmp_path, "test") == (Question("n", "en", "t", None),)


def test_missing_and_broken_question_files_are_refused(tmp_path: Path) -> None:
    """No questions, or a row without a column, say what is missing."""
    with pytest.raises(ConfigError, match="no calibration questions"):
        read_questions(tmp_path, "calibration")
    (tmp_path / "test-x.jsonl").write_text('{"id": "q"}', encoding="utf-8")
    with pytest.raises(ExportError, match="language"):
        read_questions(tmp_path, "test")
