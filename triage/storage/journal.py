"""The journal: what was decided about each message, appended and never changed."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from time import time_ns
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert

from triage.domain import LabelResult, Message, Suggestions, TriageResult
from triage.storage.engine import transaction
from triage.storage.tables import decisions
from triage.text.names import hide_name

StoreText = Literal["redacted", "full", "none"]

_INSERT = insert(decisions)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with the answer it got, waiting to be recorded."""

    message: Message
    result: TriageResult
    decided_at: datetime


def new_id() -> str:
    """Make an id for a message that came without one.

    Ids sort by the millisecond they were made in, so that rows written together lie together in
    the index too; with random ids each row changes a page of its own.
    """
    return f"{time_ns() // 1_000_000:012x}{token_hex(10)}"


class Journal:
    """The append-only record of decisions.

    Args:
        engine: The database.
        keep: What is kept of a text: ``redacted``, ``full`` or ``none``.
        redact: Takes what identifies a person out of a text.
    """

    def __init__(self, engine: Engine, keep: StoreText, redact: Callable[[str], str]) -> None:
        self._engine = engine
        self.keep = keep
        self._redact = redact

    def append(self, entries: Sequence[Entry]) -> None:
        """Record entries in one transaction; they are on the disk when this returns.

        Raises:
            StoreError: When the store cannot be written; then none is recorded.
        """
        with transaction(self._engine, write=True) as connection:
            self.append_on(connection, entries)

    def append_on(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Record entries in a transaction of the caller's."""
        connection.execute(_INSERT, [self._row(entry) for entry in entries])

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
            "requester": fingerprint_of(message.customer_id),
            "brand": message.context.brand,
            "labels": _labels(result.labels),
            "suggestions": _suggestions(result.suggestions),
            "no_suggestion_reason": result.suggestions.no_suggestion_reason,
            "text_kept": self.keep,
            "text": self.kept(result.cleaned_text, message.customer_name),
            "timings_ms": {step: round(ms, 3) for step, ms in result.timings_ms.items()},
        }

    def kept(self, text: str, name: str | None) -> str | None:
        """Return what may be kept of a text in which a requester of that name may stand."""
        if self.keep == "none":
            return None
        # Names come second: an address is recognised by its whole, name and all.
        return text if self.keep == "full" else hide_name(self._redact(text), name)


def fingerprint_of(customer_id: str | None) -> str | None:
    """Return the SHA-256 under which a requester, or an erased agent, is found."""
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
