"""The articles as one transaction sees and changes them, with a version of every change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, or_, select

from triage.bundle.manifest import json_fingerprint
from triage.domain import Article, Origin
from triage.errors import ArticleError, StoreError
from triage.storage.article_content import article_of, content_of
from triage.storage.engine import shown
from triage.storage.tables import articles
from triage.storage.versions import ArticleKey, History, in_parts

Sourced = tuple[Article, str]
"""An article with the source that it is kept in step with, ``""`` being none."""
BY_HAND = Origin("put")
COLUMNS = (
    articles.c.id,
    articles.c.language,
    articles.c.content,
    articles.c.fingerprint,
    articles.c.imported_at,
    articles.c.source,
)


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article with the moment of its last change, and the source that it came from."""

    article: Article
    changed_at: datetime
    source: str = ""


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
        query = select(*COLUMNS).order_by(articles.c.id, articles.c.language)
        if self._brand is not None:
            query = query.where(brand_column() == self._brand)
        return tuple(one.article for one in read_rows(self._connection, query))

    def sources(self) -> dict[ArticleKey, str]:
        """Return the source of every article, ``""`` where it has none."""
        query = select(articles.c.id, articles.c.language, articles.c.source)
        rows = self._connection.execute(query)
        return {(row.id, row.language): row.source or "" for row in rows}

    def replace_articles(
        self,
        changed: Sequence[Article],
        deleted: Collection[ArticleKey],
        origin: Origin = BY_HAND,
    ) -> int | None:
        """Write and delete articles by key.

        Args:
            changed: Articles as they are from now on; without a source of the origin's each keeps
                its own.
            deleted: Keys of those that go.
            origin: Who changes them, for their versions.

        Returns:
            The number of the change; None where nothing was to be done.
        """
        held = self._rows({*deleted, *map(_key, changed)})
        kept = {key: row["source"] or "" for key, row in held.items()}
        sourced = [(one, origin.source or kept.get(_key(one), "")) for one in changed]
        return self._write(sourced, deleted, origin, held)

    def put_back(
        self, former: Sequence[Sourced], deleted: Collection[ArticleKey], origin: Origin
    ) -> int | None:
        """Write articles each with a source of its own; else as ``replace_articles``."""
        held = self._rows({*deleted, *(_key(article) for article, _ in former)})
        return self._write(former, deleted, origin, held)

    def _write(
        self,
        changed: Sequence[Sourced],
        deleted: Collection[ArticleKey],
        origin: Origin,
        held: dict[ArticleKey, dict[str, Any]],
    ) -> int | None:
        now = datetime.now(UTC)
        rows = [_article_row(article, source, now) for article, source in changed]
        for article_id, language in sorted(held):
            self._connection.execute(
                delete(articles).where(articles.c.id == article_id, articles.c.language == language)
            )
        if rows:
            self._connection.execute(insert(articles), rows)
        after = {(row["id"], row["language"]): row for row in rows}
        gone = {key: None for key in deleted if key in held and key not in after}
        if not after and not gone:
            return None
        return History(self._connection).record(origin, now, held, {**after, **gone})

    def _rows(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, dict[str, Any]]:
        """Read rows as they are, whole or not."""
        found: dict[ArticleKey, dict[str, Any]] = {}
        for ids in in_parts({article_id for article_id, _ in keys}):
            query = select(*COLUMNS).where(articles.c.id.in_(ids))
            rows = _fetch(self._connection, query)
            found |= {(row.id, row.language): row._asdict() for row in rows}
        return {key: row for key, row in found.items() if key in keys}

    def translations(self, article_id: str) -> list[str]:
        """List the languages that an article stands in, for a caller of the brand."""
        query = select(articles.c.language).where(articles.c.id == article_id)
        if self._brand is not None:
            query = query.where(or_(brand_column() == self._brand, brand_column().is_(None)))
        return sorted(self._connection.execute(query).scalars())

    def find(self, key: ArticleKey) -> StoredArticle | None:
        """Return an article by key, whatever its brand.

        Raises:
            ArticleError: When it is not what was imported.
        """
        query = select(*COLUMNS).where(articles.c.id == key[0], articles.c.language == key[1])
        found = read_rows(self._connection, query)
        return found[0] if found else None

    def prints(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, tuple[str, str | None]]:
        """Return fingerprint and source of those keys that stand in the store."""
        columns = (articles.c.id, articles.c.language, articles.c.fingerprint, articles.c.source)
        found: dict[ArticleKey, tuple[str, str | None]] = {}
        for ids in in_parts({article_id for article_id, _ in keys}):
            rows = self._connection.execute(select(*columns).where(articles.c.id.in_(ids)))
            found |= {(row[0], row[1]): (row[2], row[3]) for row in rows}
        return {key: one for key, one in found.items() if key in keys}

    def taken(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, str | None]:
        """Return the brands of those keys that stand in the store."""
        found: dict[ArticleKey, str | None] = {}
        for ids in in_parts({article_id for article_id, _ in keys}):
            query = select(articles.c.id, articles.c.language, brand_column()).where(
                articles.c.id.in_(ids)
            )
            found |= {(row[0], row[1]): row[2] for row in self._connection.execute(query)}
        return {key: brand for key, brand in found.items() if key in keys}


def brand_column() -> ColumnElement[str | None]:
    """Return the brand of an article, which stands in its content."""
    brand: ColumnElement[str | None] = articles.c.content["brand"].as_string()
    return brand


def read_rows(connection: Connection, query: Select[Any]) -> tuple[StoredArticle, ...]:
    """Read articles.

    Raises:
        ArticleError: When the content of a row is not what was imported; names the article.
        StoreError: When a row is no JSON.
    """
    rows = _fetch(connection, query)
    return tuple(StoredArticle(_article(row), row.imported_at, row.source or "") for row in rows)


def _fetch(connection: Connection, query: Select[Any]) -> Sequence[Row[Any]]:
    try:
        return connection.execute(query).all()
    except (ValueError, TypeError, RecursionError):
        # The cause would quote the row.
        raise StoreError(
            f"The store {shown(connection.engine.url)} holds an article that is no JSON.",
            fix="Restore it from a backup, or move it away and import the articles again.",
        ) from None


def _key(article: Article) -> ArticleKey:
    return article.id, article.language


def _article_row(article: Article, source: str, now: datetime) -> dict[str, Any]:
    content = content_of(article)
    return {
        "id": article.id,
        "language": article.language,
        "content": content,
        "fingerprint": json_fingerprint(content),
        "imported_at": now,
        "source": source or None,
    }


def _article(row: Row[Any]) -> Article:
    if json_fingerprint(row.content) != row.fingerprint:
        raise ArticleError(
            f"The article {row.id} ({row.language}) in the store is not what was imported.",
            fix="Import it again with triage kb import.",
            field=row.id,
        )
    return article_of(row.content)
