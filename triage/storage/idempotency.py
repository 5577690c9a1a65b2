"""Answers kept for requests that may be sent twice, in the transaction of the write itself."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from triage.errors import KeyReusedError, RequestInFlightError
from triage.storage.tables import idempotency

KEPT = timedelta(hours=72)
MAX_KEY = 255
"""Longest key, in characters."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that may be sent again.

    Args:
        key: What the caller named it.
        fingerprint: SHA-256 of method, path and body.
        caller: Whose key it is; two callers may use the same.
    """

    key: str
    fingerprint: str
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was, or would be, sent.

    Args:
        status: Of HTTP.
        body: JSON text.
        requester: Fingerprint of whom it is about, for erasure.
        replayed: It was given before.
    """

    status: int
    body: str
    requester: str | None = None
    replayed: bool = False


def fingerprint(*parts: bytes) -> str:
    """Return the SHA-256 of parts; where one ends is part of it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


class InFlight:
    """The attempts that this process works on."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._lock = Lock()

    @contextmanager
    def only(self, attempt: Attempt | None) -> Iterator[None]:
        """Hold an attempt's key while it is worked on.

        Raises:
            RequestInFlightError: When the key is held already.
        """
        if attempt is None:
            yield
            return
        name = (attempt.caller, attempt.key)
        with self._lock:
            if name in self._keys:
                raise RequestInFlightError(
                    "A request with this Idempotency-Key is being worked on.",
                    fix="Wait for its answer, or ask again in a moment.",
                )
            self._keys.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(name)


def kept_reply(connection: Connection, attempt: Attempt | None) -> Reply | None:
    """Return the answer that was given to a request before, if it was and is still kept.

    Raises:
        KeyReusedError: When the key came with another request.
    """
    if attempt is None:
        return None
    row = connection.execute(select(idempotency).where(_mine(attempt))).one_or_none()
    if row is None or row.created_at <= datetime.now(UTC) - KEPT:
        return None
    if row.fingerprint != attempt.fingerprint:
        raise KeyReusedError(
            "This Idempotency-Key came before with another request.",
            fix="Send a new key with a new request.",
            field="Idempotency-Key",
        )
    return Reply(row.status, row.body, row.requester, replayed=True)


def once(
    connection: Connection, attempt: Attempt | None, write: Callable[[Connection], Reply]
) -> Reply:
    """Write and keep the answer, or give the answer kept before.

    Raises:
        KeyReusedError: When the key came with another request.
        TriageError: What the write raises; then nothing is kept, and the request may be mended and
            sent again with the same key.
    """
    if attempt is None:
        return write(connection)
    known = kept_reply(connection, attempt)
    if known is not None:
        return known
    connection.execute(delete(idempotency).where(_mine(attempt)))
    reply = write(connection)
    values = {
        "caller": attempt.caller,
        "key": attempt.key,
        "fingerprint": attempt.fingerprint,
        "created_at": datetime.now(UTC),
        "requester": reply.requester,
        "status": reply.status,
        "body": reply.body,
    }
    connection.execute(insert(idempotency), [values])
    return reply


def _mine(attempt: Attempt) -> ColumnElement[bool]:
    return (idempotency.c.caller == attempt.caller) & (idempotency.c.key == attempt.key)
