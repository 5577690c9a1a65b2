"""Made-up agents: what they correct, use and leave."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from triage.demo.arrivals import Arrival
from triage.demo.desk import handle
from triage.domain import (
    LabelResult,
    Language,
    Message,
    ModelRef,
    Suggestion,
    Suggestions,
    TriageResult,
)

AT = datetime(2026, 3, 18, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=30)
RIGHT, WRONG = "set-up", "refund"


def result_of(number: int, label: str | None, confidence: float = 0.9) -> TriageResult:
    """Answer a message with one label and two suggestions."""
    answer = LabelResult(label, 0.8, "suggest", None, (), top_label=label or "service")
    items = tuple(
        Suggestion(name, f"{name}/en#1", name, None, "en", confidence, "Do this.", "Hi, do.", {})
        for name in (RIGHT, WRONG)
    )
    return TriageResult(
        id=f"m{number}",
        model=ModelRef("b", "champion", "tiny"),
        language=Language("en", 0.9, supported=True),
        cleaned_text="text",
        removed=(),
        truncated=False,
        labels={"category": answer},
        suggestions=Suggestions(items, None),
    )


def events_of(arrival: Arrival, confidence: float = 0.9) -> Counter[tuple[str, str]]:
    """Count what becomes of each suggestion over many messages."""
    found: Counter[tuple[str, str]] = Counter()
    for number in range(300):
        done = handle(arrival, result_of(number, "service", confidence), LATER, 0)
        for use in done.feedback.uses if done else ():
            found[use.passage_id.partition("/")[0], use.event] += 1
    return found


def test_nothing_is_done_later_than_now() -> None:
    """Whoever would be answered later is not answered yet."""
    arrival = Arrival(Message("text"), AT, {"priority": "low"})
    done = [handle(arrival, result_of(n, None), AT + timedelta(hours=12), 0) for n in range(200)]
    times = [one.at for one in done if one]

    assert 0 < len(times) < 200
    assert max(times) <= AT + timedelta(hours=12)


def test_urgent_messages_are_answered_sooner() -> None:
    """The median follows the priority."""

    def median(priority: str) -> timedelta:
        arrival = Arrival(Message("text"), AT, {"priority": priority})
        done = [handle(arrival, result_of(n, None), LATER, 0) for n in range(99)]
        return sorted(one.at - AT for one in done if one)[49]

    assert median("urgent") < median("high") < median("normal") < median("low")


def test_wrong_label_is_mostly_corrected_and_a_right_one_left() -> None:
    """What the ticket is closed with is said of every task."""
    arrival = Arrival(Message("text"), AT, {"category": "technical_support"})
    wrong = [handle(arrival, result_of(n, "service"), LATER, 0) for n in range(200)]
    right = [handle(arrival, result_of(n, "technical_support"), LATER, 0) for n in range(50)]

    assert 150 < sum(bool(one and one.feedback.labels) for one in wrong) < 190
    assert not any(one and one.feedback.labels for one in right)
    assert all(one and one.feedback.final for one in wrong)


def test_right_article_is_used_and_another_never() -> None:
    """Of an answerable question the other suggestions are shown or rejected."""
    found = events_of(Arrival(Message("text"), AT, article=RIGHT))

    assert found[RIGHT, "used"] > found[RIGHT, "edited"] > 20
    assert not found[WRONG, "used"] + found[WRONG, "edited"]
    assert found[WRONG, "rejected"] > 5


def test_doubtful_suggestion_is_rarely_used() -> None:
    """Where nobody knows the right article, the confidence decides."""
    sure, doubtful = (events_of(Arrival(Message("text"), AT), confidence=c) for c in (0.9, 0.1))

    assert sure[RIGHT, "used"] > 50
    assert not doubtful[RIGHT, "used"]
