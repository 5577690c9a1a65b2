"""Messages that a challenger labels otherwise than the champion: what to look at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from triage.domain import LabelResult, Message, TriageResult
from triage.storage.journal import fingerprint_of
from triage.storage.tables import decisions, disagreements


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One message with the labels that both gave, of the tasks they differ on.

    ``labels`` is task to the two sides, each with ``label`` (the top one) and ``confidence``. The
    text stands in the decision of the same id, as the journal keeps texts.
    """

    message_id: str
    seen_at: datetime
    champion: str
    challenger: str
    brand: str | None
    requester: str | None
    labels: Mapping[str, Mapping[str, Mapping[str, Any]]]


def disagreement_of(
    message: Message, mine: TriageResult, theirs: TriageResult
) -> Disagreement | None:
    """Compare the champion's answer with the challenger's; None where they agree on every task."""
    labels = {
        task: {"champion": _side(mine.labels[task]), "challenger": _side(answer)}
        for task, answer in theirs.labels.items()
        if answer.top_label != mine.labels[task].top_label
    }
    if not labels:
        return None
    return Disagreement(
        mine.id,
        datetime.now(UTC),
        mine.model.bundle,
        theirs.model.bundle,
        message.context.brand,
        fingerprint_of(message.customer_id),
        labels,
    )


def add_disagreement(connection: Connection, found: Disagreement) -> None:
    """Record a disagreement in a transaction of the caller's; none of an erased message."""
    known = select(decisions.c.number).where(decisions.c.message_id == found.message_id).limit(1)
    if connection.execute(known).first() is None:
        return
    values = {
        "message_id": found.message_id,
        "seen_at": found.seen_at,
        "champion": found.champion,
        "challenger": found.challenger,
        "brand": found.brand,
        "requester": found.requester,
        "labels": dict(found.labels),
    }
    connection.execute(insert(disagreements), [values])


def list_disagreements(
    connection: Connection, limit: int, brand: str | None = None
) -> list[Disagreement]:
    """List the newest disagreements; of one brand where one is named."""
    query = select(disagreements).order_by(disagreements.c.number.desc()).limit(limit)
    if brand is not None:
        query = query.where(disagreements.c.brand == brand)
    return [
        Disagreement(
            row.message_id,
            row.seen_at,
            row.champion,
            row.challenger,
            row.brand,
            row.requester,
            row.labels,
        )
        for row in connection.execute(query)
    ]


def _side(answer: LabelResult) -> dict[str, Any]:
    return {"label": answer.top_label, "confidence": round(answer.confidence, 6)}
