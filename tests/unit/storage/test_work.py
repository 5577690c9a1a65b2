"""Work beside the journal, in one writer: order, refusals, and attempts that come twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from sqlalchemy import Connection, func, insert, select

from tests.unit.storage.samples import entry
from triage.errors import (
    DecisionNotFoundError,
    InputError,
    KeyReusedError,
    RequestInFlightError,
    StoreError,
)
from triage.storage.engine import transaction
from triage.storage.feedback import Feedback, add_feedback, find_decision
from triage.storage.idempotency import Attempt, InFlight, Reply, once
from triage.storage.store import Store
from triage.storage.tables import decisions, feedback, idempotency, tombstones
from triage.storage.work import Chore, Ledger, Work, Writer, done, done_apart, open_writer
from triage.telemetry import Telemetry

CLIENTS = 8


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    """Start the writer of the store; it lingers, as the service's does."""
    opened = open_writer(store.engine, store.journal("full", str), Telemetry("error"), 0.05)
    yield opened
    opened.close()


def add(connection: Connection, number: int) -> str:
    """Record feedback to a decision."""
    decided = find_decision(connection, f"m{number}", None)
    return add_feedback(connection, Feedback(f"m{number}"), decided, [], "full")


def count(store: Store) -> tuple[int, int]:
    """Count decisions and feedback."""
    with transaction(store.engine) as connection:
        found = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (decisions, feedback)
        ]
    return found[0], found[1]


def test_work_sees_decisions_that_wait_before_it(store: Store, writer: Writer) -> None:
    """Feedback to an answer of this moment is taken, though its row was not written yet."""
    for number in range(100):
        writer.submit(entry(number))
        done(writer, partial(add, number=number))

    assert count(store) == (100, 100)


def test_refusal_undoes_its_own_work_alone(store: Store) -> None:
    """In one group a refused piece takes back what it wrote; its neighbours stay."""

    def half(connection: Connection) -> None:
        add(connection, 1)
        raise InputError("No.")

    ledger = Ledger(store.engine, store.journal("full", str))
    outcomes = ledger.append(
        [entry(1), Work(lambda connection: add(connection, 1)), Work(half), entry(2)]
    )

    assert isinstance(outcomes[2], InputError)
    assert isinstance(outcomes[1], str)
    assert count(store) == (2, 1)


def test_row_that_the_database_refuses_stands_alone(store: Store) -> None:
    """A value that breaks a rule of the database loses its own row, not its group."""

    def broken(connection: Connection) -> None:
        connection.execute(insert(tombstones), [{"kind": None, "fingerprint": "f"}])

    ledger = Ledger(store.engine, store.journal("full", str))
    outcomes = ledger.append([entry(1), Work(broken), entry(2)])

    assert [isinstance(one, StoreError) for one in outcomes] == [False, True, False]
    assert count(store) == (2, 0)


def test_chore_runs_between_groups(store: Store) -> None:
    """What needs the database to itself sees all that came before it."""
    seen: list[tuple[int, int]] = []
    ledger = Ledger(store.engine, store.journal("full", str))
    ledger.append([entry(1), Chore(lambda _engine: seen.append(count(store))), entry(2)])

    assert seen == [(1, 0)]
    assert count(store) == (2, 0)


def test_failing_chore_is_told_to_its_caller_alone(writer: Writer) -> None:
    """The writer goes on."""

    def fail(_engine: object) -> None:
        raise StoreError("No room.")

    with pytest.raises(StoreError, match="No room"):
        done_apart(writer, fail)

    writer.submit(entry(1)).result(10)


def test_eight_clients_write_without_a_lock_error(store: Store, writer: Writer) -> None:
    """Every acknowledged row is there, and nobody hears of a locked database."""
    for number in range(CLIENTS):
        writer.submit(entry(number))

    def client(number: int) -> int:
        receipts = {
            done(writer, lambda connection: add(connection, number), 30.0) for _ in range(25)
        }
        return len(receipts)

    with ThreadPoolExecutor(CLIENTS) as pool:
        acknowledged = sum(pool.map(client, range(CLIENTS)))

    assert acknowledged == CLIENTS * 25 == count(store)[1]


def test_attempt_is_written_once(store: Store, writer: Writer) -> None:
    """Forty keys in five copies each, all at once: one row and one answer a key."""
    writer.submit(entry(1))

    def attempt(number: int) -> Reply:
        key = Attempt(f"key-{number % 40}", "same")
        return done(
            writer, lambda connection: once(connection, key, lambda c: Reply(202, add(c, 1))), 30.0
        )

    with ThreadPoolExecutor(CLIENTS) as pool:
        replies = list(pool.map(attempt, range(200)))

    assert len({one.body for one in replies}) == 40
    assert sum(one.replayed for one in replies) == 160
    assert count(store)[1] == 40


def test_key_with_another_request_is_refused(writer: Writer) -> None:
    """The same key of the same caller names one request; another caller's is another key."""
    reply = Reply(200, "{}")
    for attempt in (Attempt("k", "one"), Attempt("k", "two", "other-caller")):
        assert not done(writer, partial(once, attempt=attempt, write=lambda _: reply)).replayed

    with pytest.raises(KeyReusedError):
        done(writer, lambda c: once(c, Attempt("k", "two"), lambda _: reply))


def test_refused_write_keeps_no_answer(store: Store, writer: Writer) -> None:
    """A request that failed may be mended and sent again with its key."""
    attempt = Attempt("k", "one")
    with pytest.raises(DecisionNotFoundError):
        done(writer, lambda c: once(c, attempt, lambda c: Reply(202, add(c, 9))))

    with transaction(store.engine) as connection:
        assert connection.execute(select(idempotency)).all() == []


def test_attempt_in_flight_is_refused() -> None:
    """A second request with a key waits for nobody; afterwards the key is free."""
    flight, attempt = InFlight(), Attempt("k", "one")
    with flight.only(attempt), pytest.raises(RequestInFlightError), flight.only(attempt):
        pass
    with flight.only(attempt), flight.only(Attempt("other", "one")), flight.only(None):
        pass


def test_silent_store_is_told_in_time(writer: Writer) -> None:
    """Whoever waits hears within their bound that nothing was acknowledged."""
    gate = Event()
    writer.submit(Work(lambda _connection: gate.wait(10)), urgent=True)
    with pytest.raises(StoreError, match="did not acknowledge"):
        done(writer, lambda connection: add(connection, 1), 0.05)
    gate.set()
