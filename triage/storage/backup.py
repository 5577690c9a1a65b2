"""Copy a SQLite store while it is served, look whether a store is whole, and restore a copy."""

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, make_url, select, text

from triage.errors import ArticleError, InputError, StoreError
from triage.storage.articles import ArticleRepository
from triage.storage.engine import apart, open_engine, shown, transaction
from triage.storage.erasure import Erased, Tombstone, bury_again, scrub
from triage.storage.lock import only_server
from triage.storage.store import Store, migrate, revision_of
from triage.storage.tables import (
    article_changes,
    article_versions,
    articles,
    decisions,
    disagreements,
    feedback,
    idempotency,
    tombstones,
)

COUNTED = (
    *(articles, decisions, feedback, idempotency, disagreements, tombstones),
    *(article_changes, article_versions),
)


@dataclass(frozen=True, slots=True)
class Health:
    """What a look at a store found; ``faults`` is empty when it is whole."""

    name: str
    revision: str
    journal_mode: str
    bytes: int
    rows: dict[str, int]
    faults: tuple[str, ...]


def file_of(url: str) -> Path:
    """Return the file of a SQLite store.

    Raises:
        InputError: When it is another database, which has better tools of its own.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise InputError(
            f"{shown(parsed)} is no SQLite store.",
            fix="Use its own tools: pg_dump --format=custom, and pg_restore into an empty "
            "database; then triage store erase --again takes out who was erased since.",
            field="TRIAGE_DATABASE_URL",
        )
    return Path(parsed.database)


def back_up(url: str, target: Path) -> int:
    """Copy a store into a new file while servers read and write it; the copy is one moment's.

    In journal mode ``wal`` nobody waits. In mode ``truncate`` writers wait while the copy lasts,
    since a copy in steps would begin anew after each write.

    Args:
        url: Of the store.
        target: File that does not exist yet.

    Returns:
        Bytes written.

    Raises:
        InputError: When the file exists, or the store is no SQLite store.
        StoreError: When the store cannot be read, or the file not be written.
    """
    source = file_of(url)
    if target.exists():
        raise InputError(f"{target} exists already.", fix="Name a new file.", field="FILE")
    if not source.is_file():
        raise StoreError(f"There is no store {source}.", fix="Check TRIAGE_HOME.")
    partial = target.with_name(f"{target.name}.part")
    try:
        _drop(partial)
        # Texts of people stand in it.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        engine = open_engine(url)
        try:
            with apart(engine) as connection:
                _copy(connection, partial)
        finally:
            engine.dispose()
        _refuse_broken(partial)
        _into_place(partial, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        _drop(partial)
    return target.stat().st_size


def restore(url: str, backup: Path, stones: Iterable[Tombstone] = ()) -> Erased:
    """Make a backup the store, without those who were erased since.

    Args:
        url: Of the store, which must not exist yet, or be empty.
        backup: File that ``back_up`` made, of this version or an older one.
        stones: Who was erased, from the file beside the store.

    Returns:
        Rows that were taken out again.

    Raises:
        InputError: When there is no such backup, or the store is no SQLite store.
        StoreError: When the backup is broken, or the store is served or holds something.
    """
    target = file_of(url)
    if not backup.is_file():
        raise InputError(f"There is no backup {backup}.", fix="Check the path.", field="FILE")
    partial = target.with_name(f"{target.name}.part")
    with only_server(url):
        _refuse_filled(url, target)
        try:
            _drop(partial)
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _refuse_broken(backup)
            with sqlite3.connect(f"file:{_quoted(backup)}?mode=ro", uri=True) as source:
                _copy(source, partial)
            source.close()
            _refuse_broken(partial)
            gone = _cleansed(partial, stones)
            _into_place(partial, target)
        except OSError as error:
            raise _unwritable(target, error) from error
        except sqlite3.Error as error:
            raise _broken(backup, type(error).__name__) from error
        finally:
            _drop(partial)
    return gone


def look(url: str) -> Health:
    """Look whether a store is whole: the database, its revision, and every article.

    Raises:
        StoreError: When it cannot be read at all.
    """
    engine = open_engine(url)
    try:
        faults = [*_damage(engine)]
        rows = {}
        with transaction(engine) as connection:
            revision = revision_of(connection)
            if revision is None:
                raise StoreError(f"{shown(engine.url)} is no store yet.", fix="Start the service.")
            for table in COUNTED:
                if engine.dialect.has_table(connection, table.name):
                    count = select(func.count()).select_from(table)
                    rows[table.name] = connection.execute(count).scalar_one()
            sqlite = engine.dialect.name == "sqlite"
            size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            query = size if sqlite else "SELECT pg_database_size(current_database())"
            size_bytes = connection.execute(text(query)).scalar_one()
            mode = connection.execute(text("PRAGMA journal_mode")).scalar_one() if sqlite else ""
        try:
            ArticleRepository(engine).list_articles()
        except (ArticleError, StoreError) as error:
            faults.append(str(error))
    finally:
        engine.dispose()
    return Health(shown(engine.url), revision, mode, size_bytes, rows, tuple(faults))


def _damage(engine: Engine) -> Iterable[str]:
    if engine.dialect.name != "sqlite":
        return ()
    with apart(engine) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return () if found == ["ok"] else [f"integrity_check: {line}" for line in found[:20]]


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with sqlite3.connect(target) as copy:
        # In one step: between two steps a write would make it begin anew, for ever under load.
        source.backup(copy, pages=-1)
        # A copy of a WAL store would otherwise need its own log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    copy.close()


def _refuse_broken(path: Path) -> None:
    try:
        with sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            tables = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
            known = connection.execute(tables).fetchone()[0]
        connection.close()
    except sqlite3.Error as error:
        raise _broken(path, str(error)) from error
    if found != "ok":
        raise _broken(path, "its pages do not fit together")
    if not known:
        raise StoreError(f"{path} is no store of this service.", fix="Give another file.")


def _refuse_filled(url: str, target: Path) -> None:
    if not target.exists() or not target.stat().st_size:
        return
    held = look(url).rows
    filled = {name: count for name, count in held.items() if count}
    if filled:
        listed = ", ".join(f"{count} {name}" for name, count in filled.items())
        raise StoreError(
            f"The store {target} is not empty: {listed}.",
            fix="Move it away, or set TRIAGE_HOME to a new folder.",
        )


def _cleansed(path: Path, stones: Iterable[Tombstone]) -> Erased:
    """Bring a copy to the newest tables and take out who was erased, before anybody reads it."""
    engine = open_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        with Store(engine):
            gone = bury_again(engine, stones)
            scrub(engine)
    finally:
        engine.dispose()
    return gone


def _into_place(partial: Path, target: Path) -> None:
    """Make a file durable under its name, at once and whole."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _drop(target)
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop(path: Path) -> None:
    """Delete a database with what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _broken(path: Path, reason: str) -> StoreError:
    return StoreError(f"{path} is broken: {reason}.", fix="Take another backup.")


def _unwritable(target: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{target} cannot be written: {error.strerror}.", fix="Free space, or name another place."
    )


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
