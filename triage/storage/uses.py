"""Read from journal and feedback what agents did with suggestions, for ranking to learn from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, exists, func, select

from triage.storage.engine import transaction
from triage.storage.tables import decisions, feedback, tombstones
from triage.suggest.verdicts import Event, Handled, judge, stronger

PER_AGENT = 1_000
"""Newest rows of feedback read of each agent, so that nobody crowds out the others."""
READ = 5_000
"""Rows of feedback read in all, however many agents there are: shared out evenly among them."""
LOOKED_AT = 50_000
"""Newest rows of feedback that those are chosen among: a quarter of a second on one core."""
PAGE = 500
"""Rows of one transaction: short, since a reader keeps a writer of SQLite from committing."""
MAX_CHARACTERS = 4_000
"""Of a text; what stands further down changes a vector little."""


class Uses:
    """What agents did with suggestions, in a store.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self) -> object:
        """Return a value that differs after every feedback and every erasure; costs two look-ups.

        Raises:
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            newest = connection.execute(select(func.max(feedback.c.number))).scalar()
            query = select(func.count(), func.max(tombstones.c.erased_at)).select_from(tombstones)
            erased = connection.execute(query).one()
        return newest, *erased

    def read(
        self, since: datetime, per_agent: int | None = PER_AGENT, most: int | None = READ
    ) -> list[Handled]:
        """List messages with at least one verdict by the agents who gave it, oldest first.

        Requesters who were erased after they wrote are left out, whatever brought rows back.

        Args:
            since: Feedback received earlier is left out.
            per_agent: Most rows of feedback of one agent; None reads all.
            most: Most rows in all, the newest of each agent first; None reads all.

        Raises:
            StoreError: When the store cannot be read.
        """
        found: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
        for row in self._rows(self._numbers(since, per_agent, most)):
            found.setdefault((row["decision"], row["agent"] or ""), []).append(row)
        displayed = _displayed(found)
        handled = [_handled(rows, displayed[key[0]]) for key, rows in found.items()]
        judged = [one for one in handled if judge(one.shown)]
        return sorted(judged, key=lambda one: (one.at, one.message, one.agent))

    def _rows(self, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(numbers), PAGE):
            query = (
                select(
                    feedback.c.decision,
                    feedback.c.agent,
                    feedback.c.received_at,
                    feedback.c.suggestions.label("events"),
                    decisions.c.suggestions,
                    decisions.c.language,
                    decisions.c.brand,
                    func.substr(decisions.c.text, 1, MAX_CHARACTERS).label("text"),
                )
                .join(decisions, decisions.c.number == feedback.c.decision)
                .where(feedback.c.number.in_(numbers[start : start + PAGE]), ~_erased())
                .order_by(feedback.c.number)
            )
            with transaction(self._engine) as connection:
                page = [dict(row) for row in connection.execute(query).mappings()]
            yield from page

    def _numbers(self, since: datetime, per_agent: int | None, most: int | None) -> Sequence[int]:
        agent = func.coalesce(feedback.c.agent, "").label("agent")
        fresh = select(feedback.c.number, agent).where(feedback.c.received_at >= since)
        if most is not None:
            fresh = fresh.order_by(feedback.c.number.desc()).limit(max(most, LOOKED_AT))
        rows = fresh.subquery()
        turn = func.row_number().over(partition_by=rows.c.agent, order_by=rows.c.number.desc())
        newest = select(rows.c.number, turn.label("turn")).subquery()
        query = select(newest.c.number).order_by(newest.c.turn, newest.c.number.desc()).limit(most)
        if per_agent is not None:
            query = query.where(newest.c.turn <= per_agent)
        with transaction(self._engine) as connection:
            return sorted(connection.execute(query).scalars())


def _erased() -> ColumnElement[bool]:
    return exists().where(
        tombstones.c.kind == "requester",
        tombstones.c.fingerprint == feedback.c.requester,
        tombstones.c.erased_at >= feedback.c.received_at,
    )


def _displayed(
    found: Mapping[tuple[int, str], Sequence[Mapping[str, Any]]],
) -> dict[int, set[str]]:
    """List the passages of each decision that anybody saw: a desk may tell that apart."""
    seen: dict[int, set[str]] = {}
    for (decision, _), rows in found.items():
        known = seen.setdefault(decision, set())
        known.update(item["passage_id"] for row in rows for item in row["events"])
    return seen


def _handled(rows: Sequence[Mapping[str, Any]], displayed: set[str]) -> Handled:
    """Put together what one agent told of one decision, in the order it was suggested."""
    events: dict[str, Event] = dict.fromkeys(displayed, "displayed")
    for item in (item for row in rows for item in row["events"]):
        passage = item["passage_id"]
        events[passage] = stronger(item["event"], events[passage])
    last = rows[-1]
    return Handled(
        message=last["decision"],
        agent=last["agent"] or "",
        at=last["received_at"],
        language=last["language"],
        text=last["text"] or "",
        shown=tuple(
            (item["article_id"], events[item["passage_id"]])
            for item in last["suggestions"]
            if item["passage_id"] in events
        ),
        brand=last["brand"],
    )
