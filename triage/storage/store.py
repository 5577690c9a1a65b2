"""An open store: migrated, with its articles and its journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from triage.errors import StoreError
from triage.storage.articles import ArticleRepository
from triage.storage.engine import open_engine, shown, transaction
from triage.storage.journal import Journal, StoreText
from triage.storage.keys import KeyRepository
from triage.storage.people import AccountRepository, SessionRepository

MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 7_215_433
"""Key of the PostgreSQL lock that lets one replica migrate while the others wait."""
MIGRATION_S, LOCK_S = 60, 2
"""Longest wait for another replica's migration, and of a change for its table, in seconds."""


class Store:
    """A database at the newest revision.

    Args:
        engine: Connections to it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.articles = ArticleRepository(engine)
        self.keys = KeyRepository(engine)
        self.accounts = AccountRepository(engine)
        self.sessions = SessionRepository(engine)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a store, creating or migrating it where needed.

        Raises:
            StoreError: When it cannot be opened or is of a newer version; names it and the fix.
        """
        engine = open_engine(url)
        try:
            migrate(engine)
        except StoreError:
            engine.dispose()
            raise
        return cls(engine)

    def journal(self, keep: StoreText, redact: Callable[[str], str]) -> Journal:
        """Return the journal, which keeps texts as ``keep`` says."""
        return Journal(self.engine, keep, redact)

    def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: When it gives none.
        """
        with transaction(self.engine) as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def open_articles(url: str) -> Iterator[ArticleRepository]:
    """Open the articles of a store for a short while.

    Raises:
        StoreError: When the store cannot be opened.
    """
    with Store.open(url) as store:
        yield store.articles


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database; None when it is no store yet."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine) -> None:
    """Bring a database to the newest revision; one that is there already is not written to.

    Raises:
        StoreError: When it cannot be written, or was made by a newer version.
    """
    config = Config()
    # The folder's name passes through a template in which % is special.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with transaction(engine) as connection:
        if revision_of(connection) == head:
            return
    with transaction(engine, write=True) as connection:
        if engine.dialect.name == "postgresql":
            _wait_for_turn(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"The store {shown(engine.url)} was made by another version of this service.",
                fix="Start the newest version on it, or point TRIAGE_HOME to another folder.",
            ) from error


def _wait_for_turn(connection: Connection) -> None:
    """Let one replica migrate; a change that waits for a busy table gives up soon.

    While it waits it holds up every query that comes behind it.
    """
    for bound in ("statement_timeout", "lock_timeout"):
        connection.execute(text(f"SET LOCAL {bound} = '{MIGRATION_S}s'"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_S}s'"))
