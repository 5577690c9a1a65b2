"""Who is erased stays erased, and old rows go."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.unit.storage.samples import entry
from triage.errors import StoreError
from triage.storage.engine import transaction
from triage.storage.erasure import (
    FILE,
    bury,
    bury_again,
    catch_up,
    expire_some,
    note,
    noted,
    scrub,
    set_stones,
    tombstone_of,
)
from triage.storage.feedback import Feedback, add_feedback, find_decision
from triage.storage.idempotency import Attempt, Reply, once
from triage.storage.store import Store
from triage.storage.tables import decisions, feedback, idempotency

CANARY = "canary-7f3a"


def fill(store: Store, number: int = 3) -> None:
    """Record decisions of one requester with a canary in them, feedback, and a kept answer."""
    entries = [entry(n, f"my word is {CANARY} " * 20) for n in range(number)]
    store.journal("full", str).append(entries)
    with transaction(store.engine, write=True) as connection:
        decided = find_decision(connection, "m1", None)
        use = {"passage_id": "p", "event": "used", "edit_distance": 0.0, "sent_text": CANARY}
        add_feedback(connection, Feedback("m1", "a17"), decided, [use], "full")
        reply = Reply(202, json.dumps(CANARY), decided.requester)
        once(connection, Attempt("key", "f"), lambda _: reply)


def left(store: Store) -> list[int]:
    """Count rows of decisions, feedback and kept answers."""
    with transaction(store.engine) as connection:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (decisions, feedback, idempotency)
        ]


def test_requester_leaves_every_table(store_url: str) -> None:
    """Decisions, feedback and kept answers of a requester go; the tombstone stays."""
    with Store.open(store_url) as store:
        fill(store)
        with transaction(store.engine, write=True) as connection:
            other = bury(connection, tombstone_of("requester", "somebody-else"))
            gone = bury(connection, tombstone_of("requester", "customer-77"))
            stones = {one.kind for one in set_stones(connection)}

        assert not other
        assert (gone.decisions, gone.feedback, gone.idempotency) == (3, 1, 1)
        assert left(store) == [0, 0, 0]
        assert stones == {"requester"}


def test_agent_leaves_the_feedback(store_url: str) -> None:
    """The id of an erased agent goes; what the desk learnt stays."""
    with Store.open(store_url) as store:
        fill(store)
        with transaction(store.engine, write=True) as connection:
            gone = bury(connection, tombstone_of("agent", "a17"))
            agents = connection.execute(select(feedback.c.agent)).scalars().all()

        assert gone.feedback == 1
        assert list(agents) == [None]
        assert left(store) == [3, 1, 1]


def test_no_byte_is_left_in_the_files(tmp_path: Path) -> None:
    """After an erasure neither the database nor its journal holds a word of the requester."""
    with Store.open(f"sqlite:///{tmp_path / 'triage.db'}") as store:
        fill(store, 300)
        before = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        with transaction(store.engine, write=True) as connection:
            bury(connection, tombstone_of("requester", "customer-77"))
        scrub(store.engine)
        after = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert before.count(CANARY.encode()) > 300
    assert after.count(CANARY.encode()) == 0
    assert b"customer-77" not in after


def test_scrub_works_on_both_databases(store_url: str) -> None:
    """Writing the file anew leaves rows and connections usable."""
    with Store.open(store_url) as store:
        fill(store)
        scrub(store.engine)
        fill(store, 2)

        assert left(store)[0] == 5


def test_file_brings_erasures_into_a_store_that_knows_nothing_of_them(
    store_url: str, tmp_path: Path
) -> None:
    """As after a restored backup: erased once more, and only what is older than the erasure."""
    with Store.open(store_url) as store:
        fill(store)
        note(tmp_path, tombstone_of("requester", "customer-77"))

        first = catch_up(store.engine, tmp_path / FILE)
        fill(store)
        again = catch_up(store.engine, tmp_path / FILE)

        assert first.decisions == 3
        assert not again
        assert left(store)[0] == 3


def test_older_tombstone_does_not_replace_a_newer(store_url: str) -> None:
    """The last erasure counts, in whatever order the files come."""
    old = tombstone_of("requester", "customer-77")
    with Store.open(store_url) as store:
        new = tombstone_of("requester", "customer-77")
        bury_again(store.engine, [new])
        bury_again(store.engine, [old])

        with transaction(store.engine) as connection:
            assert set_stones(connection) == [new]


def test_half_written_line_is_passed_over_and_a_broken_one_refused(tmp_path: Path) -> None:
    """A power cut leaves a line without an end; anything else is a damaged file."""
    path = tmp_path / FILE
    note(tmp_path, tombstone_of("agent", "a17"))
    path.write_text(path.read_text() + '{"kind": "reque', encoding="utf-8")

    assert [one.kind for one in noted(path)] == ["agent"]

    path.write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(StoreError, match="no erasure"):
        noted(path)
    assert noted(tmp_path / "none") == ()


def test_erasure_that_cannot_be_noted_is_refused(tmp_path: Path) -> None:
    """Without its note a backup would bring the rows back."""
    (tmp_path / "home").write_text("")

    with pytest.raises(StoreError, match="nothing was erased"):
        note(tmp_path / "home", tombstone_of("agent", "a17"))


def test_old_rows_go_in_batches(store_url: str) -> None:
    """What is older than the days kept goes, 500 at a time; kept answers go after 72 hours."""
    now = datetime.now(UTC)
    with Store.open(store_url) as store:
        fill(store, 700)
        with transaction(store.engine, write=True) as connection:
            old = decisions.c.number <= 600
            recent, gone = now - timedelta(days=9), now - timedelta(days=11)
            connection.execute(update(decisions).values(decided_at=recent))
            connection.execute(update(decisions).where(old).values(decided_at=gone))
            connection.execute(update(idempotency).values(created_at=now - timedelta(hours=73)))
            counts = [expire_some(connection, 10) for _ in range(3)]
            kept = expire_some(connection, 0)

        assert [one.decisions for one in counts] == [500, 100, 0]
        assert counts[0].idempotency == 1
        assert not kept
        assert left(store) == [100, 1, 0]
