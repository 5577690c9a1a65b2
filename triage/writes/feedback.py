"""Take in what agents did with answers."""

from collections.abc import Callable, Collection, Mapping
from time import sleep
from typing import Any

from sqlalchemy import Connection

from triage.errors import DecisionNotFoundError, UnknownLabelError, UnknownTaskError
from triage.storage.engine import transaction
from triage.storage.feedback import Decided, Feedback, Use, add_feedback, find_decision
from triage.storage.idempotency import Reply, kept_reply
from triage.storage.journal import Journal
from triage.storage.work import done
from triage.text.edits import MAX_SUGGESTED, edit_distance
from triage.text.names import greeted_name
from triage.text.passages import cut
from triage.writes.base import ACCEPTED, Asker, Desk

ELSEWHERE_S = 0.3
"""How long a decision of another replica may wait for its writer."""
SHOWN = 50
"""Labels named in an error."""

Labels = Callable[[str], Mapping[str, Collection[str]]]
"""Labels by task that agents may set on answers of a bundle."""


class FeedbackIntake:
    """Checks feedback against the answer it is about and records it.

    Args:
        desk: Where writes are handed in.
        journal: Says how texts are kept.
        labels: Which labels agents may set.
    """

    def __init__(self, desk: Desk, journal: Journal, labels: Labels) -> None:
        self._desk = desk
        self._journal = journal
        self._labels = labels

    def add(self, given: Feedback, asker: Asker, render: Callable[[str], str]) -> Reply:
        """Record what an agent did with an answer; ``render`` writes the receipt as JSON.

        Raises:
            DecisionNotFoundError: When no such answer is recorded, or it is of another brand.
            UnknownTaskError: When a label is of a task that the answer does not have.
            UnknownLabelError: When a task has no such label, or the answer no such passage.
            KeyReusedError: When the key came with another request.
            RequestInFlightError: When the same request is being worked on.
            StoreError: When it cannot be written.
        """
        with self._desk.in_flight.only(asker.attempt):
            with transaction(self._desk.store.engine) as connection:
                known = kept_reply(connection, asker.attempt)
            if known:
                return known
            decided = self._decided(given.message_id, asker.brand)
            self._check(given, decided)
            uses = [self._use(use, given, decided) for use in given.uses]

            def write(connection: Connection) -> Reply:
                # Anew: it may have been erased since.
                found = find_decision(connection, given.message_id, asker.brand)
                receipt = add_feedback(connection, given, found, uses, self._journal.keep)
                return Reply(ACCEPTED, render(receipt), found.requester)

            return self._desk.once(asker, write)

    def _decided(self, message_id: str, brand: str | None) -> Decided:
        """Find a decision, even one that still waits for its writer."""
        try:
            with transaction(self._desk.store.engine) as connection:
                return find_decision(connection, message_id, brand)
        except DecisionNotFoundError:
            pass

        def behind(connection: Connection) -> Decided:
            return find_decision(connection, message_id, brand)

        try:
            return done(self._desk.writer, behind)
        except DecisionNotFoundError:
            if self._desk.store.engine.dialect.name == "sqlite":
                raise
        sleep(ELSEWHERE_S)
        return done(self._desk.writer, behind)

    def _check(self, given: Feedback, decided: Decided) -> None:
        known = self._labels(decided.bundle)
        for field, labels in (("labels", given.labels), ("final", given.final)):
            for task, label in (labels or {}).items():
                if task not in decided.tasks:
                    raise UnknownTaskError(
                        f"{field} names a task that the answer does not have.",
                        fix=f"The answer has {', '.join(sorted(decided.tasks))}.",
                        field=field,
                    )
                if label not in decided.tasks[task] and label not in known.get(task, ()):
                    listed = ", ".join(sorted({*known.get(task, ()), *decided.tasks[task]})[:SHOWN])
                    raise UnknownLabelError(
                        f"The task {task} has no such label.",
                        fix=f"Its labels are {listed}.",
                        field=f"{field}.{task}",
                    )
        for number, use in enumerate(given.uses):
            if use.passage_id not in decided.articles:
                raise UnknownLabelError(
                    "The answer did not suggest this passage.",
                    fix="Send a passage_id of its suggestions.",
                    field=f"suggestions.{number}.passage_id",
                )

    def _use(self, use: Use, given: Feedback, decided: Decided) -> dict[str, Any]:
        text, kept, distance = use.sent_text, None, None
        if text is not None:
            name = given.customer_name or greeted_name(text)
            kept = self._journal.kept(text, name)
            versions = self._suggested(decided.articles[use.passage_id], use.passage_id)
            distance = edit_distance(versions, text)
        return {
            "passage_id": use.passage_id,
            "event": use.event,
            "edit_distance": distance,
            "sent_text": kept,
        }

    def _suggested(self, article_id: str, passage_id: str) -> list[str]:
        """Return what may have been suggested: the passage, or all blocks of its article."""
        language = passage_id[len(article_id) + 1 :].rpartition("#")[0]
        found = self._desk.store.articles.get(None, (article_id, language))
        if found is None:
            return []
        blocks = [one for one in cut(found.article) if one.kind == "block"]
        passage = [one.text for one in blocks if one.id == passage_id]
        whole = "\n\n".join(one.text for one in blocks)
        return [*passage, whole] if passage and len(whole) <= MAX_SUGGESTED else passage
