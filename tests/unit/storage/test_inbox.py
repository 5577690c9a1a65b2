"""The journal as agents read it, in both databases."""

from dataclasses import replace

import pytest

from tests.unit.storage.samples import entry
from triage.domain import Context
from triage.errors import DecisionNotFoundError
from triage.storage.engine import transaction
from triage.storage.feedback import Feedback, Use, add_feedback, find_decision
from triage.storage.inbox import read_item, read_newest, read_news, read_number
from triage.storage.store import Store


def fill(store: Store, count: int, brand: str | None = None) -> None:
    """Record messages of a brand."""
    entries = [entry(number) for number in range(count)]
    context = Context(brand=brand)
    store.journal("full", str).append(
        [replace(one, message=replace(one.message, context=context)) for one in entries]
    )


def tell(store: Store, message_id: str, event: str | None = None, **given: object) -> None:
    """Record feedback on a message."""
    uses = (Use("p", event),) if event else ()  # type: ignore[arg-type] # one of the events
    what = Feedback(message_id, "anna", uses=uses, **given)  # type: ignore[arg-type] # labels
    kept = [{"passage_id": one.passage_id, "event": one.event} for one in uses]
    with transaction(store.engine, write=True) as connection:
        add_feedback(connection, what, find_decision(connection, message_id, None), kept, "none")


def test_the_newest_come_first_with_what_became_of_them(store_url: str) -> None:
    """Later feedback goes first, being shown undoes nothing, and closing handles."""
    with Store.open(store_url) as store:
        fill(store, 5)
        ids = [one.recorded.message_id for one in read_newest(store.engine, None, 3)]
        tell(store, ids[0], "used", labels={"a": "x"})
        tell(store, ids[0], "displayed", labels={"a": "y"})
        tell(store, ids[1], "rejected")
        tell(store, ids[2], final={"a": "z"})
        found = [one.outcome for one in read_newest(store.engine, None, 3)]

        assert len(ids) == 3
        assert found[0] is not None
        assert found[1] is not None
        assert found[2] is not None
        assert (found[0].labels, found[0].events, found[0].handled) == (
            {"a": "y"}, {"p": "used"}, True,
        )  # fmt: skip
        assert (found[1].events, found[1].handled) == ({"p": "rejected"}, False)
        assert (found[2].labels, found[2].handled) == ({"a": "z"}, True)


def test_brands_are_apart(store_url: str) -> None:
    """One brand's rows are neither listed nor opened nor told to another."""
    with Store.open(store_url) as store:
        fill(store, 2, "kvistholm")
        heads, _ = read_news(store.engine, None)
        number = read_newest(store.engine, "kvistholm", 9)[0].recorded.number
        fill(store, 1, "nordlys")

        assert read_newest(store.engine, "other", 9) == []
        assert read_news(store.engine, heads)[1] == {"nordlys"}
        assert read_item(store.engine, "kvistholm", number).recorded.number == number
        for brand, asked in (("nordlys", number), (None, 999), (None, 2**70)):
            with pytest.raises(DecisionNotFoundError):
                read_item(store.engine, brand, asked)
        assert read_number(store.engine, "nordlys", "nobody") is None


def test_an_empty_journal_is_an_empty_inbox(store_url: str) -> None:
    """Nothing is there, and nothing is new."""
    with Store.open(store_url) as store:
        assert read_newest(store.engine, None, 10) == []
        assert read_news(store.engine, None) == ((0, 0), frozenset())
