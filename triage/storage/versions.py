"""The versions of articles: what each was after every change, who made it, when and from where."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from triage.bundle.manifest import json_fingerprint
from triage.domain import Article, Origin
from triage.errors import ChangeNotFoundError
from triage.storage.article_content import article_of
from triage.storage.tables import article_changes as changes
from triage.storage.tables import article_versions as versions

ArticleKey = tuple[str, str]
"""Id and language."""
AT_ONCE = 500
"""Ids in one query; SQLite takes 32,766 parameters at most."""
KEPT = 50
"""Versions kept of each article, the newest."""
FOUND = "found"
"""Action of a version that stood in the store before anything was recorded about it."""


@dataclass(frozen=True, slots=True)
class Version:
    """An article after one change; ``article`` is None where it was deleted.

    ``change`` is None, and ``action`` is ``found``, for what stood there without a record.
    """

    number: int
    change: int | None
    changed_at: datetime
    action: str
    by: str
    source: str
    article: Article | None


@dataclass(frozen=True, slots=True)
class Change:
    """One import, write, deletion or undo, and how many articles it touched."""

    number: int
    changed_at: datetime
    action: str
    by: str
    source: str
    undone_by: int | None
    articles: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a change made of one article, and the version that stood before.

    ``fingerprint`` and ``source`` are those that the change left, None of an article that it
    deleted. ``is_first`` tells that nothing stood there before; else ``before`` is None where that
    version is no longer kept.
    """

    key: ArticleKey
    fingerprint: str | None
    source: str | None
    is_first: bool
    before: Version | None


class History:
    """The versions of articles as one transaction sees and writes them.

    Args:
        connection: In a transaction of the caller's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(
        self,
        origin: Origin,
        now: datetime,
        before: Mapping[ArticleKey, Mapping[str, Any]],
        after: Mapping[ArticleKey, Mapping[str, Any] | None],
    ) -> int:
        """Write what a change left of some articles and return the number of the change.

        Args:
            origin: Who changed them.
            now: When.
            before: Rows of ``articles`` as they were, those that there were.
            after: Rows as they are now by key, None for a deleted one.
        """
        number = self._begin(origin, now)
        latest = self._latest(after)
        rows = []
        for key, row in after.items():
            known = latest.get(key)
            last = known[0] if known else 0
            found = before.get(key)
            if found is not None and _is_unknown(found, known):
                last += 1
                rows.append(_row(key, last, None, found["imported_at"], found))
            last += 1
            brand = _brand(found) if found is not None else None
            rows.append(_row(key, last, number, now, row, brand))
            if last > KEPT:
                old = _is(key) & (versions.c.version <= last - KEPT)
                self._connection.execute(delete(versions).where(old))
        self._connection.execute(insert(versions), rows)
        return number

    def of(self, key: ArticleKey, brand: str | None = None) -> list[Version]:
        """List the versions of one article, the newest first.

        Args:
            key: Its id and language, whether it still stands or not.
            brand: Only versions of it and of none; None for those of every brand.
        """
        seen = true() if brand is None else or_(versions.c.brand == brand, _of_none())
        query = _with_change().where(_is(key), seen).order_by(versions.c.version.desc())
        return [_version(row) for row in self._connection.execute(query)]

    def changes(self, brand: str | None, limit: int) -> list[Change]:
        """List the newest changes that a caller of a brand, None for all, may undo."""
        count = select(func.count()).where(versions.c.change == changes.c.number)
        query = select(changes, count.scalar_subquery().label("articles")).order_by(
            changes.c.number.desc()
        )
        if brand is not None:
            query = query.where(changes.c.brand == brand)
        return [_change(row) for row in self._connection.execute(query.limit(limit))]

    def to_undo(self, number: int | None, brand: str | None) -> int:
        """Return the number of a change that may be undone; None asks for the last import.

        Raises:
            ChangeNotFoundError: When there is none, it is another brand's, or it was undone.
        """
        query = select(changes).order_by(changes.c.number.desc()).limit(1)
        if brand is not None:
            query = query.where(changes.c.brand == brand)
        if number is None:
            query = query.where(changes.c.action == "import", changes.c.undone_by.is_(None))
        else:
            query = query.where(changes.c.number == number)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            what = "import to undo" if number is None else f"change {number}"
            raise ChangeNotFoundError(
                f"There is no {what} that is yours.",
                fix="See triage kb versions, or GET /v1/knowledge/changes.",
                field="change",
            )
        if row.undone_by is not None:
            raise ChangeNotFoundError(
                f"Change {row.number} was undone by change {row.undone_by}.",
                fix=f"Undo change {row.undone_by} to have it back.",
                field="change",
            )
        return int(row.number)

    def steps(self, number: int) -> list[Step]:
        """Return what a change made of each article that it touched."""
        rows = self._connection.execute(select(versions).where(versions.c.change == number))
        made = {(row.id, row.language): row for row in rows}
        before = self._before({key: row.version for key, row in made.items()})
        return [
            Step(key, row.fingerprint, row.source, row.version == 1, before.get(key))
            for key, row in made.items()
        ]

    def undone(self, number: int, by: int) -> None:
        """Remember that a change was taken back, which puts back what it had taken back itself."""
        again = update(changes).where(changes.c.undone_by == number).values(undone_by=None)
        self._connection.execute(again)
        done = update(changes).where(changes.c.number == number).values(undone_by=by)
        self._connection.execute(done)

    def _begin(self, origin: Origin, now: datetime) -> int:
        row = {
            "changed_at": now,
            "action": origin.action,
            "changed_by": origin.by,
            "source": origin.source or None,
            "brand": origin.brand,
        }
        done = self._connection.execute(insert(changes), row)
        return int(cast("tuple[int]", done.inserted_primary_key)[0])

    def _latest(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, tuple[int, str | None]]:
        """Return number and fingerprint of the newest version of each article that has one."""
        found: dict[ArticleKey, tuple[int, str | None]] = {}
        columns = (versions.c.id, versions.c.language, versions.c.version, versions.c.fingerprint)
        for ids in in_parts({article_id for article_id, _ in keys}):
            query = select(*columns).where(versions.c.id.in_(ids)).order_by(versions.c.version)
            for row in self._connection.execute(query):
                found[row.id, row.language] = (row.version, row.fingerprint)
        return {key: last for key, last in found.items() if key in keys}

    def _before(self, made: Mapping[ArticleKey, int]) -> dict[ArticleKey, Version]:
        found: dict[ArticleKey, Version] = {}
        for ids in in_parts({article_id for article_id, _ in made}):
            for row in self._connection.execute(_with_change().where(versions.c.id.in_(ids))):
                key = (row.id, row.language)
                if key in made and row.version == made[key] - 1:
                    found[key] = _version(row)
        return found


def in_parts(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield ids in parts that a query can hold."""
    ordered = sorted(ids)
    for at in range(0, len(ordered), AT_ONCE):
        yield ordered[at : at + AT_ONCE]


def _row(
    key: ArticleKey,
    version: int,
    change: int | None,
    when: datetime,
    row: Mapping[str, Any] | None,
    brand: str | None = None,
) -> dict[str, Any]:
    return {
        "id": key[0],
        "language": key[1],
        "version": version,
        "change": change,
        "changed_at": when,
        "content": row["content"] if row else None,
        "fingerprint": row["fingerprint"] if row else None,
        "source": row["source"] if row else None,
        "brand": _brand(row) if row else brand,
    }


def _brand(row: Mapping[str, Any]) -> str | None:
    content = row["content"]
    return content.get("brand") if isinstance(content, dict) else None


def _is_unknown(found: Mapping[str, Any], known: tuple[int, str | None] | None) -> bool:
    """Tell whether a row of the store is whole, and no version of it is kept."""
    if known and known[1] == found["fingerprint"]:
        return False
    return bool(json_fingerprint(found["content"]) == found["fingerprint"])


def _is(key: ArticleKey) -> ColumnElement[bool]:
    return and_(versions.c.id == key[0], versions.c.language == key[1])


def _of_none() -> ColumnElement[bool]:
    return versions.c.brand.is_(None)


def _with_change() -> Any:  # noqa: ANN401 - a select of twelve columns has no shorter name
    joined = versions.outerjoin(changes, versions.c.change == changes.c.number)
    return select(versions, changes.c.action, changes.c.changed_by).select_from(joined)


def _version(row: Row[Any]) -> Version:
    return Version(
        number=row.version,
        change=row.change,
        changed_at=row.changed_at,
        action=row.action or FOUND,
        by=row.changed_by or "",
        source=row.source or "",
        article=article_of(row.content) if row.content is not None else None,
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        number=row.number,
        changed_at=row.changed_at,
        action=row.action,
        by=row.changed_by,
        source=row.source or "",
        undone_by=row.undone_by,
        articles=row.articles,
    )
