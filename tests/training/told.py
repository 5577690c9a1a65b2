"""A store in which messages were answered and agents said what they think of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from tests.unit.storage.samples import entry
from triage.domain import LabelResult
from triage.rows import Row
from triage.storage.engine import transaction
from triage.storage.journal import Entry, fingerprint_of
from triage.storage.store import Store
from triage.storage.tables import disagreements, feedback

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)


def decided(
    number: int, text: str, label: str, task: str = "category", language: str = "en"
) -> Entry:
    """Build the decision of a message; its requester is its own."""
    one = entry(number, text)
    answer = LabelResult(label, 0.9, "automate", None, (), (), label)
    result = replace(
        one.result,
        labels={task: answer},
        language=replace(one.result.language, code=language),
    )
    message = replace(one.message, customer_id=f"customer-{number}")
    return Entry(message, result, NOW - timedelta(hours=1))


def decided_all(table: Sequence[Row], task: str = "category") -> list[Entry]:
    """Decide rows as they are labelled."""
    return [
        decided(number, row["text"], row[task], task, row["language"])
        for number, row in enumerate(table, start=1)
    ]


@contextmanager
def telling(url: str, entries: Sequence[Entry]) -> Iterator["Teller"]:
    """Open a store with these decisions, for agents to speak about."""
    with Store.open(url) as store:
        store.journal("redacted", str).append(entries)
        yield Teller(store)


class Teller:
    """Writes what agents say.

    Args:
        store: Where to.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def say(
        self,
        number: int,
        agent: str | None,
        label: str = "",
        final: str = "",
        task: str = "category",
        events: Sequence[str] = (),
    ) -> None:
        """Record feedback on the decision of a number."""
        row = {
            "receipt": "r",
            "decision": number,
            "message_id": f"m{number}",
            "received_at": NOW,
            "requester": entry_requester(number),
            "agent": agent,
            "labels": {task: label} if label else {},
            "final": {task: final} if final else {},
            "suggestions": [{"passage_id": "art/en#1", "event": event} for event in events],
            "text_kept": "redacted",
        }
        with transaction(self.store.engine, write=True) as connection:
            connection.execute(insert(feedback), [row])

    def dispute(self, number: int, champion: str = "bundle-1", task: str = "category") -> None:
        """Record that a challenger labels a message otherwise."""
        row = {
            "message_id": f"m{number}",
            "seen_at": NOW,
            "champion": champion,
            "challenger": "bundle-2",
            "labels": {task: {}},
        }
        with transaction(self.store.engine, write=True) as connection:
            connection.execute(insert(disagreements), [row])


def entry_requester(number: int) -> str:
    """Return the fingerprint of the requester of a message."""
    return fingerprint_of(f"customer-{number}") or ""
