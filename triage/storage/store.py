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
from sqlalchemy import Engine, text

from triage.errors import StoreError
from triage.storage.engine import open_engine, shown, transaction
from triage.storage.keys import KeyRepository
from triage.storage.repositories import ArticleRepository, Journal, StoreText

MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 7_215_433
"""Key of the PostgreSQL lock that lets one replica migrate while the others wait."""


class Store:
    """A database at the newest revision.

    Args:
        engine: Connections to it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.articles = ArticleRepository(engine)
        self.keys = KeyRepository(engine)

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
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    with transaction(engine, write=True) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"The store {shown(engine.url)} was made by another version of this service.",
                fix="Start the newest version on it, or point TRIAGE_HOME to another folder.",
            ) from error
