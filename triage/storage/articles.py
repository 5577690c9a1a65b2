"""The articles of a store."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
)

from triage.bundle.manifest import json_fingerprint
from triage.domain import Article
from triage.errors import ArticleError, StoreError
from triage.storage.engine import shown, transaction
from triage.storage.tables import articles

ArticleKey = tuple[str, str]
"""Id and language."""
_AT_ONCE = 500
"""Ids in one query; SQLite takes 32,766 parameters at most."""
_COLUMNS = (
    articles.c.id,
    articles.c.language,
    articles.c.content,
    articles.c.fingerprint,
    articles.c.imported_at,
)


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article with the moment of its last change."""

    article: Article
    changed_at: datetime


class ArticlesOn:
    """The articles as one transaction sees and changes them.

    Args:
        connection: In a transaction of the caller's.
        brand: Only this brand's own articles; None for all of every brand.
    """

    def __init__(self, connection: Connection, brand: str | None = None) -> None:
        self._connection = connection
        self._brand = brand

    def list_articles(self) -> tuple[Article, ...]:
        """List the articles by id and language, internal and expired ones too.

        Raises:
            ArticleError: When the content of a row is not what was imported; names the article.
            StoreError: When a row cannot be read.
        """
        query = select(*_COLUMNS).order_by(articles.c.id, articles.c.language)
        if self._brand is not None:
            query = query.where(_brand() == self._brand)
        return tuple(one.article for one in _read(self._connection, query))

    def replace_articles(self, changed: Sequence[Article], deleted: Collection[ArticleKey]) -> None:
        """Write and delete articles by key."""
        now = datetime.now(UTC)
        gone = {*deleted, *((article.id, article.language) for article in changed)}
        for article_id, language in sorted(gone):
            self._connection.execute(
                delete(articles).where(articles.c.id == article_id, articles.c.language == language)
            )
        if changed:
            self._connection.execute(insert(articles), [_article_row(one, now) for one in changed])

    def find(self, key: ArticleKey) -> StoredArticle | None:
        """Return an article by key, whatever its brand.

        Raises:
            ArticleError: When it is not what was imported.
        """
        query = select(*_COLUMNS).where(articles.c.id == key[0], articles.c.language == key[1])
        found = _read(self._connection, query)
        return found[0] if found else None

    def taken(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, str | None]:
        """Return the brands of those keys that stand in the store."""
        ids = sorted({article_id for article_id, _ in keys})
        found: dict[ArticleKey, str | None] = {}
        for at in range(0, len(ids), _AT_ONCE):
            query = select(articles.c.id, articles.c.language, _brand()).where(
                articles.c.id.in_(ids[at : at + _AT_ONCE])
            )
            found |= {(row[0], row[1]): row[2] for row in self._connection.execute(query)}
        return {key: brand for key, brand in found.items() if key in keys}


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
        for start in range(0, len(keys), _AT_ONCE):
            place = tuple_(articles.c.id, articles.c.language)
            query = select(*_COLUMNS).where(place.in_(list(keys[start : start + _AT_ONCE])))
            with transaction(self._engine) as connection:
                found += [one.article for one in _read(connection, query)]
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
        query = select(*_COLUMNS).order_by(articles.c.id, articles.c.language).limit(limit)
        if after is not None:
            query = query.where(tuple_(articles.c.id, articles.c.language) > tuple_(*after))
        if language is not None:
            query = query.where(articles.c.language == language)
        if brand is not None:
            query = query.where(or_(_brand() == brand, _brand().is_(None)))
        with transaction(self._engine) as connection:
            return _read(connection, query)

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

    def replace_articles(self, changed: Sequence[Article], deleted: Collection[ArticleKey]) -> None:
        """Write and delete articles by key in one transaction.

        Raises:
            StoreError: When the store cannot be written; then nothing is changed.
        """
        with transaction(self._engine, write=True) as connection:
            ArticlesOn(connection).replace_articles(changed, deleted)


def seen_by(caller: str | None, brand: str | None) -> bool:
    """Tell whether a caller of a brand, None for all, may read what is of a brand or of none."""
    return caller is None or brand is None or caller == brand


def _brand() -> ColumnElement[str | None]:
    brand: ColumnElement[str | None] = articles.c.content["brand"].as_string()
    return brand


def _read(connection: Connection, query: Select[Any]) -> tuple[StoredArticle, ...]:
    try:
        rows = connection.execute(query).all()
    except (ValueError, TypeError, RecursionError):
        # The cause would quote the row.
        raise StoreError(
            f"The store {shown(connection.engine.url)} holds an article that is no JSON.",
            fix="Restore it from a backup, or move it away and import the articles again.",
        ) from None
    return tuple(StoredArticle(_article(row), row.imported_at) for row in rows)


def _article_row(article: Article, now: datetime) -> dict[str, Any]:
    content = asdict(article)
    content["tags"] = list(article.tags)
    content["valid_until"] = article.valid_until.isoformat() if article.valid_until else None
    return {
        "id": article.id,
        "language": article.language,
        "content": content,
        "fingerprint": json_fingerprint(content),
        "imported_at": now,
    }


def _article(row: Row[Any]) -> Article:
    content = row.content
    if json_fingerprint(content) != row.fingerprint:
        raise ArticleError(
            f"The article {row.id} ({row.language}) in the store is not what was imported.",
            fix="Import it again with triage kb import.",
            field=row.id,
        )
    day = content["valid_until"]
    known = {
        **content,
        "tags": tuple(content["tags"]),
        "valid_until": date.fromisoformat(day) if day else None,
    }
    return Article(**known)
