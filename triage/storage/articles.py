"""The articles of a store."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, or_, select, tuple_

from triage.domain import Article, Origin
from triage.storage.articles_on import (
    BY_HAND,
    COLUMNS,
    ArticlesOn,
    StoredArticle,
    brand_column,
    read_rows,
)
from triage.storage.engine import transaction
from triage.storage.tables import articles
from triage.storage.undo import Undone, restore_version, undo_change
from triage.storage.versions import AT_ONCE, ArticleKey, Change, History, Version

__all__ = ["ArticleKey", "ArticleRepository", "ArticlesOn", "StoredArticle", "seen_by"]

T = TypeVar("T")


class ArticleRepository:
    """The articles of a store, each call in a transaction of its own.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_articles(self) -> tuple[Article, ...]:
        """List all articles by id and language, internal and expired ones too.

        Raises:
            ArticleError: When the content of a row is not what was imported; names the article.
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            return ArticlesOn(connection).list_articles()

    def fingerprints(self) -> dict[ArticleKey, str]:
        """Return the fingerprint of every article; equal ones have equal content.

        Raises:
            StoreError: When the store cannot be read.
        """
        query = select(articles.c.id, articles.c.language, articles.c.fingerprint)
        with transaction(self._engine) as connection:
            return {(row.id, row.language): row.fingerprint for row in connection.execute(query)}

    def read(self, keys: Sequence[ArticleKey]) -> tuple[Article, ...]:
        """Read some articles; what is not there any more is left out.

        Raises:
            ArticleError: When an article is not what was imported.
            StoreError: When the store cannot be read.
        """
        found: list[Article] = []
        for start in range(0, len(keys), AT_ONCE):
            place = tuple_(articles.c.id, articles.c.language)
            query = select(*COLUMNS).where(place.in_(list(keys[start : start + AT_ONCE])))
            with transaction(self._engine) as connection:
                found += [one.article for one in read_rows(connection, query)]
        return tuple(found)

    def page(
        self, brand: str | None, after: ArticleKey | None, limit: int, language: str | None = None
    ) -> tuple[StoredArticle, ...]:
        """List some articles by id and language.

        Args:
            brand: Only articles of it and of none; None for those of every brand.
            after: Key of the last article that was listed before.
            limit: Most articles.
            language: Only this one.

        Raises:
            ArticleError: When an article is not what was imported.
            StoreError: When the store cannot be read.
        """
        query = select(*COLUMNS).order_by(articles.c.id, articles.c.language).limit(limit)
        if after is not None:
            query = query.where(tuple_(articles.c.id, articles.c.language) > tuple_(*after))
        if language is not None:
            query = query.where(articles.c.language == language)
        if brand is not None:
            query = query.where(or_(brand_column() == brand, brand_column().is_(None)))
        with transaction(self._engine) as connection:
            return read_rows(connection, query)

    def get(self, brand: str | None, key: ArticleKey) -> StoredArticle | None:
        """Return an article by key; one of another brand is not there.

        Raises:
            ArticleError: When it is not what was imported.
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            found = ArticlesOn(connection).find(key)
        return found if found and seen_by(brand, found.article.brand) else None

    def state(self) -> tuple[int, datetime | None]:
        """Count the articles and tell when the newest was imported; every import changes one.

        Raises:
            StoreError: When the store cannot be read.
        """
        query = select(func.count(), func.max(articles.c.imported_at)).select_from(articles)
        with transaction(self._engine) as connection:
            count, newest = connection.execute(query).one()
        return count, newest

    def sources(self) -> dict[ArticleKey, str]:
        """Return the source of every article, ``""`` where it has none.

        Raises:
            StoreError: When the store cannot be read.
        """
        return self.reading(lambda connection: ArticlesOn(connection).sources())

    def replace_articles(
        self,
        changed: Sequence[Article],
        deleted: Collection[ArticleKey],
        origin: Origin = BY_HAND,
    ) -> int | None:
        """Write and delete articles by key in one transaction; see ``ArticlesOn``.

        Raises:
            StoreError: When the store cannot be written; then nothing is changed.
        """
        return self.writing(
            lambda connection: ArticlesOn(connection).replace_articles(changed, deleted, origin)
        )

    def versions(self, key: ArticleKey, brand: str | None = None) -> list[Version]:
        """List the versions of an article, the newest first, also after its deletion.

        Args:
            key: Its id and language.
            brand: Only versions of it and of none; None for those of every brand.

        Raises:
            StoreError: When the store cannot be read.
        """
        return self.reading(lambda connection: History(connection).of(key, brand))

    def changes(self, brand: str | None, limit: int) -> list[Change]:
        """List the newest changes that a caller of a brand, None for all, may undo.

        Raises:
            StoreError: When the store cannot be read.
        """
        return self.reading(lambda connection: History(connection).changes(brand, limit))

    def undo(self, number: int | None, origin: Origin) -> Undone:
        """Take a change back; see ``undo_change``.

        Raises:
            ChangeNotFoundError: When there is no such change, or it was undone.
            StoreError: When the store cannot be written; then nothing is changed.
        """
        return self.writing(lambda connection: undo_change(connection, number, origin))

    def restore(self, key: ArticleKey, version: int, origin: Origin) -> Version:
        """Make an article again what it was; see ``restore_version``.

        Raises:
            ChangeNotFoundError: When it has no such version.
            StoreError: When the store cannot be written; then nothing is changed.
        """
        return self.writing(lambda connection: restore_version(connection, key, version, origin))

    def translations(self, article_id: str, brand: str | None = None) -> list[str]:
        """List the languages that an article stands in; those of another brand are not there.

        Raises:
            StoreError: When the store cannot be read.
        """
        return self.reading(lambda one: ArticlesOn(one, brand).translations(article_id))

    def reading(self, read: Callable[[Connection], T]) -> T:
        """Read several things about articles as one moment has them.

        Raises:
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            return read(connection)

    def writing(self, write: Callable[[Connection], T]) -> T:
        """Read and write articles in one transaction.

        Raises:
            StoreError: When the store cannot be written; then nothing is changed.
        """
        with transaction(self._engine, write=True) as connection:
            return write(connection)


def seen_by(caller: str | None, brand: str | None) -> bool:
    """Tell whether a caller of a brand, None for all, may read what is of a brand or of none."""
    return caller is None or brand is None or caller == brand
