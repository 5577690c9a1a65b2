"""Read and write the tables of the store as values of the domain."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Engine, Row, Select, delete, func, insert, select, tuple_

from triage.bundle.manifest import json_fingerprint
from triage.domain import Article, LabelResult, Message, Suggestions, TriageResult
from triage.errors import ArticleError, StoreError
from triage.storage.engine import shown, transaction
from triage.storage.names import hide_name
from triage.storage.tables import articles, decisions

StoreText = Literal["redacted", "full", "none"]
ArticleKey = tuple[str, str]
"""Id and language."""
KEYS_AT_ONCE = 400
"""Articles asked for by key in one query; databases bound the parameters of one."""
_CONTENT = (articles.c.id, articles.c.language, articles.c.content, articles.c.fingerprint)


class ArticleRepository:
    """The articles of a store.

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
        return self._read(select(*_CONTENT).order_by(articles.c.id, articles.c.language))

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
            ArticleError: When the content of a row is not what was imported; names the article.
            StoreError: When the store cannot be read.
        """
        found: list[Article] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            place = tuple_(articles.c.id, articles.c.language)
            found += self._read(select(*_CONTENT).where(place.in_(some)))
        return tuple(found)

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
        now = datetime.now(UTC)
        gone = {*deleted, *((article.id, article.language) for article in changed)}
        with transaction(self._engine, write=True) as connection:
            for article_id, language in sorted(gone):
                connection.execute(
                    delete(articles).where(
                        articles.c.id == article_id, articles.c.language == language
                    )
                )
            if changed:
                connection.execute(insert(articles), [_article_row(one, now) for one in changed])

    def _read(self, query: Select[*tuple[Any, ...]]) -> tuple[Article, ...]:
        with transaction(self._engine) as connection:
            try:
                rows = connection.execute(query).all()
            except (ValueError, TypeError, RecursionError):
                # The cause would quote the row.
                raise StoreError(
                    f"The store {shown(self._engine.url)} holds an article that is no JSON.",
                    fix="Restore it from a backup, or move it away and import the articles again.",
                ) from None
        return tuple(_article(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with the answer it got, waiting to be recorded."""

    message: Message
    result: TriageResult
    decided_at: datetime


class Journal:
    """The append-only record of decisions.

    Args:
        engine: The database.
        keep: What is kept of a text: ``redacted``, ``full`` or ``none``.
        redact: Takes what identifies a person out of a text.
    """

    def __init__(self, engine: Engine, keep: StoreText, redact: Callable[[str], str]) -> None:
        self._engine = engine
        self._keep = keep
        self._redact = redact

    def append(self, entries: Sequence[Entry]) -> None:
        """Record entries in one transaction; they are on the disk when this returns.

        Raises:
            StoreError: When the store cannot be written; then none is recorded.
        """
        rows = [self._row(entry) for entry in entries]
        with transaction(self._engine, write=True) as connection:
            connection.execute(insert(decisions), rows)

    def _row(self, entry: Entry) -> dict[str, Any]:
        message, result = entry.message, entry.result
        return {
            "message_id": result.id,
            "decided_at": entry.decided_at,
            "bundle": result.model.bundle,
            "alias": result.model.alias,
            "profile": result.model.profile,
            "language": result.language.code,
            "channel": message.channel,
            "requester": _requester(message.customer_id),
            "labels": _labels(result.labels),
            "suggestions": _suggestions(result.suggestions),
            "no_suggestion_reason": result.suggestions.no_suggestion_reason,
            "text_kept": self._keep,
            "text": self._text(result.cleaned_text, message.customer_name),
            "timings_ms": {step: round(ms, 3) for step, ms in result.timings_ms.items()},
        }

    def _text(self, text: str, name: str | None) -> str | None:
        if self._keep == "none":
            return None
        # Names come second: an address is recognised by its whole, name and all.
        return text if self._keep == "full" else hide_name(self._redact(text), name)


def _requester(customer_id: str | None) -> str | None:
    return hashlib.sha256(customer_id.encode()).hexdigest() if customer_id else None


def _labels(labels: Mapping[str, LabelResult]) -> dict[str, dict[str, Any]]:
    return {
        task: {
            "label": answer.label,
            "top_label": answer.top_label,
            "confidence": round(answer.confidence, 6),
            "decision": answer.decision,
            "reason": answer.reason,
        }
        for task, answer in labels.items()
    }


def _suggestions(suggestions: Suggestions) -> list[dict[str, Any]]:
    return [
        {
            "article_id": item.article_id,
            "passage_id": item.passage_id,
            "confidence": round(item.confidence, 6),
        }
        for item in suggestions.items
    ]


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


def _article(row: Row[*tuple[Any, ...]]) -> Article:
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
