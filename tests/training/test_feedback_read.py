"""Feedback is read from both databases, without who was erased, and from older stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from tests.training.told import Teller, decided, telling
from training.config import Columns
from training.ingest.export import open_export
from training.ingest.feedback import hear
from triage.rows import Row
from triage.storage.engine import transaction
from triage.storage.erasure import Kind, tombstone_of
from triage.storage.tables import tombstones

SERVICE, TECHNICAL = "service", "technical_support"


@pytest.fixture
def teller(store_url: str) -> Iterator[Teller]:
    """Open a store with three decisions for service."""
    entries = [decided(number, f"message {number}", SERVICE) for number in (1, 2, 3)]
    with telling(store_url, entries) as opened:
        yield opened


def labels(teller: Teller, **how: object) -> dict[int, tuple[str, str]]:
    """Hear a store and tell label and kind by decision."""
    heard = hear(teller.store.engine, **how)  # type: ignore[arg-type] # by name
    return {place[0]: (one.label, one.kind) for place, one in heard.settlement.labels.items()}


def stone(teller: Teller, kind: Kind, person: str) -> None:
    """Erase somebody as after a restored backup: the rows are back, the tombstone stands."""
    made = tombstone_of(kind, person)
    row = {"kind": kind, "fingerprint": made.fingerprint, "erased_at": made.erased_at}
    with transaction(teller.store.engine, write=True) as connection:
        connection.execute(insert(tombstones), [row])


def rows(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Read the journal as training does."""
    url = teller.store.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", url)
    return list(open_export(Path("journal"), Columns("", {})).rows())


def test_clicks_and_finals_are_heard(teller: Teller) -> None:
    """Each with its kind; whether it corrects is told by the decision itself."""
    teller.say(1, "ann", TECHNICAL)
    teller.say(2, "ann", TECHNICAL)
    teller.say(2, None, final=SERVICE)
    heard = hear(teller.store.engine)

    assert labels(teller) == {1: (TECHNICAL, "single"), 2: (SERVICE, "final")}
    assert [one.corrects for one in heard.settlement.labels.values()] == [True, False]
    assert heard.settlement.opinions == 3
    assert heard.settlement.agents == 1


def test_journal_shows_what_was_settled(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own label stays in its column; people's stands beside it."""
    teller.say(1, "ann", TECHNICAL, events=("displayed", "edited"))
    teller.say(2, "ann", TECHNICAL)
    teller.say(2, "bob", SERVICE)
    teller.dispute(3)
    teller.dispute(1, champion="bundle-of-before")
    found = rows(teller, monkeypatch)

    assert [row["category"] for row in found] == [SERVICE] * 3
    assert [row["category.settled"] for row in found] == [TECHNICAL, "", ""]
    assert [row["category.settled_by"] for row in found] == ["single", "contradiction", ""]
    assert [row["touched"] for row in found] == ["edited", "", ""]
    assert [row["disputed"] for row in found] == ["", "", "category"]


def test_erased_requester_teaches_nothing(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the message nor what was said about it."""
    teller.say(1, "ann", TECHNICAL)
    teller.say(2, "ann", TECHNICAL)
    stone(teller, "requester", "customer-1")

    assert labels(teller) == {2: (TECHNICAL, "single")}
    assert len(rows(teller, monkeypatch)) == 2


def test_erased_agent_has_no_name(teller: Teller) -> None:
    """What they taught stays, under the share of all who have no name."""
    teller.say(1, "ann", TECHNICAL)
    stone(teller, "agent", "ann")

    found = hear(teller.store.engine).settlement.labels[1, "category"]

    assert (found.label, found.charged) == (TECHNICAL, "")


def test_agent_may_be_left_unheard(teller: Teller) -> None:
    """As if they had said nothing, so a contradiction with them is none."""
    teller.say(1, "ann", TECHNICAL)
    teller.say(1, "eve", SERVICE)

    assert labels(teller) == {}
    assert labels(teller, without=("eve",)) == {1: (TECHNICAL, "single")}


def test_feedback_on_an_expired_decision_is_passed_over(teller: Teller) -> None:
    """There is no text to learn from."""
    teller.say(99, "ann", TECHNICAL)

    assert labels(teller) == {}


def test_more_than_a_page_is_read(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages join without a gap."""
    monkeypatch.setattr("training.ingest.feedback.PAGE", 2)
    for number in (1, 2, 3, 1, 2):
        teller.say(number, f"agent-{number}", TECHNICAL)

    assert len(labels(teller)) == 3


@pytest.mark.parametrize("missing", ["feedback", "disagreements", "tombstones"])
def test_store_of_an_earlier_version_is_heard(teller: Teller, missing: str) -> None:
    """A table that came later is empty."""
    teller.say(1, "ann", TECHNICAL)
    with transaction(teller.store.engine, write=True) as connection:
        connection.execute(text(f"DROP TABLE {missing}"))

    assert len(labels(teller)) == (0 if missing == "feedback" else 1)
