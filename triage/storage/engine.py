"""Open the database and run transactions on it, with one kind of error for all that goes wrong.

SQLite commits with ``synchronous=FULL`` and begins writes with ``BEGIN IMMEDIATE``: a transaction
that reads first and writes later fails with "database is locked" whatever the timeout. SQLite
before 3.51.3 can lose committed rows in WAL mode with two connections (the WAL-reset bug,
sqlite.org/wal.html), so older libraries truncate a rollback journal instead.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from triage.errors import StoreError, StoreFullError

BUSY_TIMEOUT_S = 5.0
CONNECT_S, STATEMENT_S, IDLE_S = 3, 5, 10
"""Bounds of PostgreSQL, in seconds: a connection, a statement, and a transaction that is idle."""
SAFE_WAL = (3, 51, 3)
_WRITE = "triage_write"
_FIXES = {
    "full": "Free space on its disk.",
    "DiskFull": "Free space on its disk.",
    "QueryCanceled": "It took too long; try again.",
    "readonly": "Make the file and its folder writable.",
    "locked": "Another process holds it; wait until it is done.",
    "not a database": "Move the file away, or restore it from a backup.",
    "malformed": "Restore the file from a backup.",
}
_DRIVERS = {
    "postgresql": "Install the driver: pip install 'triage[postgres]'.",
}


class _WrongModeError(sqlite3.OperationalError):
    """The file is in a journal mode that may lose rows."""


def open_engine(url: str) -> Engine:
    """Prepare connections to a database; nothing is read or written yet.

    Raises:
        StoreError: When the URL, its driver or the folder of the file cannot be used.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    try:
        return create_engine(
            parsed,
            pool_size=5,
            max_overflow=5,
            pool_timeout=2,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_to_json,
            connect_args=_limits() if parsed.get_backend_name() == "postgresql" else {},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The store {shown(parsed)} needs a driver that is not installed.",
            fix=_DRIVERS.get(parsed.get_backend_name(), "Install it."),
            field="TRIAGE_DATABASE_URL",
        ) from error


def shown(url: URL) -> str:
    """Name a database for people: its path, or its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.render_as_string(hide_password=True)


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """Run a block in one transaction, committed at its end.

    Args:
        engine: Where.
        write: Take the right to write at the beginning.

    Raises:
        StoreError: Naming the database, what is wrong and what to do.
    """
    chosen = engine.execution_options(**{_WRITE: True}) if write else engine
    try:
        with chosen.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise unusable(engine.url, error) from error


@contextmanager
def apart(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Lend SQLite's own connection for what runs in no transaction, such as VACUUM.

    Raises:
        StoreError: Naming the database, what is wrong and what to do.
    """
    try:
        pooled = engine.raw_connection()
        try:
            yield cast("sqlite3.Connection", pooled.driver_connection)
        finally:
            pooled.close()
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise unusable(engine.url, error) from error


def unusable(url: URL, error: Exception) -> StoreError:
    """Explain why a database cannot be used, without the values of any row."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # What SQLite itself reports has a code. The driver, as other errors, quotes the value that it
    # refuses.
    plain = isinstance(cause, _WrongModeError) or hasattr(cause, "sqlite_errorcode")
    reason = str(cause) if plain else type(cause).__name__
    fix = next(
        (fix for word, fix in _FIXES.items() if word in reason),
        "Check TRIAGE_HOME and TRIAGE_DATABASE_URL.",
    )
    kind = StoreFullError if "full" in reason.lower() else StoreError
    return kind(f"The store {shown(url)} cannot be used: {reason}.", fix=fix)


def _limits() -> dict[str, object]:
    ms = 1000
    bounds = {
        "statement_timeout": STATEMENT_S * ms,
        "idle_in_transaction_session_timeout": IDLE_S * ms,
    }
    options = " ".join(f"-c {name}={value}" for name, value in bounds.items())
    return {"connect_timeout": CONNECT_S, "options": options}


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except ModuleNotFoundError:
        return make_url(url)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StoreError(
            "The URL of the store cannot be read.",
            fix="Write sqlite:////folder/triage.db or postgresql+psycopg://name:password@host/db.",
            field="TRIAGE_DATABASE_URL",
        ) from error
    return parsed


def _sqlite(url: URL) -> Engine:
    if url.database in {None, "", ":memory:"}:
        raise StoreError(
            "The store needs a file; it cannot live in memory.",
            fix="Write sqlite:////folder/triage.db.",
            field="TRIAGE_DATABASE_URL",
        )
    if not url.query.get("uri"):
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder of the store {shown(url)} cannot be made: {error.strerror}.",
                fix="Point TRIAGE_HOME to a folder that may be written.",
                field="TRIAGE_HOME",
            ) from error
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        hide_parameters=True,
        json_serializer=_to_json,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions on its own; _on_begin does.
    connection.isolation_level = None
    mode = "WAL" if sqlite3.sqlite_version_info >= SAFE_WAL else "TRUNCATE"
    (now,) = connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
    if now.upper() != mode:
        raise _WrongModeError(f"its journal mode is {now} and {mode} is needed")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # What is deleted must not be readable in the file.
    connection.execute("PRAGMA secure_delete=ON")


def _on_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


# Kept: making an encoder for each value takes a quarter of the time of writing it.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
