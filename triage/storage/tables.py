"""The tables of the store, as the newest migration leaves them."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment of any zone into UTC."""
        del dialect
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Mark what was read as UTC."""
        del dialect
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"}
)

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("content", JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("imported_at", UtcTime, nullable=False),
    Column("source", Text),
)
"""Help-centre articles; ``fingerprint`` is the SHA-256 of ``content``.

``source`` is what an article is kept in step with; None is nothing.
"""

_number = BigInteger().with_variant(Integer, "sqlite")

article_changes = Table(
    "article_changes",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=True),
    Column("changed_at", UtcTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("source", Text),
    Column("brand", Text),
    Column("undone_by", _number),
)
"""What changed articles: one row per import, write, deletion or undo.

``brand`` is that of the caller's key, None of whoever may change those of every brand;
``undone_by`` is the number of the change that took it back.
"""

article_versions = Table(
    "article_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("change", _number),
    Column("changed_at", UtcTime, nullable=False),
    Column("content", JSON(none_as_null=True)),
    Column("fingerprint", Text),
    Column("source", Text),
    Column("brand", Text),
    Index(None, "change"),
)
"""Every article as it was left by each change; without content it was deleted.

``change`` is None for a version that was found in the store without one. ``brand`` is that of the
article, of a deleted one the last that it had.
"""

decisions = Table(
    "decisions",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("message_id", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("alias", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text),
    Column("requester", Text),
    Column("labels", JSON, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("no_suggestion_reason", Text),
    Column("text_kept", Text, nullable=False),
    Column("text", Text),
    Column("timings_ms", JSON, nullable=False),
    Column("brand", Text),
    Index(None, "message_id"),
    Index(None, "decided_at"),
    Index(None, "requester"),
)
"""The journal: one row per answered message, appended and never changed.

``message_id`` is the id of the answer; one message asked twice has two rows. ``text`` is the
cleaned text, kept as ``text_kept`` says. ``requester`` is the SHA-256 of the desk's id of the
requester, so that rows can be found for erasure without keeping the id itself. ``brand`` is the one
that the message came for; None is of no brand.
"""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("brand", Text),
    Column("rate", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
)
"""Keys of the API; ``digest`` is the SHA-256 of the whole key, which is kept nowhere.

Rows of expired and revoked keys stay, as the record of who could do what.
"""
feedback = Table(
    "feedback",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("receipt", Text, nullable=False),
    Column("decision", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("brand", Text),
    Column("requester", Text),
    Column("agent", Text),
    Column("labels", JSON, nullable=False),
    Column("final", JSON, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("text_kept", Text, nullable=False),
    Index(None, "message_id"),
    Index(None, "received_at"),
    Index(None, "requester"),
)
"""What agents did with answers; ``decision`` is the number of the row of ``decisions`` it is about.

``suggestions`` lists ``passage_id``, ``event``, ``edit_distance`` and ``sent_text``, which is kept
as ``text_kept`` says. ``agent`` is the desk's id as it was given, None once it is erased.
"""

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("requester", Text),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "created_at"),
    Index(None, "requester"),
)
"""Answers to writes with an ``Idempotency-Key``, written in the transaction of the write itself.

``fingerprint`` is the SHA-256 of the request; what it held is not kept.
"""

disagreements = Table(
    "disagreements",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("message_id", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("champion", Text, nullable=False),
    Column("challenger", Text, nullable=False),
    Column("brand", Text),
    Column("requester", Text),
    Column("labels", JSON, nullable=False),
    Index(None, "message_id"),
    Index(None, "seen_at"),
    Index(None, "requester"),
)
"""Messages whose top label a challenger set otherwise than the champion, by task; no texts."""

tombstones = Table(
    "tombstones",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("erased_at", UtcTime, nullable=False),
)
"""Who was erased and when, as a SHA-256: what a restored backup must lose again."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("brand", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "name", unique=True),
)
"""People who may sign in to the console; ``password`` is the argon2id hash."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Index(None, "holder"),
    Index(None, "created_at"),
)
"""Who is signed in to the console; ``digest`` is the SHA-256 of the cookie's token.

``kind`` is ``account`` or ``key``, and ``holder`` the id of one. What a session may do is looked up
there at every request, so that it ends with its key or account.
"""

self_service = Table(
    "self_service",
    metadata,
    Column("day", Text, primary_key=True),
    Column("brand", Text, primary_key=True),
    Column("article_id", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How often visitors of a company's site found an answer, and were helped, by day in UTC.

``brand`` is empty for a site of none, ``article_id`` for a search. Nothing about a visitor is kept.
"""
