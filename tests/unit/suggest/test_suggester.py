from pathlib import Path

import pytest

from tests.unit.suggest.builders import article, index, query
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator
from triage.suggest.draft import Recipient
from triage.suggest.suggester import Suggester
from triage.suggest.voice.voices import load_voices

VOICES = load_voices(Path("data"))
RESET = article("reset", "Reset your password", "1. Open the page.\n2. Click the link.")
RETURN = article("return", "Return an item", "Print the label.")
WEIGHTS = {"dense": 4.0, "margin": 8.0}
CALIBRATOR = RetrievalCalibrator(
    tuple(WEIGHTS.get(name, 0.0) for name in FEATURES), -4.0, threshold=0.5, precision=0.8
)
SUGGESTER = Suggester(index(RESET, RETURN), CALIBRATOR, VOICES)


def test_nothing_asked_for_gives_its_reason() -> None:
    """Zero suggestions is a wish, not a failure."""
    assert SUGGESTER.suggest(query("reset"), 0).no_suggestion_reason == "not_requested"


def test_empty_knowledge_base_gives_its_reason() -> None:
    """Without articles, and with none that may be shown, the knowledge base is empty."""
    none = Suggester(index(), CALIBRATOR, VOICES)

    assert none.suggest(query("reset"), 3).no_suggestion_reason == "empty_knowledge_base"
    hidden = SUGGESTER.suggest(query("reset", tags=("nope",)), 3)
    assert hidden.no_suggestion_reason == "empty_knowledge_base"


def test_below_the_threshold_gives_its_reason() -> None:
    """A question that nothing answers gets no suggestion."""
    answer = SUGGESTER.suggest(query("xylophone lessons in spring"), 3)

    assert answer.items == ()
    assert answer.no_suggestion_reason == "nothing_above_threshold"


def test_suggestions_are_sorted_and_explained() -> None:
    """Suggestions carry confidence, passage, language, draft and the parts of their score."""
    answer = SUGGESTER.suggest(query("reset password"), 3, recipient=Recipient("Ann"))
    first = answer.items[0]

    assert answer.no_suggestion_reason is None
    assert (first.article_id, first.passage_id, first.language) == ("reset", "reset/en#1", "en")
    assert first.confidence >= CALIBRATOR.threshold
    assert set(first.score_parts) == {"lexical", "dense", "history"}
    assert first.score_parts["history"] == 0
    assert first.reply.startswith("Hello Ann,")
    assert "2. Click the link." in first.reply


def test_asked_confidence_replaces_the_threshold() -> None:
    """A threshold of zero shows everything up to the number asked for."""
    answer = SUGGESTER.suggest(query("xylophone"), 2, min_confidence=0)

    assert len(answer.items) == 2


def test_draft_is_in_the_customers_language() -> None:
    """A Danish question about an English article gets a Danish sentence that points at it."""
    answer = SUGGESTER.suggest(query("nulstil adgangskode", "da"), 1, min_confidence=0)

    assert answer.items[0].reply.startswith("Hej,")
    assert answer.items[0].answer == RESET.body


@pytest.mark.parametrize("language", ["", "und"])
def test_unsure_language_drafts_in_the_articles(language: str) -> None:
    """When the language is unsure, the article's is used."""
    answer = SUGGESTER.suggest(query("reset password", language), 1, min_confidence=0)

    assert answer.items[0].reply.startswith("Hello,")


def test_language_without_canned_responses_has_no_draft() -> None:
    """Without canned responses the suggestion stays and its draft is empty."""
    answer = SUGGESTER.suggest(query("reset", "fi"), 1, min_confidence=0)

    assert answer.items[0].reply == ""
    assert answer.items[0].answer


def test_surest_comes_first_however_few_are_asked_for() -> None:
    """The order is that of confidence, also where the search ranks otherwise."""
    contrary = RetrievalCalibrator(
        tuple(-4.0 if name == "dense" else 0.0 for name in FEATURES), 0.0, 0.0, 0.8
    )
    suggester = Suggester(index(RESET, RETURN), contrary, VOICES)
    asked = query("reset password")

    both = suggester.suggest(asked, 2).items

    assert [item.article_id for item in both] == ["return", "reset"]
    assert both[0].confidence > both[1].confidence
    assert suggester.suggest(asked, 1).items == both[:1]
