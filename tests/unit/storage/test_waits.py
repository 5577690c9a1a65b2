"""Waiting times from the journal: of sent replies, by brand, only where there are enough."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest
from sqlalchemy import insert

from tests.unit.storage.samples import entry
from triage.domain import Context, Waiting
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import feedback
from triage.storage.waits import LEAST, ResponseTimes, measure

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open an empty store."""
    with Store.open(store_url) as opened:
        yield opened


def answered(
    store: Store,
    number: int,
    minutes: float,
    event: str = "used",
    brand: str | None = None,
    ago: timedelta = timedelta(minutes=1),
) -> None:
    """Record a message, and feedback to it after some minutes."""
    sent = NOW - ago
    one = entry(number)
    message = replace(one.message, context=Context(brand))
    asked = replace(one, message=message, decided_at=sent - timedelta(minutes=minutes))
    store.journal("none", str).append([asked])
    use = {"passage_id": "art/en#1", "event": event, "edit_distance": None, "sent_text": None}
    row = {
        "receipt": "r", "decision": number, "message_id": f"m{number}", "received_at": sent,
        "brand": brand, "labels": {}, "final": {}, "suggestions": [use], "text_kept": "none",
    }  # fmt: skip
    with transaction(store.engine, write=True) as connection:
        connection.execute(insert(feedback), [row])


def test_four_of_five_replies_took_no_longer(store: Store) -> None:
    """The figure is measured now, of all brands and of each."""
    for number in range(1, 26):
        answered(store, number, number, brand="north")

    assert measure(store.engine, NOW) == {None: Waiting(20, NOW), "north": Waiting(20, NOW)}


def test_too_few_replies_tell_nothing(store: Store) -> None:
    """Neither of all nor of a brand that had one too few."""
    for number in range(1, LEAST + 1):
        answered(store, number, 10, brand="north" if number > 1 else "south")

    assert measure(store.engine, NOW) == {None: Waiting(10, NOW)}


def test_only_sent_replies_of_the_last_hours_count(store: Store) -> None:
    """What was shown, rejected, sent long ago or is yet to come is no reply of now."""
    for number in range(1, LEAST + 1):
        answered(store, 4 * number - 3, 5, event="displayed")
        answered(store, 4 * number - 2, 5, event="rejected")
        answered(store, 4 * number - 1, 5, ago=timedelta(hours=3))
        answered(store, 4 * number, 5, ago=timedelta(minutes=-5))

    assert measure(store.engine, NOW) == {}


def test_first_reply_to_a_message_counts(store: Store) -> None:
    """A second one does not make waiting longer, and a clock that went back makes it none."""
    for number in range(1, LEAST + 1):
        answered(store, number, -3)
    later = {
        "receipt": "r", "message_id": "m", "received_at": NOW, "labels": {}, "final": {},
        "suggestions": [{"event": "edited"}], "text_kept": "none",
    }  # fmt: skip
    with transaction(store.engine, write=True) as connection:
        rows = [{**later, "decision": number} for number in range(1, LEAST + 1)]
        connection.execute(insert(feedback), rows)

    assert measure(store.engine, NOW) == {None: Waiting(0, NOW)}


def test_looks_begin_with_the_first_question(store: Store) -> None:
    """Nobody waits for them, and a store that is gone ends nothing."""
    times = ResponseTimes(store.engine, every_s=0.01)
    assert times.of("north") is None
    thread = times._thread
    assert thread
    end = monotonic() + 5
    while times._known and monotonic() < end:
        sleep(0.01)
    assert thread.is_alive()
    times.close()

    assert not thread.is_alive()


def test_closed_before_it_was_asked_it_never_looks(store: Store) -> None:
    """A question that comes late starts no thread."""
    times = ResponseTimes(store.engine)
    times.close()

    assert times.of(None) is None
    assert times._thread is None
