"""What the one writer thread writes: decisions in bulk, and work that somebody waits for.

Work runs behind all that was handed over before it, in the same transaction or a later one, so it
sees every decision that was answered before it was asked for, written or still waiting.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from triage.errors import StoreError, TriageError
from triage.storage.engine import transaction
from triage.storage.journal import Entry, Journal
from triage.storage.writer import GroupWriter
from triage.telemetry import Telemetry

WAIT_S = 10.0
"""Longest wait for an acknowledgement."""

DURABLE_S = 5.0
"""Longest wait for a decision to be on the disk."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """A write that somebody waits for; an error of ours undoes it and nothing else."""

    run: Callable[[Connection], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Chore:
    """Something about the whole database that runs in no transaction."""

    run: Callable[[Engine], Any]


Item = Entry | Work | Chore


class Ledger:
    """Makes groups of items durable, in their order.

    Args:
        engine: The database.
        journal: Records decisions.
    """

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal

    def append(self, items: Sequence[Item]) -> list[object]:
        """Write items, each group between two chores in one transaction.

        Returns:
            For each item what it returned, or the error that it alone met.

        Raises:
            StoreError: When the store cannot be written; then nothing is acknowledged.
        """
        outcomes: list[object] = []
        for part in _parts(items):
            if isinstance(part, Chore):
                outcomes.append(_outcome(part.run, self._engine))
            else:
                outcomes += self._together(part)
        return outcomes

    def _together(self, items: Sequence[Entry | Work]) -> list[object]:
        """Write a group at once; one that holds a row the database refuses, item by item."""
        try:
            return self._write(items)
        except StoreError as error:
            if len(items) == 1 or not _is_of_a_row(error.__cause__):
                raise
        except (ValueError, TypeError):
            # A driver's own refusal of a value.
            if len(items) == 1:
                raise
        return [_outcome(self._alone, item) for item in items]

    def _alone(self, item: Entry | Work) -> object:
        outcome = self._write([item])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _write(self, items: Sequence[Entry | Work]) -> list[object]:
        outcomes: list[object] = []
        with transaction(self._engine, write=True) as connection:
            # First, since work may be about a decision of its own group.
            entries = [item for item in items if isinstance(item, Entry)]
            if entries:
                self._journal.append_on(connection, entries)
            outcomes += (
                None if isinstance(item, Entry) else _contained(item, connection) for item in items
            )
        return outcomes


Writer = GroupWriter[Item]


def open_writer(
    engine: Engine, journal: Journal, telemetry: Telemetry, linger_s: float = 0.0
) -> Writer:
    """Start the writer of a store."""
    return GroupWriter(Ledger(engine, journal).append, telemetry, linger_s=linger_s)


def done(writer: Writer, run: Callable[[Connection], R], timeout_s: float = WAIT_S) -> R:
    """Have work done by the writer and wait until it is durable.

    Raises:
        StoreError: When it is not acknowledged in time, or the store cannot be written.
        TriageError: What the work raised; then it changed nothing.
    """
    result: R = _awaited(writer.submit(Work(run), urgent=True), timeout_s)
    return result


def done_apart(writer: Writer, run: Callable[[Engine], R], timeout_s: float = WAIT_S) -> R:
    """Have a chore done by the writer and wait for its end.

    Raises:
        StoreError: When it does not end in time, or fails.
    """
    result: R = _awaited(writer.submit(Chore(run), urgent=True), timeout_s)
    return result


def _awaited(future: Future[Any], timeout_s: float) -> Any:  # noqa: ANN401 - of what the work returns
    try:
        return future.result(timeout_s)
    except FutureTimeoutError:
        raise StoreError(
            f"The store did not acknowledge within {timeout_s:g} s.",
            fix="Ask again with the same Idempotency-Key; what was written is not written twice.",
        ) from None


def _contained(work: Work, connection: Connection) -> object:
    """Run work so that its own refusal takes back what it wrote and leaves its group alone.

    Errors of the database pass: after some of them SQLite has ended the whole transaction.
    """
    savepoint = connection.begin_nested()
    try:
        result = work.run(connection)
    except StoreError:
        raise
    except TriageError as error:
        savepoint.rollback()
        return error
    savepoint.commit()
    return result


def _is_of_a_row(cause: BaseException | None) -> bool:
    """Tell whether a value was refused, rather than the whole database failing."""
    return isinstance(cause, DataError | IntegrityError) or type(cause) is StatementError


def _outcome(run: Callable[[Any], object], given: object) -> object:
    try:
        return run(given)
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
        return error


def _parts(items: Sequence[Item]) -> list[Chore | list[Entry | Work]]:
    parts: list[Chore | list[Entry | Work]] = []
    for item in items:
        if isinstance(item, Chore):
            parts.append(item)
        elif parts and isinstance(parts[-1], list):
            parts[-1].append(item)
        else:
            parts.append([item])
    return parts


def wait_for(written: Sequence[Future[Any]]) -> None:
    """Wait until rows are on the disk.

    Raises:
        StoreError: When one is lost, or is not there in time; then it may be recorded yet.
    """
    end = monotonic() + DURABLE_S
    for future in written:
        try:
            future.result(max(0.0, end - monotonic()))
        except FutureTimeoutError:
            raise StoreError(
                f"The decision was not recorded within {DURABLE_S:g} seconds.",
                fix="Ask again later; it may be recorded yet.",
            ) from None
