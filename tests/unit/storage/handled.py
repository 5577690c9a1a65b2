"""Decisions with several suggestions, and what agents did with them, in a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update

from tests.unit.storage.samples import entry
from triage.domain import Suggestions
from triage.storage.engine import transaction
from triage.storage.feedback import Event, Feedback, Use, add_feedback, find_decision
from triage.storage.journal import StoreText
from triage.storage.store import Store
from triage.storage.tables import feedback


def decide(
    store: Store,
    number: int,
    articles: Sequence[str],
    text: str = "where is my parcel",
    *,
    keep: StoreText = "full",
    requester: str = "customer-77",
) -> None:
    """Record a decision that suggested the first block of some articles."""
    plain = entry(number, text)
    item = plain.result.suggestions.items[0]
    items = tuple(replace(item, article_id=name, passage_id=f"{name}/en#1") for name in articles)
    result = replace(plain.result, suggestions=Suggestions(items, None))
    message = replace(plain.message, customer_id=requester)
    store.journal(keep, str).append([replace(plain, message=message, result=result)])


def tell(
    store: Store,
    number: int,
    agent: str | None,
    events: Mapping[str, Event],
    at: datetime | None = None,
) -> None:
    """Record what an agent did with suggestions of a decision, now or at another time."""
    with transaction(store.engine, write=True) as connection:
        decided = find_decision(connection, f"m{number}", None)
        uses = tuple(Use(f"{name}/en#1", event) for name, event in events.items())
        kept = [
            {"passage_id": u.passage_id, "event": u.event, "edit_distance": None, "sent_text": None}
            for u in uses
        ]
        given = Feedback(f"m{number}", agent, uses=uses)
        receipt = add_feedback(connection, given, decided, kept, "full")
        if at:
            mine = feedback.c.receipt == receipt
            connection.execute(update(feedback).where(mine).values(received_at=at.astimezone(UTC)))


def newest(store: Store) -> int:
    """Return the number of the newest feedback."""
    query = select(feedback.c.number).order_by(feedback.c.number.desc()).limit(1)
    with transaction(store.engine) as connection:
        return int(connection.execute(query).scalar_one())
