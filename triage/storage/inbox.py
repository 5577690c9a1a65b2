"""Read the journal as agents see it: the newest messages, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from triage.errors import DecisionNotFoundError
from triage.storage.engine import transaction
from triage.storage.tables import decisions, feedback

Heads = tuple[int, int]
"""Numbers of the newest decision and of the newest feedback."""
_AT_ONCE = 1_000
"""Rows of news that are looked through; more came from everywhere."""
_LARGEST = 2**63 - 1
"""Largest number that a database can hold, or compare with."""
_HANDLING = frozenset({"used", "edited"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the journal."""

    number: int
    message_id: str
    decided_at: datetime
    bundle: str
    language: str
    channel: str | None
    brand: str | None
    labels: Mapping[str, Mapping[str, Any]]
    suggestions: Sequence[Mapping[str, Any]]
    no_suggestion_reason: str | None
    text_kept: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What agents did with an answer, all of their feedback taken together.

    Args:
        labels: What they set, by task; what the ticket was closed with goes first.
        events: What became of suggestions, by passage.
        handled: The ticket was closed, or a suggestion was sent as it was or edited.
        agent: Who did something last, as far as it is known.
        at: When.
    """

    labels: Mapping[str, str]
    events: Mapping[str, str]
    handled: bool
    agent: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A message with what became of it."""

    recorded: Recorded
    outcome: Outcome | None


def read_newest(engine: Engine, brand: str | None, most: int) -> list[Item]:
    """Read the newest messages, the newest first; of one that was asked twice the newest row.

    Args:
        engine: The database.
        brand: Only messages of it; None for those of every brand and of none.
        most: Rows looked at.

    Raises:
        StoreError: When the store cannot be read.
    """
    query = _of_brand(select(decisions), brand).order_by(decisions.c.number.desc()).limit(most)
    with transaction(engine) as connection:
        rows: dict[str, Recorded] = {}
        for row in connection.execute(query):
            rows.setdefault(row.message_id, _recorded(row))
        oldest = min((one.decided_at for one in rows.values()), default=None)
        # Desks of two brands may name their messages alike.
        told = _of_brand(select(feedback), brand, feedback.c.brand)
        outcomes = {}
        if oldest is not None:
            outcomes = _outcomes(connection, told.where(feedback.c.received_at >= oldest))
    return [Item(one, outcomes.get(one.message_id)) for one in rows.values()]


def read_item(engine: Engine, brand: str | None, number: int) -> Item:
    """Read a message by the number of its row; of one that was asked again, the newest row.

    Raises:
        DecisionNotFoundError: When there is none, it has expired, or is of another brand.
        StoreError: When the store cannot be read.
    """
    asked = select(decisions.c.message_id).where(decisions.c.number == min(number, _LARGEST))
    with transaction(engine) as connection:
        named = connection.execute(_of_brand(asked, brand)).scalar()
        if named is None:
            raise DecisionNotFoundError(
                "No decision with this number is recorded.",
                fix="It may have expired, or be of another brand.",
            )
        same = _of_brand(select(decisions), brand).where(decisions.c.message_id == named)
        row = connection.execute(same.order_by(decisions.c.number.desc()).limit(1)).one()
        told = select(feedback).where(feedback.c.message_id == named)
        outcomes = _outcomes(connection, _of_brand(told, brand, feedback.c.brand))
    return Item(_recorded(row), outcomes.get(named))


def read_number(engine: Engine, brand: str | None, message_id: str) -> int | None:
    """Return the number of a message's newest row; None where there is none yet.

    Raises:
        StoreError: When the store cannot be read.
    """
    query = _of_brand(select(func.max(decisions.c.number)), brand)
    with transaction(engine) as connection:
        number: int | None = connection.execute(
            query.where(decisions.c.message_id == message_id)
        ).scalar()
    return number


def read_news(engine: Engine, since: Heads | None) -> tuple[Heads, frozenset[str | None]]:
    """Return the newest numbers, and the brands of the rows that came since others.

    Raises:
        StoreError: When the store cannot be read.
    """
    with transaction(engine) as connection:
        heads = tuple(
            connection.execute(select(func.coalesce(func.max(one.c.number), 0))).scalar_one()
            for one in (decisions, feedback)
        )
        brands: set[str | None] = set()
        for table, known in zip((decisions, feedback), since or heads, strict=True):
            new = select(table.c.brand).where(table.c.number > known)
            brands |= set(connection.execute(new.limit(_AT_ONCE)).scalars())
    return (heads[0], heads[1]), frozenset(brands)


def _of_brand(query: Select[Any], brand: str | None, column: Any = None) -> Select[Any]:  # noqa: ANN401 - a column of either table
    if brand is None:
        return query
    return query.where((decisions.c.brand if column is None else column) == brand)


def _recorded(row: Row[Any]) -> Recorded:
    return Recorded(
        row.number,
        row.message_id,
        row.decided_at,
        row.bundle,
        row.language,
        row.channel,
        row.brand,
        row.labels,
        row.suggestions,
        row.no_suggestion_reason,
        row.text_kept,
        row.text,
    )


def _outcomes(connection: Connection, query: Select[Any]) -> dict[str, Outcome]:
    """Take the feedback on each message together, later feedback going first."""
    found: dict[str, Outcome] = {}
    for row in connection.execute(query.order_by(feedback.c.number)):
        before = found.get(row.message_id)
        # What was shown says nothing new about a passage that something was done with.
        done = {one["passage_id"]: one["event"] for one in row.suggestions}
        events = dict(before.events) if before else {}
        events |= {k: v for k, v in done.items() if v != "displayed" or k not in events}
        handled = bool(row.final) or not _HANDLING.isdisjoint(done.values())
        found[row.message_id] = Outcome(
            {**(before.labels if before else {}), **row.labels, **row.final},
            events,
            handled or (before.handled if before else False),
            row.agent,
            row.received_at,
        )
    return found
