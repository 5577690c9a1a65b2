"""A message and the answer it got."""

from datetime import UTC, datetime

from triage.domain import (
    LabelResult,
    Language,
    Message,
    ModelRef,
    Score,
    Suggestion,
    Suggestions,
    TriageResult,
)
from triage.storage.journal import Entry

TEXT = "mail anna@example.org about my parcel"


def entry(number: int = 1, text: str = TEXT) -> Entry:
    """Build an entry of the journal."""
    label = LabelResult(None, 0.4, "abstain", "low_confidence", (Score("a", 0.4),), (), "a")
    item = Suggestion("art", "art/en#1", "T", None, "en", 0.9, "answer", "reply", {"dense": 0.5})
    return Entry(
        Message(text=f"raw {text}", channel="email", customer_id="customer-77"),
        TriageResult(
            id=f"m{number}",
            model=ModelRef("bundle-1", "champion", "twin"),
            language=Language("en", 0.9, supported=True),
            cleaned_text=text,
            removed=(),
            truncated=False,
            labels={"category": label},
            suggestions=Suggestions((item,), None),
            timings_ms={"total": 1.23456},
        ),
        datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
    )
