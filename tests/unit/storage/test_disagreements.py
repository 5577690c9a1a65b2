"""What a challenger labels otherwise is kept without texts, listed, expired and erased."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.storage.samples import entry
from triage.domain import Context, LabelResult, ModelRef, TriageResult
from triage.storage.disagreements import (
    Disagreement,
    add_disagreement,
    disagreement_of,
    list_disagreements,
)
from triage.storage.engine import transaction
from triage.storage.erasure import bury, expire_some, tombstone_of
from triage.storage.store import Store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a store that has answered three messages."""
    with Store.open(store_url) as opened:
        opened.journal("full", str).append([entry(number) for number in (1, 2, 3)])
        yield opened


def challenged(mine: TriageResult, label: str) -> TriageResult:
    """Answer as a challenger that gives a label."""
    answer = LabelResult(label, 0.7654321, "suggest", None, (), (), label)
    return replace(
        mine, model=ModelRef("bundle-2", "challenger", "twin"), labels={"category": answer}
    )


def found(number: int, brand: str | None = None) -> Disagreement:
    """Build a disagreement about a message."""
    one = entry(number)
    message = replace(one.message, context=Context(brand))
    made = disagreement_of(message, one.result, challenged(one.result, "b"))
    assert made
    return made


def kept(store: Store, brand: str | None = None) -> list[str]:
    """List the messages of the disagreements."""
    with transaction(store.engine) as connection:
        return [one.message_id for one in list_disagreements(connection, 10, brand)]


def test_only_other_top_labels_are_disagreements() -> None:
    """Equal ones are none, whatever was decided; both sides are told with their confidence."""
    one = entry(1)

    assert disagreement_of(one.message, one.result, challenged(one.result, "a")) is None
    assert found(1).labels == {
        "category": {
            "champion": {"label": "a", "confidence": 0.4},
            "challenger": {"label": "b", "confidence": 0.765432},
        }
    }
    assert (found(1).champion, found(1).challenger) == ("bundle-1", "bundle-2")


def test_newest_come_first_and_brands_see_their_own(store: Store) -> None:
    """What is of another brand is not there."""
    with transaction(store.engine, write=True) as connection:
        for number, brand in ((1, "north"), (2, None), (3, "south")):
            add_disagreement(connection, found(number, brand))

    assert kept(store) == ["m3", "m2", "m1"]
    assert kept(store, "north") == ["m1"]
    with transaction(store.engine) as connection:
        newest = list_disagreements(connection, 1)[0]
    assert newest.labels["category"]["challenger"]["label"] == "b"
    assert newest.seen_at.tzinfo is not None


def test_message_that_is_gone_is_not_recorded(store: Store) -> None:
    """A challenger that is slow brings nothing back that was erased."""
    with transaction(store.engine, write=True) as connection:
        bury(connection, tombstone_of("requester", "customer-77"))
        add_disagreement(connection, found(1))

    assert kept(store) == []


def test_erased_requester_takes_disagreements_along(store: Store) -> None:
    """They are counted with the rest."""
    with transaction(store.engine, write=True) as connection:
        add_disagreement(connection, found(1))
        gone = bury(connection, tombstone_of("requester", "customer-77"))

    assert (gone.decisions, gone.disagreements, gone.total, gone.most) == (3, 1, 4, 3)
    assert kept(store) == []


def test_old_disagreements_expire(store: Store) -> None:
    """With the decisions they are about."""
    with transaction(store.engine, write=True) as connection:
        old = datetime.now(UTC) - timedelta(days=91)
        add_disagreement(connection, replace(found(1), seen_at=old))
        add_disagreement(connection, found(2))
        gone = expire_some(connection, 90)

    assert gone.disagreements == 1
    assert kept(store) == ["m2"]
