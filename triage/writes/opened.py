"""All writes of a service, put together."""

from dataclasses import dataclass
from pathlib import Path

from triage.storage.idempotency import InFlight
from triage.storage.journal import Journal
from triage.storage.store import Store
from triage.storage.work import Writer
from triage.telemetry import Telemetry
from triage.writes.articles import ArticleEditor
from triage.writes.base import Desk
from triage.writes.erasure import Eraser
from triage.writes.feedback import FeedbackIntake, Labels
from triage.writes.history import ArticleUndoer
from triage.writes.visitors import VisitorCounter


@dataclass(frozen=True, slots=True, eq=False)
class Writes:
    """What callers may write; each method returns when it is durable."""

    feedback: FeedbackIntake
    articles: ArticleEditor
    history: ArticleUndoer
    people: Eraser
    visitors: VisitorCounter


def open_writes(
    store: Store, journal: Journal, writer: Writer, labels: Labels, home: Path, telemetry: Telemetry
) -> Writes:
    """Put the writes of a store together; they end with its writer."""
    desk = Desk(store, writer, InFlight())
    return Writes(
        FeedbackIntake(desk, journal, labels),
        ArticleEditor(desk),
        ArticleUndoer(desk),
        Eraser(desk, home, telemetry),
        VisitorCounter(desk),
    )
