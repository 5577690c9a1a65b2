"""Keep the index of a running service at what the store holds, whoever imported it."""

from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import Protocol

from triage.domain import Article
from triage.errors import TriageError
from triage.suggest.index import ArticleKey, PassageIndex, key
from triage.suggest.suggester import Suggester
from triage.telemetry import Telemetry
from triage.text.passages import cut

EVERY_S = 3.0
"""Time between two looks at the store."""
STOP_S = 2.0
"""Longest wait for a look in progress when the service stops."""


class WatchedArticles(Protocol):
    """Articles that another process may change."""

    def state(self) -> object:
        """Return a value that differs after every import; costs one short query."""

    def list_articles(self) -> Sequence[Article]:
        """List all articles, internal and expired ones too."""

    def fingerprints(self) -> Mapping[ArticleKey, str]:
        """Return a fingerprint of every article that differs when its content does."""

    def read(self, keys: Sequence[ArticleKey]) -> Sequence[Article]:
        """Read those of some articles that are still there."""


class ArticleWatch:
    """Brings changed articles into the index of a suggester, in a thread of its own.

    The first look compares every article with the index; later ones read fingerprints, and the
    content of what changed alone.

    Args:
        articles: The store's articles.
        suggester: Gets a new index, put in place at once; searches go on on the old one till then.
        telemetry: Hears of refreshed articles, and once of each row of failures.
        every_s: Time between two looks, in seconds.
    """

    def __init__(
        self,
        articles: WatchedArticles,
        suggester: Suggester,
        telemetry: Telemetry,
        every_s: float = EVERY_S,
    ) -> None:
        self._articles = articles
        self._suggester = suggester
        self._log = telemetry.log
        self._every_s = every_s
        self._seen: object = None
        self._known: Mapping[ArticleKey, str] | None = None
        self._failing = False
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="articles", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                self._look()
            except TriageError as error:
                self._fail(error.problem)
            except Exception as error:  # noqa: BLE001 - the old index serves on, whatever it was
                self._fail(type(error).__name__)
            else:
                self._failing = False

    def _look(self) -> None:
        # Taken before the list: an import in between is seen by the next look.
        state = self._articles.state()
        if state == self._seen:
            return
        # Before the content for the same reason: what changes in between is read once more.
        known = self._articles.fingerprints()
        before, self._known = self._known, None
        index, count = self._all() if before is None else self._changed(before, known)
        if count:
            self._suggester.index = index
            self._log.info("articles_refreshed", articles=len(index.articles), count=count)
        if index.crowded:
            # Searches go on meanwhile, on the index that was just put in place.
            self._suggester.index = index.merged()
        self._seen, self._known = state, known

    def _all(self) -> tuple[PassageIndex, int]:
        return brought_up(self._suggester.index, self._articles.list_articles())

    def _changed(
        self, before: Mapping[ArticleKey, str], now: Mapping[ArticleKey, str]
    ) -> tuple[PassageIndex, int]:
        changed = [name for name, fingerprint in now.items() if before.get(name) != fingerprint]
        deleted = [name for name in before if name not in now]
        index = self._suggester.index
        if not changed and not deleted:
            return index, 0
        cuts = [(article, cut(article)) for article in self._articles.read(changed)]
        return index.with_articles(cuts, deleted), len(changed) + len(deleted)

    def _fail(self, reason: str) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("articles_not_refreshed", reason=reason)


def brought_up(index: PassageIndex, articles: Sequence[Article]) -> tuple[PassageIndex, int]:
    """Return an index of these articles, and how many were changed, added or deleted for it."""
    before = {key(article): article for article in index.articles}
    now = {key(article): article for article in articles}
    changed = [article for name, article in now.items() if before.get(name) != article]
    deleted = [name for name in before if name not in now]
    if not changed and not deleted:
        return index, 0
    cuts = [(article, cut(article)) for article in changed]
    return index.with_articles(cuts, deleted), len(changed) + len(deleted)
