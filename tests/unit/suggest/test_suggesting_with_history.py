"""Suggestions of a knowledge base whose agents left a history."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from tests.unit.suggest.builders import article, index, query
from triage.domain import Article
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator
from triage.suggest.history import History, Ranker
from triage.suggest.index import PassageIndex
from triage.suggest.query import Query
from triage.suggest.suggester import Suggester
from triage.suggest.verdicts import Handled
from triage.suggest.voice.voices import SILENT

WEIGHTS = {"dense": 2.0, "margin": 1.0}
CALIBRATOR = RetrievalCalibrator(
    tuple(WEIGHTS.get(name, 0.0) for name in FEATURES), -1.0, threshold=0.5, precision=0.8
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ARTICLES = [
    article("reset", "Reset your password", "1. Open the page.\n2. Click the link."),
    article("return", "Return an item", "Print the label."),
    article("secret", "Close an account", "For agents alone.", visibility="internal"),
]
ASKED = query("reset my password please")


def remembering(suggester: Suggester, asked: Query, used: str, agents: Sequence[str]) -> Suggester:
    """Let agents have used an article for a message."""
    embedder = suggester.index.embedder
    items = [
        Handled(n, agent, NOW, "en", asked.text, ((used, "used"),))
        for n, agent in enumerate(agents)
    ]
    vectors = np.tile(embedder.question(asked), (len(items), 1))
    ranker = Ranker(embedder.fingerprint(), 3.0, 3.0, 1.0, 60, 0.5)
    suggester.history = History(ranker, items, vectors, NOW)
    return suggester


def alike(count: int) -> list[Article]:
    """Write articles that all fit the question."""
    return [
        article(f"reset-{number:02}", f"Reset password {number}", "Reset my password.")
        for number in range(count)
    ]


def desk(knowledge: PassageIndex | None = None) -> Suggester:
    """Suggest over a few articles."""
    return Suggester(knowledge or index(*ARTICLES), CALIBRATOR, SILENT)


def test_what_agents_used_for_like_messages_comes_first() -> None:
    """History changes order and confidence, and the answer tells by how much."""
    before = desk().suggest(ASKED, 2, 0.0)
    after = remembering(desk(), ASKED, "return", "abcd").suggest(ASKED, 2, 0.0)

    assert [item.article_id for item in before.items] == ["reset", "return"]
    assert [item.article_id for item in after.items] == ["return", "reset"]
    assert after.items[0].score_parts["history"] > 0
    assert after.items[0].score_parts["dense"] == before.items[1].score_parts["dense"]
    assert after.items[0].confidence > before.items[1].confidence
    assert after.items[1].score_parts["history"] == 0
    assert after.items[1].confidence == before.items[0].confidence


def test_history_of_something_else_changes_no_bit() -> None:
    """Answers that history says nothing about are equal to those of search alone."""
    asked = query("print the label")
    silent = remembering(desk(), query("xylophone lessons"), "gone", "abcd")

    for least in (None, 0.0):
        assert silent.suggest(asked, 3, least) == desk().suggest(asked, 3, least)


def test_one_agent_changes_no_bit() -> None:
    """A single agent's feedback, however much of it, leaves every answer."""
    flood = remembering(desk(), ASKED, "return", "a" * 40)

    assert flood.suggest(ASKED, 3, 0.0) == desk().suggest(ASKED, 3, 0.0)


def test_history_shows_nothing_that_filters_hide() -> None:
    """An article that agents used while it was public is gone once it is internal."""
    answer = remembering(desk(), ASKED, "secret", "abcd").suggest(ASKED, 3, 0.0)

    assert "secret" not in {item.article_id for item in answer.items}


def test_history_lifts_what_search_ranks_far_below() -> None:
    """An article beyond the hits that search alone considers can be suggested."""
    many = [
        article(f"reset-{n:02}", f"Reset password {n}", "Reset my password.") for n in range(14)
    ]
    knowledge = index(*many, article("odd", "Sign-in trouble", "Password page and more."))
    plain = desk(knowledge).suggest(ASKED, 10, 0.0)

    lifted = remembering(desk(knowledge), ASKED, "odd", "abcdef").suggest(ASKED, 1, 0.0)

    assert "odd" not in {item.article_id for item in plain.items}
    assert lifted.items[0].article_id == "odd"


def test_more_may_be_asked_for_than_is_looked_at() -> None:
    """A wish for many suggestions is met with and without history."""
    many = [
        article(f"reset-{n:02}", f"Reset password {n}", "Reset my password.") for n in range(40)
    ]
    knowledge = index(*many)

    plain = desk(knowledge).suggest(ASKED, 35, 0.0)
    told = remembering(desk(knowledge), ASKED, "gone", "ab").suggest(ASKED, 35, 0.0)

    assert len(plain.items) == 35
    assert told == plain
