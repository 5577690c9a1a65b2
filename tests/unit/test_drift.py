"""Gauges of recent messages beside the training rows."""

import pytest
from prometheus_client import CollectorRegistry

from triage.bundle.baseline import Baseline
from triage.domain import (
    Channel,
    LabelResult,
    Language,
    Message,
    ModelRef,
    Reason,
    Suggestions,
    TriageResult,
)
from triage.drift import MAX_TASKS, Drift

BASELINE = Baseline(
    rows=1000,
    language={"en": 0.5, "da": 0.5},
    length={"0": 0.5, "50": 0.5},
    channel={"email": 1.0},
    labels={"category": {"service": 0.5, "technical_support": 0.5}},
)


def answer(
    label: str = "service", code: str = "en", length: int = 10, reason: Reason | None = None
) -> TriageResult:
    """Make an answer with one task."""
    decided = None if reason else label
    kind = "abstain" if reason else "automate"
    result = LabelResult(decided, 0.8, kind, reason, (), (), label)  # type: ignore[arg-type] # literal
    return TriageResult(
        id="1",
        model=ModelRef("starter", "champion", "tiny"),
        language=Language(code, 1.0, supported=True),
        cleaned_text="x" * length,
        removed=(),
        truncated=False,
        labels={"category": result},
        suggestions=Suggestions((), None),
    )


def watched(least: int = 10, window: int = 100) -> tuple[Drift, CollectorRegistry]:
    """Watch with a small window."""
    registry = CollectorRegistry()
    drift = Drift(registry, window, least)
    drift.begin(BASELINE)
    return drift, registry


def add(drift: Drift, count: int, result: TriageResult, channel: Channel | None = "email") -> None:
    """Take in messages."""
    for _ in range(count):
        drift.add(Message("secret words", channel=channel), result)


def gauge(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """Read a gauge."""
    return registry.get_sample_value(f"triage_{name}", labels)


def test_messages_like_the_training_rows_do_not_drift() -> None:
    """All indices are small, and means are told."""
    drift, registry = watched()
    add(drift, 25, answer(length=20))
    add(drift, 25, answer("technical_support", "da", 70))

    for name in ("language", "length", "channel"):
        index = gauge(registry, "drift_input", input=name)
        assert index is not None
        assert index < 0.05
    assert gauge(registry, "drift_labels", task="category") == pytest.approx(0, abs=0.05)
    assert gauge(registry, "recent_confidence", task="category") == pytest.approx(0.8)
    assert gauge(registry, "recent_abstained", task="category") == 0
    assert gauge(registry, "recent_messages") == 50


def test_each_input_drifts_by_itself() -> None:
    """Other lengths show as lengths and not as languages."""
    drift, registry = watched()
    add(drift, 25, answer(length=2_000))
    add(drift, 25, answer("technical_support", "da", 3_000))
    length, language = (gauge(registry, "drift_input", input=x) for x in ("length", "language"))

    assert length is not None
    assert length > 1
    assert language is not None
    assert language < 0.05


def test_labels_drift_on_what_was_labelled() -> None:
    """Abstentions for low confidence count with their top label; mail that is none does not."""
    drift, registry = watched()
    add(drift, 20, answer(reason="low_confidence"))
    add(drift, 30, answer("technical_support", reason="auto_generated"))
    index = gauge(registry, "drift_labels", task="category")

    assert index is not None
    assert index > 0.25
    assert gauge(registry, "recent_abstained", task="category") == 1


def test_few_messages_tell_nothing() -> None:
    """Chance alone would look like drift; channels that nobody gives are left out."""
    drift, registry = watched()
    add(drift, 9, answer())
    assert gauge(registry, "drift_input", input="language") is None
    assert gauge(registry, "recent_confidence", task="category") is None
    assert gauge(registry, "recent_messages") == 9
    add(drift, 9, answer(), None)

    assert gauge(registry, "drift_input", input="language") is not None
    assert gauge(registry, "drift_input", input="channel") is None


def test_window_slides_and_begins_anew_with_a_bundle() -> None:
    """Old messages leave, and another bundle is not blamed for the mail of the last."""
    drift, registry = watched(window=20)
    add(drift, 100, answer(code="zh"))
    add(drift, 10, answer())
    add(drift, 10, answer(code="da"))
    after = gauge(registry, "drift_input", input="language")
    drift.begin(Baseline())
    add(drift, 20, answer())

    assert after is not None
    assert after < 0.2
    assert gauge(registry, "drift_input", input="language") is None
    assert gauge(registry, "drift_labels", task="category") is None
    assert gauge(registry, "recent_messages") == 20


def test_number_of_tasks_is_bounded() -> None:
    """A bundle with many tasks does not flood whoever collects the metrics."""
    drift, registry = watched()
    one = answer()
    many = {f"topics/{number}": one.labels["category"] for number in range(3 * MAX_TASKS)}
    for _ in range(10):
        drift.add(
            Message("x"),
            TriageResult("1", one.model, one.language, "x", (), False, many, one.suggestions),
        )
    families = {family.name: family.samples for family in registry.collect()}

    assert len(families["triage_recent_confidence"]) == MAX_TASKS
