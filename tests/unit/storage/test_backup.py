"""Copies of a store, and stores made of copies."""

import hashlib
import sqlite3
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from tests.unit.storage.samples import entry
from triage.domain import Article
from triage.errors import InputError, StoreError
from triage.storage.backup import back_up, look, restore
from triage.storage.engine import transaction
from triage.storage.erasure import tombstone_of
from triage.storage.lock import only_server
from triage.storage.store import Store
from triage.storage.work import open_writer
from triage.telemetry import Telemetry

PG = "postgresql+psycopg://triage:hush@host/triage"


def url_of(folder: Path) -> str:
    """Name a database file in a folder."""
    return f"sqlite:///{folder / 'triage.db'}"


def rows(url: str) -> list[tuple[object, ...]]:
    """Read all decisions in their order."""
    query = "SELECT message_id, bundle, text, labels FROM decisions ORDER BY number"
    with Store.open(url) as store, transaction(store.engine) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def hash_of(found: list[tuple[object, ...]]) -> str:
    """Return the SHA-256 of rows."""
    return hashlib.sha256(repr(found).encode()).hexdigest()


def filled(folder: Path) -> str:
    """Make a store with decisions and an article."""
    folder.mkdir(exist_ok=True)
    with Store.open(url_of(folder)) as store:
        store.journal("full", str).append([entry(number) for number in range(200)])
        store.articles.replace_articles([Article("a", "en", "T", "B")], ())
    return url_of(folder)


def test_copy_of_a_store_in_use_is_one_moment_of_it(tmp_path: Path) -> None:
    """While rows are written the copy holds a beginning of them, whole, and no write fails."""
    url, stop = filled(tmp_path / "live"), Event()
    with Store.open(url) as store:
        writer = open_writer(store.engine, store.journal("full", str), Telemetry("error"))
        futures = [writer.submit(entry(1_000))]

        def write() -> None:
            while not stop.wait(0.002):
                futures.append(writer.submit(entry(1_000 + len(futures))))

        thread = Thread(target=write)
        thread.start()
        sizes = [back_up(url, tmp_path / f"copy-{number}.db") for number in range(3)]
        stop.set()
        thread.join()
        writer.close()
    live = rows(url)

    assert all(future.exception() is None for future in futures)
    for number, size in enumerate(sizes):
        folder = tmp_path / f"restored-{number}"
        restore(url_of(folder), tmp_path / f"copy-{number}.db")
        found = rows(url_of(folder))

        assert size > 0
        assert hash_of(found) == hash_of(live[: len(found)])
        assert 200 <= len(found) <= len(live)
        assert look(url_of(folder)).faults == ()


def test_copy_is_for_its_owner_alone_and_never_over_another_file(tmp_path: Path) -> None:
    """Texts of people stand in it."""
    url, copy = filled(tmp_path / "live"), tmp_path / "copy.db"
    back_up(url, copy)

    assert copy.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="exists already"):
        back_up(url, copy)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_restored_store_lacks_who_was_erased_since(tmp_path: Path) -> None:
    """A copy from before an erasure does not bring anybody back, not even a byte."""
    url = filled(tmp_path / "live")
    back_up(url, tmp_path / "copy.db")

    gone = restore(
        url_of(tmp_path / "new"), tmp_path / "copy.db", [tombstone_of("requester", "customer-77")]
    )

    assert gone.decisions == 200
    assert rows(url_of(tmp_path / "new")) == []
    assert b"anna@example.org" not in (tmp_path / "new" / "triage.db").read_bytes()


def test_restore_never_goes_over_what_is_there(tmp_path: Path) -> None:
    """A filled store stays; an empty one is replaced."""
    url = filled(tmp_path / "live")
    back_up(url, tmp_path / "copy.db")
    Store.open(url_of(tmp_path / "empty")).close()

    with pytest.raises(StoreError, match="not empty: 1 articles, 200 decisions"):
        restore(url, tmp_path / "copy.db")
    restore(url_of(tmp_path / "empty"), tmp_path / "copy.db")

    assert len(rows(url_of(tmp_path / "empty"))) == 200


def test_restore_under_a_server_is_refused(tmp_path: Path) -> None:
    """A server that runs keeps its store."""
    back_up(filled(tmp_path / "live"), tmp_path / "copy.db")
    url = url_of(tmp_path / "served")

    with only_server(url), pytest.raises(StoreError, match="serves the store"):
        restore(url, tmp_path / "copy.db")


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "none"])
def test_broken_backup_is_refused_and_leaves_nothing(tmp_path: Path, damage: str) -> None:
    """Half a file, changed pages, another database and no file at all are told apart."""
    copy = tmp_path / "copy.db"
    back_up(filled(tmp_path / "live"), copy)
    content = bytearray(copy.read_bytes())
    if damage == "cut":
        copy.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[4096:8192] = bytes(4096)
        copy.write_bytes(content)
    else:
        copy.unlink()
    if damage == "foreign":
        sqlite3.connect(copy).execute("CREATE TABLE t (a)").connection.close()

    with pytest.raises((StoreError, InputError), match=r"copy\.db"):
        restore(url_of(tmp_path / "new"), copy)

    assert not (tmp_path / "new" / "triage.db").exists()
    assert not (tmp_path / "new" / "triage.db.part").exists()


def test_other_databases_are_sent_to_their_own_tools(tmp_path: Path) -> None:
    """The advice names the tool and never the password."""
    for call in (lambda: back_up(PG, tmp_path / "f"), lambda: restore(PG, tmp_path / "f")):
        with pytest.raises(InputError, match="pg_dump") as caught:
            call()

        assert "hush" not in str(caught.value)


def test_look_names_what_is_wrong(tmp_path: Path) -> None:
    """A changed article and a damaged page are each found."""
    url = filled(tmp_path / "live")
    with Store.open(url) as store, transaction(store.engine, write=True) as connection:
        connection.execute(text("UPDATE articles SET content = replace(content, '\"T\"', '\"X\"')"))
        connection.execute(text("DROP INDEX ix_decisions_requester"))

    found = look(url)

    assert found.rows["decisions"] == 200
    assert len(found.faults) == 1
    assert "article a (en)" in found.faults[0]
    with pytest.raises(StoreError, match="no store yet"):
        look(f"sqlite:///{tmp_path / 'nothing.db'}")


def test_look_at_either_database(store_url: str) -> None:
    """Revision, size and rows are told of both kinds."""
    Store.open(store_url).close()

    found = look(store_url)

    assert found.faults == ()
    assert found.bytes > 0
    assert set(found.rows.values()) == {0}
