"""Answer the messages of a made-up fortnight and record them as if a desk had sent them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from triage.bundle.registry import Registry
from triage.demo.arrivals import Arrival, arrivals
from triage.demo.desk import Handled, handle
from triage.domain import Options, TriageResult
from triage.errors import ConfigError
from triage.live import open_live
from triage.pipeline import Pipeline
from triage.service import known_articles
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.feedback import add_feedback, find_decision
from triage.storage.journal import Entry, Journal
from triage.storage.lock import only_server
from triage.storage.store import Store
from triage.storage.tables import decisions
from triage.telemetry import Telemetry
from triage.text.edits import edit_distance
from triage.text.redact import redact

TOGETHER = 32
Advance = Callable[[int, int], None]
"""Hears how many messages of how many are done."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a store was filled with."""

    messages: int
    handled: int
    articles: int


def fill(settings: Settings, days: int, seed: int, advance: Advance) -> Filled:
    """Fill an empty store with some days of messages that end now.

    Args:
        settings: Names the store, the bundle and the data.
        days: How many.
        seed: The same seed gives the same messages and the same work of agents.
        advance: Told after each group of messages.

    Raises:
        ConfigError: When the store holds decisions already, or there are no samples.
        BundleError: When the bundle cannot serve.
        StoreError: When the store cannot be written, or a server is using it.
    """
    telemetry = Telemetry("error")
    now = datetime.now(UTC)
    registry = Registry(settings.home, settings.models)
    with only_server(settings.store_url), Store.open(settings.store_url) as store:
        _check_empty(store)
        coming = arrivals(settings.data, now, days, seed)
        articles = known_articles(settings, store, telemetry)
        folder, alias = registry.find(settings.bundle), registry.alias_of(settings.bundle)
        pipeline = open_live(settings, folder, alias, lambda: articles, telemetry).pipeline
        journal = store.journal(settings.store_text, lambda text: redact(text).text)
        handled = 0
        for done, part in _groups(coming):
            handled += _record(store, journal, pipeline, part, (now, seed))
            advance(done, len(coming))
    return Filled(len(coming), handled, len(articles))


def _check_empty(store: Store) -> None:
    with transaction(store.engine) as connection:
        count = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
    if count:
        raise ConfigError(
            f"The store holds {count} decisions already.",
            fix="Choose another folder with --home, or begin anew with --replace.",
            field="--home",
        )


def _groups(coming: Sequence[Arrival]) -> Iterator[tuple[int, Sequence[Arrival]]]:
    for start in range(0, len(coming), TOGETHER):
        part = coming[start : start + TOGETHER]
        yield start + len(part), part


def _record(
    store: Store,
    journal: Journal,
    pipeline: Pipeline,
    part: Sequence[Arrival],
    when: tuple[datetime, int],
) -> int:
    """Answer and record some messages, and what agents did with them; return how many did."""
    now, seed = when
    results = pipeline.run([one.message for one in part], Options())
    pairs = list(zip(part, results, strict=True))
    worked = [(result, handle(one, result, now, seed)) for one, result in pairs]
    with transaction(store.engine, write=True) as connection:
        journal.append_on(connection, [Entry(one.message, result, one.at) for one, result in pairs])
        for result, done in worked:
            if done:
                _give(connection, journal, result, done)
    return sum(done is not None for _, done in worked)


def _give(connection: Connection, journal: Journal, result: TriageResult, done: Handled) -> None:
    decided = find_decision(connection, result.id, None)
    answers = {item.passage_id: item.answer for item in result.suggestions.items}
    name = done.feedback.customer_name
    uses: list[dict[str, Any]] = [
        {
            "passage_id": use.passage_id,
            "event": use.event,
            "edit_distance": edit_distance([answers[use.passage_id]], use.sent_text)
            if use.sent_text
            else None,
            "sent_text": journal.kept(use.sent_text, name) if use.sent_text else None,
        }
        for use in done.feedback.uses
    ]
    add_feedback(connection, done.feedback, decided, uses, journal.keep, done.at)
