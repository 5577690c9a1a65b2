"""Migrations, and opening stores in every state."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from triage.domain import Article
from triage.errors import StoreError
from triage.storage.engine import open_engine, transaction
from triage.storage.store import Store, migrate, open_articles
from triage.storage.tables import metadata


def url_of(folder: Path) -> str:
    """Name a database file in a folder."""
    return f"sqlite:///{folder / 'triage.db'}"


def revision(engine: Engine) -> str | None:
    """Read the revision of a database."""
    with transaction(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    """A new store differs in nothing from the tables of the code."""
    with Store.open(url_of(tmp_path)) as store, transaction(store.engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, metadata)

    assert difference == []


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    """A store at the newest revision is opened as it is."""
    article = Article("a", "en", "Title", "Body")
    with Store.open(url_of(tmp_path)) as store:
        store.articles.replace_articles([article], ())

    with Store.open(url_of(tmp_path)) as store:
        assert store.articles.list_articles() == (article,)


def test_folder_with_special_characters_can_be_migrated(tmp_path: Path) -> None:
    """Spaces and percent signs in the path do no harm."""
    folder = tmp_path / "home 100% æ"

    with Store.open(url_of(folder)) as store:
        assert revision(store.engine) == "0008"


def test_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """An unknown revision is never guessed at."""
    with Store.open(url_of(tmp_path)) as store, transaction(store.engine, write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match=r"triage\.db was made by another version"):
        Store.open(url_of(tmp_path))


def test_migration_that_fails_leaves_no_half_store(tmp_path: Path) -> None:
    """A table in the way is refused, and no other table is made."""
    engine = open_engine(url_of(tmp_path))
    with transaction(engine, write=True) as connection:
        connection.execute(text("CREATE TABLE decisions (x)"))

    with pytest.raises(StoreError):
        migrate(engine)

    with transaction(engine) as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master")).scalars().all()

    assert list(names) == ["decisions"]
    engine.dispose()


def test_read_only_store_can_be_opened(tmp_path: Path) -> None:
    """A store that needs no migration is opened without writing to it."""
    Store.open(url_of(tmp_path)).close()
    read_only = f"sqlite:///file:{tmp_path / 'triage.db'}?mode=ro&uri=true"

    with Store.open(read_only) as store:
        store.check()
        with pytest.raises(StoreError, match=r"readonly.*writable"):
            store.articles.replace_articles([Article("a", "en", "T", "B")], ())


def test_articles_can_be_opened_for_a_short_while(tmp_path: Path) -> None:
    """A command line writes articles beside an open store."""
    article = Article("a", "en", "Title", "Body")
    with Store.open(url_of(tmp_path)) as store:
        with open_articles(url_of(tmp_path)) as articles:
            articles.replace_articles([article], ())

        assert store.articles.list_articles() == (article,)
