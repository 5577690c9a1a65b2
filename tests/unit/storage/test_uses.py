"""What agents did with suggestions is read from journal and feedback, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.unit.storage.handled import decide, tell
from triage.storage.engine import transaction
from triage.storage.erasure import bury, tombstone_of
from triage.storage.store import Store
from triage.storage.tables import tombstones
from triage.storage.uses import Uses

EVER = datetime(2000, 1, 1, tzinfo=UTC)
NOW = datetime.now(UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a new store of each kind."""
    with Store.open(store_url) as opened:
        yield opened


def test_store_without_feedback_has_none(store: Store) -> None:
    """A decision alone tells nothing."""
    decide(store, 1, ["a"])

    assert Uses(store.engine).read(EVER) == []


def test_what_one_agent_told_is_put_together(store: Store) -> None:
    """Several reports of one agent are one message, in the order of the suggestions."""
    decide(store, 1, ["a", "b", "c", "d"])
    tell(store, 1, "a17", {"c": "displayed", "a": "displayed", "b": "displayed"})
    tell(store, 1, "a17", {"b": "used"})
    (one,) = Uses(store.engine).read(EVER)

    assert one.agent == "a17"
    assert one.text == "where is my parcel"
    assert one.language == "en"
    assert one.shown == (("a", "displayed"), ("b", "used"), ("c", "displayed"))


def test_what_the_desk_displayed_counts_for_who_used_it(store: Store) -> None:
    """A desk may report the display by itself, and the use by the agent."""
    decide(store, 1, ["a", "b"])
    tell(store, 1, None, {"a": "displayed", "b": "displayed"})
    tell(store, 1, "a17", {"b": "used"})
    (one,) = Uses(store.engine).read(EVER)

    assert (one.agent, one.shown) == ("a17", (("a", "displayed"), ("b", "used")))


def test_two_agents_are_told_apart(store: Store) -> None:
    """A ticket that changes hands has what each did."""
    decide(store, 1, ["a", "b"])
    tell(store, 1, "a17", {"a": "rejected"})
    tell(store, 1, "a18", {"b": "used"})
    first, second = Uses(store.engine).read(EVER)

    assert first.shown == (("a", "rejected"), ("b", "displayed"))
    assert second.shown == (("a", "displayed"), ("b", "used"))


def test_old_feedback_is_left_out(store: Store) -> None:
    """Only what came since a moment is read."""
    decide(store, 1, ["a"])
    tell(store, 1, "a17", {"a": "used"}, NOW - timedelta(days=40))

    assert Uses(store.engine).read(NOW - timedelta(days=30)) == []
    assert len(Uses(store.engine).read(NOW - timedelta(days=50))) == 1


def test_busy_agent_does_not_crowd_out_others(store: Store) -> None:
    """Of each agent the newest rows are read, so many at most."""
    for number in range(1, 8):
        decide(store, number, ["a"])
        tell(store, number, "calm" if number == 1 else "busy", {"a": "used"})

    found = Uses(store.engine).read(EVER, per_agent=2)

    assert [(one.agent, one.message) for one in found] == [("calm", 1), ("busy", 6), ("busy", 7)]


def test_many_agents_share_what_is_read(store: Store) -> None:
    """However many they are, so many rows are read: the newest of each first."""
    for number in range(1, 8):
        decide(store, number, ["a"])
        tell(store, number, "calm" if number == 1 else "busy", {"a": "used"})

    found = Uses(store.engine).read(EVER, most=3)

    assert [(one.agent, one.message) for one in found] == [("calm", 1), ("busy", 6), ("busy", 7)]


def test_erased_requester_is_gone(store: Store) -> None:
    """With the requester goes what was done for them, and the state tells that it changed."""
    decide(store, 1, ["a"], requester="anna")
    decide(store, 2, ["a"], requester="bo")
    tell(store, 1, "a17", {"a": "used"})
    tell(store, 2, "a17", {"a": "used"})
    uses = Uses(store.engine)
    before = uses.state()
    with transaction(store.engine, write=True) as connection:
        bury(connection, tombstone_of("requester", "anna"))

    assert [one.message for one in uses.read(EVER)] == [2]
    assert uses.state() != before


def test_rows_that_came_back_after_an_erasure_are_left_out(store: Store) -> None:
    """Whatever brought rows of an erased requester back, nothing is learnt from them."""
    decide(store, 1, ["a"], requester="anna")
    tell(store, 1, "a17", {"a": "used"})
    stone = tombstone_of("requester", "anna")
    row = {"kind": stone.kind, "fingerprint": stone.fingerprint, "erased_at": stone.erased_at}
    with transaction(store.engine, write=True) as connection:
        connection.execute(insert(tombstones), [row])

    assert Uses(store.engine).read(EVER) == []


def test_erased_agents_count_as_one(store: Store) -> None:
    """What agents without a name did is the work of one: erasure cannot make voices."""
    for number, agent in enumerate(("a17", "a18"), 1):
        decide(store, number, ["a"])
        tell(store, number, agent, {"a": "used"})
        with transaction(store.engine, write=True) as connection:
            bury(connection, tombstone_of("agent", agent))

    assert {one.agent for one in Uses(store.engine).read(EVER)} == {""}


def test_journal_without_texts_gives_none(store: Store) -> None:
    """What was done is read; of the message nothing is known."""
    decide(store, 1, ["a"], keep="none")
    tell(store, 1, "a17", {"a": "used"})

    assert [one.text for one in Uses(store.engine).read(EVER)] == [""]


def test_state_changes_with_feedback(store: Store) -> None:
    """Whoever watches sees that something came."""
    uses = Uses(store.engine)
    decide(store, 1, ["a"])
    before = uses.state()
    assert uses.state() == before
    tell(store, 1, "a17", {"a": "used"})

    assert uses.state() != before
