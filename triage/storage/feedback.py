"""What agents did with answers: labels they set, suggestions they used, edited or rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from triage.errors import DecisionNotFoundError
from triage.storage.tables import decisions, feedback

Event = Literal["displayed", "used", "edited", "rejected"]


@dataclass(frozen=True, slots=True)
class Use:
    """What an agent did with one suggestion; ``sent_text`` is what went to the requester."""

    passage_id: str
    event: Event
    sent_text: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one agent did with one answer.

    Args:
        message_id: Id of the answer.
        agent: The desk's id of the agent, as given.
        labels: What the agent set or left at this moment, by task.
        uses: What became of the suggestions.
        final: What the ticket was closed with, by task.
        customer_name: Taken out of the sent texts; never kept.
    """

    message_id: str
    agent: str | None = None
    labels: Mapping[str, str] | None = None
    uses: tuple[Use, ...] = ()
    final: Mapping[str, str] | None = None
    customer_name: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The recorded decision that feedback is about."""

    number: int
    bundle: str
    tasks: Mapping[str, frozenset[str]]
    """Labels that the decision itself shows, by task."""
    articles: Mapping[str, str]
    """Article of each suggested passage."""
    brand: str | None
    requester: str | None


def find_decision(connection: Connection, message_id: str, brand: str | None) -> Decided:
    """Return the newest decision about a message.

    Args:
        connection: In a transaction of the caller's.
        message_id: Id of the answer.
        brand: Only decisions of it; None for those of every brand and of none.

    Raises:
        DecisionNotFoundError: When there is none, it has expired, or is of another brand.
    """
    query = select(decisions).where(decisions.c.message_id == message_id)
    if brand is not None:
        query = query.where(decisions.c.brand == brand)
    row = connection.execute(query.order_by(decisions.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        raise DecisionNotFoundError(
            "No decision with this id is recorded.",
            fix="Send the id of an answer of /v1/classify; old decisions expire.",
            field="id",
        )
    return Decided(
        row.number,
        row.bundle,
        {task: _shown(answer) for task, answer in row.labels.items()},
        {item["passage_id"]: item["article_id"] for item in row.suggestions},
        row.brand,
        row.requester,
    )


def add_feedback(
    connection: Connection,
    given: Feedback,
    decided: Decided,
    suggestions: list[dict[str, Any]],
    text_kept: str,
    at: datetime | None = None,
) -> str:
    """Record feedback and return its receipt.

    Args:
        connection: In a transaction of the caller's.
        given: What the agent did.
        decided: The decision it is about.
        suggestions: What is kept of ``given.uses``.
        text_kept: How the texts in them were kept.
        at: When it was received; now if left out.
    """
    receipt = uuid4().hex
    values = {
        "receipt": receipt,
        "decision": decided.number,
        "message_id": given.message_id,
        "received_at": at or datetime.now(UTC),
        "brand": decided.brand,
        "requester": decided.requester,
        "agent": given.agent,
        "labels": dict(given.labels or {}),
        "final": dict(given.final or {}),
        "suggestions": suggestions,
        "text_kept": text_kept,
    }
    connection.execute(insert(feedback), [values])
    return receipt


def _shown(answer: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(filter(None, (answer.get("label"), answer.get("top_label"))))
