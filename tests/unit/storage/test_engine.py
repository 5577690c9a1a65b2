"""Opening databases and running transactions on them."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from triage.errors import StoreError
from triage.storage.engine import SAFE_WAL, open_engine, transaction


def url_of(folder: Path) -> str:
    """Name a database file in a folder."""
    return f"sqlite:///{folder / 'triage.db'}"


@pytest.mark.parametrize("url", ["", "nonsense", "nosuch://host/db", "sqlite:/one-slash"])
def test_broken_url_is_refused_with_the_form_to_write(url: str) -> None:
    """A URL that names no database says how one is written."""
    with pytest.raises(StoreError, match="Write sqlite"):
        open_engine(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_store_in_memory_is_refused(url: str) -> None:
    """A store in memory would be another one in every thread."""
    with pytest.raises(StoreError, match="needs a file"):
        open_engine(url)


def test_missing_driver_is_named_without_the_password() -> None:
    """A database whose driver is not installed is refused, and the password is not shown."""
    with pytest.raises(StoreError, match="driver") as caught:
        open_engine("mysql+pymysql://me:hush@host/db")

    assert "hush" not in str(caught.value)


def test_file_that_is_no_database_is_named_with_the_fix(tmp_path: Path) -> None:
    """A file of another kind is refused by its path."""
    (tmp_path / "triage.db").write_text("this is a letter, not a database " * 50)

    with (
        pytest.raises(StoreError, match=r"triage\.db.*not a database.*Move the file away"),
        transaction(open_engine(url_of(tmp_path))),
    ):
        pass


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path through a file is refused by name."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot be made"):
        open_engine(f"sqlite:///{tmp_path / 'file' / 'home' / 'triage.db'}")


def test_sqlite_is_opened_durably(tmp_path: Path) -> None:
    """Commits wait for the disk, and WAL is used only where it is safe."""
    with transaction(open_engine(url_of(tmp_path))) as connection:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        synchronous = connection.execute(text("PRAGMA synchronous")).scalar_one()

    assert mode == ("wal" if sqlite3.sqlite_version_info >= SAFE_WAL else "truncate")
    assert synchronous == 2


def test_write_begins_with_the_right_to_write(tmp_path: Path) -> None:
    """A write transaction holds the lock before its first statement; a reader takes none."""
    engine = open_engine(url_of(tmp_path))
    other = sqlite3.connect(tmp_path / "triage.db", timeout=0, isolation_level=None)

    with transaction(engine):
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    with transaction(engine, write=True), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")

    other.close()
    engine.dispose()


def test_failed_block_leaves_nothing_behind(tmp_path: Path) -> None:
    """An error rolls the whole transaction back, tables included."""
    engine = open_engine(url_of(tmp_path))

    def half() -> None:
        with transaction(engine, write=True) as connection:
            connection.execute(text("CREATE TABLE t (a)"))
            connection.execute(text("SELECT * FROM missing"))

    with pytest.raises(StoreError):
        half()
    with transaction(engine) as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master")).all()

    assert tables == []
    engine.dispose()


def test_error_does_not_quote_values(tmp_path: Path) -> None:
    """Neither the error nor its cause repeats the values of a statement."""
    engine = open_engine(url_of(tmp_path))

    with pytest.raises(StoreError) as caught, transaction(engine, write=True) as connection:
        connection.execute(text("INSERT INTO missing VALUES (:a)"), {"a": "secret words"})

    assert "secret words" not in str(caught.value)
    assert "secret words" not in str(caught.value.__cause__)
    engine.dispose()
