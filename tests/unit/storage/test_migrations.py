"""Every step up and down, on both databases, with rows in the tables."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from tests.unit.storage.samples import entry
from triage.domain import Article
from triage.storage.engine import open_engine, transaction
from triage.storage.store import MIGRATIONS, Store, migrate, revision_of
from triage.storage.tables import metadata

HEAD = "0008"
OLD_INSERT = (
    "INSERT INTO decisions (message_id, decided_at, bundle, alias, profile, language, labels, "
    "suggestions, text_kept, timings_ms) VALUES ('old', '2026-11-21 12:00:00', 'b', 'a', 'p', "
    "'en', '{}', '[]', 'none', '{}')"
)


def moved(engine: Engine, to: str) -> None:
    """Bring a store to a revision, up or down."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with transaction(engine, write=True) as connection:
        config.attributes["connection"] = connection
        go = command.downgrade if to < (revision_of(connection) or "") else command.upgrade
        go(config, to)


def rows(engine: Engine) -> list[tuple[object, ...]]:
    """Read what the first version kept."""
    query = "SELECT message_id, bundle, language, text FROM decisions ORDER BY number"
    with transaction(engine) as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
        articles = connection.execute(text("SELECT id, fingerprint FROM articles ORDER BY id"))
        return found + [tuple(row) for row in articles]


def test_up_down_up_keeps_every_row(store_url: str) -> None:
    """A step back and forth loses nothing of the version before, and ends at the code's tables."""
    with Store.open(store_url) as store:
        store.journal("full", str).append([entry(number) for number in range(50)])
        store.articles.replace_articles([Article("a", "en", "T", "B")], ())
        before = rows(store.engine)

        moved(store.engine, "0001")
        down = rows(store.engine)
        moved(store.engine, HEAD)
        with transaction(store.engine) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            difference = compare_metadata(context, metadata)

        assert down == before == rows(store.engine)
        assert difference == []


def test_version_before_writes_into_the_new_tables(store_url: str) -> None:
    """Steps only expand: what the version before writes is taken and read."""
    with Store.open(store_url) as store:
        with transaction(store.engine, write=True) as connection:
            connection.execute(text(OLD_INSERT))

        assert rows(store.engine) == [("old", "b", "en", None)]


@pytest.mark.parametrize("round_", range(3))
def test_of_replicas_that_migrate_at_once_one_applies(store_url: str, round_: int) -> None:
    """Four begin together; all find the newest tables, and none fails."""
    del round_
    engines = [open_engine(store_url) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))

    for engine in engines:
        with transaction(engine) as connection:
            versions = connection.execute(text("SELECT version_num FROM alembic_version")).all()

        assert [row[0] for row in versions] == [HEAD]
        engine.dispose()
