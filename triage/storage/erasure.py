"""Delete what is too old, and all that belongs to a person who asked for it.

Who was erased stays as a fingerprint in two places: in the store, for the export of training rows,
and in a file beside it, for a backup from before the erasure knows nothing of it.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, Table, delete, insert, select, text, update

from triage.errors import StoreError
from triage.storage.engine import apart, transaction
from triage.storage.idempotency import KEPT
from triage.storage.journal import fingerprint_of
from triage.storage.tables import decisions, disagreements, feedback, idempotency, tombstones

Kind = Literal["requester", "agent"]
BATCH = 500
"""Rows of one deletion; a reader or writer waits no longer than for these."""
FILE = "erasures.jsonl"
"""Beside the store, in TRIAGE_HOME."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Who was erased, by fingerprint, and when."""

    kind: Kind
    fingerprint: str
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows deleted, or for an agent changed."""

    decisions: int = 0
    feedback: int = 0
    idempotency: int = 0
    disagreements: int = 0

    @property
    def total(self) -> int:
        """All rows together."""
        return self.decisions + self.feedback + self.idempotency + self.disagreements

    @property
    def most(self) -> int:
        """Rows of the kind of which most went."""
        return max(self.decisions, self.feedback, self.idempotency, self.disagreements)

    def __add__(self, other: "Erased") -> "Erased":
        return Erased(
            self.decisions + other.decisions,
            self.feedback + other.feedback,
            self.idempotency + other.idempotency,
            self.disagreements + other.disagreements,
        )

    def __bool__(self) -> bool:
        return self.total > 0


def tombstone_of(kind: Kind, person: str) -> Tombstone:
    """Return the tombstone of somebody who is erased now."""
    return Tombstone(kind, fingerprint_of(person) or "", datetime.now(UTC))


def bury(connection: Connection, stone: Tombstone) -> Erased:
    """Delete what was recorded about somebody up to the tombstone, and set it.

    A requester who writes again later is a requester like any other.
    """
    where = (tombstones.c.kind == stone.kind) & (tombstones.c.fingerprint == stone.fingerprint)
    connection.execute(delete(tombstones).where(where))
    values = {
        "kind": stone.kind,
        "fingerprint": stone.fingerprint,
        "erased_at": stone.erased_at,
    }
    connection.execute(insert(tombstones), [values])
    return _agent(connection, stone) if stone.kind == "agent" else _requester(connection, stone)


def set_stones(connection: Connection) -> list[Tombstone]:
    """List the tombstones of a store."""
    rows = connection.execute(select(tombstones)).all()
    return [Tombstone(row.kind, row.fingerprint, row.erased_at) for row in rows]


def bury_again(engine: Engine, stones: Iterable[Tombstone] = ()) -> Erased:
    """Delete anew what tombstones say, those of the store and others.

    Raises:
        StoreError: When the store cannot be written.
    """
    done = Erased()
    with transaction(engine, write=True) as connection:
        known = {(one.kind, one.fingerprint): one for one in set_stones(connection)}
        for one in stones:
            name = (one.kind, one.fingerprint)
            if name not in known or known[name].erased_at < one.erased_at:
                known[name] = one
        for one in known.values():
            done += bury(connection, one)
    return done


def catch_up(engine: Engine, path: Path) -> Erased:
    """Erase whoever a file names and the store does not know of, as after a restored backup.

    Raises:
        StoreError: When the file is broken, or the store cannot be written.
    """
    stones = noted(path)
    if not stones:
        return Erased()
    with transaction(engine) as connection:
        known = {(one.kind, one.fingerprint): one.erased_at for one in set_stones(connection)}
    newer = [one for one in stones if _missing(one, known)]
    gone = bury_again(engine, newer) if newer else Erased()
    if gone:
        scrub(engine)
    return gone


def _missing(one: Tombstone, known: Mapping[tuple[Kind, str], datetime]) -> bool:
    before = known.get((one.kind, one.fingerprint))
    return before is None or before < one.erased_at


def expire_some(connection: Connection, retention_days: int) -> Erased:
    """Delete at most a batch of each kind of row that is too old; 0 days keep all but answers."""
    now = datetime.now(UTC)
    done = Erased(idempotency=_delete_old(connection, idempotency, "created_at", now - KEPT))
    if not retention_days:
        return done
    oldest = now - timedelta(days=retention_days)
    return done + Erased(
        _delete_old(connection, decisions, "decided_at", oldest),
        _delete_old(connection, feedback, "received_at", oldest),
        disagreements=_delete_old(connection, disagreements, "seen_at", oldest),
    )


def scrub(engine: Engine) -> None:
    """Make deleted rows unreadable in the file.

    SQLite zeroes what is deleted, but pages that were split before may still hold copies of
    cells: the file is written anew, and a write-ahead log is emptied. PostgreSQL frees the rows;
    its files, its write-ahead log and its backups are its operator's.

    Raises:
        StoreError: When another process holds the store, or its disk is full.
    """
    if engine.dialect.name == "sqlite":
        with apart(engine) as plain:
            plain.execute("VACUUM")
            plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with transaction(engine.execution_options(isolation_level="AUTOCOMMIT")) as connection:
        connection.execute(text("SET statement_timeout = 0"))
        try:
            for table in (decisions, feedback, idempotency, disagreements):
                connection.execute(text(f"VACUUM {table.name}"))
        finally:
            connection.execute(text("RESET statement_timeout"))


def note(home: Path, stone: Tombstone) -> None:
    """Write a tombstone into the file beside the store, durably.

    Raises:
        StoreError: When it cannot be written.
    """
    line = {
        "kind": stone.kind,
        "fingerprint": stone.fingerprint,
        "erased_at": stone.erased_at.isoformat(),
    }
    path = home / FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"The erasure cannot be noted in {path}: {error.strerror}.",
            fix="Make the file writable; nothing was erased.",
            field="TRIAGE_HOME",
        ) from error


def noted(path: Path) -> Sequence[Tombstone]:
    """Read the tombstones of a file; none when there is no file.

    Raises:
        StoreError: When a whole line of it is no tombstone.
    """
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    # A line without an end was being written when the power went: nothing was erased then.
    whole = [line for line in lines if line.endswith("\n") and line.strip()]
    try:
        return [_stone(json.loads(line)) for line in whole]
    except (ValueError, KeyError, TypeError):
        raise StoreError(
            f"{path} holds a line that is no erasure.",
            fix="Restore the file; without it a backup would bring erased rows back.",
        ) from None


def _stone(line: dict[str, str]) -> Tombstone:
    kind: Kind = "agent" if line["kind"] == "agent" else "requester"
    return Tombstone(kind, line["fingerprint"], datetime.fromisoformat(line["erased_at"]))


def _requester(connection: Connection, stone: Tombstone) -> Erased:
    counts = []
    for table, moment in (
        (decisions, "decided_at"), (feedback, "received_at"), (idempotency, "created_at"),
        (disagreements, "seen_at"),
    ):  # fmt: skip
        mine = (table.c.requester == stone.fingerprint) & (table.c[moment] <= stone.erased_at)
        counts.append(connection.execute(delete(table).where(mine)).rowcount)
    return Erased(*counts)


def _agent(connection: Connection, stone: Tombstone) -> Erased:
    """Take an agent's id out of feedback; what the desk learnt from it stays."""
    named = feedback.c.agent.is_not(None) & (feedback.c.received_at <= stone.erased_at)
    agents = connection.execute(select(feedback.c.agent).where(named).distinct()).scalars()
    mine = [agent for agent in agents if fingerprint_of(agent) == stone.fingerprint]
    if not mine:
        return Erased()
    changed = update(feedback).where(named, feedback.c.agent.in_(mine)).values(agent=None)
    return Erased(feedback=connection.execute(changed).rowcount)


def _delete_old(connection: Connection, table: Table, moment: str, before: datetime) -> int:
    keys = list(table.primary_key.columns)
    old = select(*keys).where(table.c[moment] < before).order_by(table.c[moment]).limit(BATCH)
    rows = connection.execute(old).all()
    for row in rows:
        mine = [key == value for key, value in zip(keys, row, strict=True)]
        connection.execute(delete(table).where(*mine))
    return len(rows)
