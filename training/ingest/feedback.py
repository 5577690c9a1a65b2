"""Feedback as the store keeps it: labels that people set, and what else asks for a look."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, RowMapping, inspect, select

from training.config import AGENT_CAP
from training.ingest.opinions import Opinion, Settlement, settle
from triage.storage.engine import transaction
from triage.storage.journal import fingerprint_of
from triage.storage.tables import decisions, disagreements, feedback, tombstones

PAGE = 1000
"""Rows of one transaction: short, since a reader keeps the running service from committing."""
TOUCHED = frozenset({"edited", "rejected"})


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a store knows beside its decisions.

    Args:
        settlement: Labels by decision and task.
        touched: What agents did with suggestions that did not serve, by decision.
        disputed: Tasks that champion and challenger label differently, by message and champion.
    """

    settlement: Settlement = field(default_factory=Settlement)
    touched: Mapping[int, frozenset[str]] = field(default_factory=dict)
    disputed: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


def hear(
    engine: Engine, cap: float = AGENT_CAP, seed: int = 0, without: Collection[str] = ()
) -> Heard:
    """Read feedback and disagreements; a store of a version without them has none.

    What belongs to erased requesters is left out, and agents who were erased lose their names,
    whatever brought the rows back.

    Args:
        engine: The database.
        cap: Largest share of one agent.
        seed: Chooses which labels of an agent who is over the cap are kept.
        without: Agents who are not heard.

    Raises:
        StoreError: When the store cannot be read.
    """
    with transaction(engine) as connection:
        tables = set(inspect(connection).get_table_names())
    stones = _Stones(engine) if tombstones.name in tables else None
    opinions: list[Opinion] = []
    touched: dict[int, set[str]] = defaultdict(set)
    for row in _feedback(engine) if feedback.name in tables else ():
        if stones and stones.erased("requester", row["requester"], row["received_at"]):
            continue
        agent = row["agent"]
        if agent in without:
            continue
        if stones and stones.erased("agent", fingerprint_of(agent), row["received_at"]):
            agent = None
        opinions += _opinions(row, agent)
        touched[row["decision"]] |= {use["event"] for use in row["suggestions"]} & TOUCHED
    disputed = _disputed(engine) if disagreements.name in tables else {}
    return Heard(
        settle(opinions, cap, seed),
        {number: frozenset(events) for number, events in touched.items() if events},
        disputed,
    )


class _Stones:
    """Who was erased, and when."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as connection:
            rows = connection.execute(select(tombstones)).all()
        self._when = {(row.kind, row.fingerprint): row.erased_at for row in rows}

    def erased(self, kind: str, fingerprint: str | None, at: datetime) -> bool:
        """Tell whether somebody was erased after a moment."""
        when = self._when.get((kind, fingerprint)) if fingerprint else None
        return when is not None and when >= at


def _feedback(engine: Engine) -> Iterator[RowMapping]:
    columns = (
        *(feedback.c.number, feedback.c.decision, feedback.c.received_at, feedback.c.agent),
        *(feedback.c.requester, feedback.c.labels, feedback.c.final, feedback.c.suggestions),
        decisions.c.labels.label("guessed"),
    )
    joined = select(*columns).join(decisions, decisions.c.number == feedback.c.decision)
    number = 0
    while True:
        query = joined.where(feedback.c.number > number).order_by(feedback.c.number).limit(PAGE)
        with transaction(engine) as connection:
            page = connection.execute(query).mappings().all()
        if not page:
            return
        yield from page
        number = page[-1]["number"]


def _opinions(row: RowMapping, agent: str | None) -> Iterator[Opinion]:
    for final, labels in ((False, row["labels"]), (True, row["final"])):
        for task, label in labels.items():
            guessed = row["guessed"].get(task, {}).get("top_label", "")
            yield Opinion((row["decision"], task), label, agent, final, guessed)


def _disputed(engine: Engine) -> dict[tuple[str, str], frozenset[str]]:
    columns = (disagreements.c.message_id, disagreements.c.champion, disagreements.c.labels)
    with transaction(engine) as connection:
        rows = connection.execute(select(*columns).order_by(disagreements.c.number)).all()
    # Of several challengers the last one counts.
    return {(row.message_id, row.champion): frozenset(row.labels) for row in rows}
