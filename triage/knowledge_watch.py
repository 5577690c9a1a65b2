"""Keeping what is suggested at what the store holds, while it answers."""

from pathlib import Path

from triage.knowledge.rankers import Rankers
from triage.knowledge.refresh import ArticleWatch
from triage.knowledge.remembering import HistoryWatch
from triage.storage.store import Store
from triage.storage.uses import Uses
from triage.suggest.suggester import Suggester
from triage.telemetry import Telemetry


class KnowledgeWatch:
    """Keeps a knowledge base at what the store holds: its articles, and what became of them.

    Args:
        suggester: Of the knowledge base.
        store: Its articles and feedback.
        home: Its rankers.
        telemetry: Hears of what changed.
        before: Of the bundle that answered before.
    """

    def __init__(
        self,
        suggester: Suggester,
        store: Store,
        home: Path,
        telemetry: Telemetry,
        before: "KnowledgeWatch | None" = None,
    ) -> None:
        self.articles = ArticleWatch(store.articles, suggester, telemetry)
        self.history: HistoryWatch = HistoryWatch(
            Uses(store.engine),
            Rankers(home),
            suggester,
            telemetry,
            before=before.history if before else None,
        )

    def close(self) -> None:
        """Stop looking."""
        self.articles.close()
        self.history.close()
