"""A running index follows the store."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.builders import HashingEncoder
from triage.domain import Article
from triage.encoders.base import EncoderSet, Profile
from triage.errors import StoreError
from triage.knowledge.refresh import EVERY_S, ArticleWatch
from triage.storage.articles import ArticleRepository
from triage.storage.store import Store, open_articles
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator
from triage.suggest.index import ArticleKey, PassageIndex
from triage.suggest.suggester import Suggester
from triage.suggest.voice.voices import SILENT
from triage.telemetry import Telemetry

OLD = Article("old", "en", "Old title", "Old body")
NEW = Article("new", "en", "New title", "New body")
WAIT_S = 5.0


class FailingArticles:
    """Articles of a store that fails until it is told otherwise."""

    def __init__(self, inner: ArticleRepository) -> None:
        self.inner = inner
        self.failing = True
        self.asked = self.listed = 0
        self.wanted: list[ArticleKey] = []

    def state(self) -> object:
        """Fail, or ask the store."""
        self.asked += 1
        if self.failing:
            raise StoreError("The store is away.", fix="Wait.")
        return self.inner.state()

    def list_articles(self) -> tuple[Article, ...]:
        """Ask the store."""
        self.listed += 1
        return self.inner.list_articles()

    def fingerprints(self) -> dict[ArticleKey, str]:
        """Ask the store."""
        return self.inner.fingerprints()

    def read(self, keys: Sequence[ArticleKey]) -> tuple[Article, ...]:
        """Ask the store, and note what for."""
        self.wanted += keys
        return self.inner.read(keys)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(f"sqlite:///{tmp_path / 'triage.db'}") as opened:
        yield opened


def suggester() -> Suggester:
    """Suggest over an empty knowledge base."""
    encoders = EncoderSet({"static": HashingEncoder()})
    index = PassageIndex.build([], encoders, Profile("tiny", {"*": "static"}))
    return Suggester(index, RetrievalCalibrator((0.0,) * len(FEATURES), 0.0, 0.5, 0.8), SILENT)


def eventually(reached: Callable[[], bool]) -> bool:
    """Wait a while for something to hold."""
    end = monotonic() + WAIT_S
    while not reached() and monotonic() < end:
        sleep(0.005)
    return reached()


def holds(target: Suggester, expected: set[Article]) -> bool:
    """Tell whether the index is over these articles."""
    return set(target.index.articles) == expected


def test_import_of_another_process_reaches_the_index(store: Store) -> None:
    """Additions, changes and deletions are seen, each by a new index."""
    target = suggester()
    watch = ArticleWatch(store.articles, target, Telemetry("error"), every_s=0.01)
    changed = Article("old", "en", "Old title", "Another body")
    steps: list[tuple[list[Article], list[ArticleKey], set[Article]]] = [
        ([OLD, NEW], [], {OLD, NEW}),
        ([changed], [], {changed, NEW}),
        ([], [("new", "en")], {changed}),
        ([], [("old", "en")], set()),
    ]
    for written, deleted, expected in steps:
        before = target.index
        with open_articles(str(store.engine.url)) as articles:
            articles.replace_articles(written, deleted)

        assert eventually(partial(holds, target, expected))
        assert target.index is not before
    watch.close()


def test_unchanged_articles_keep_the_index(store: Store) -> None:
    """Nothing is built again when nothing changed."""
    target = suggester()
    watched = FailingArticles(store.articles)
    watched.failing = False
    before = target.index
    watch = ArticleWatch(watched, target, Telemetry("error"), every_s=0.005)

    assert eventually(lambda: watched.asked > 3)
    watch.close()
    assert target.index is before


def test_only_what_changed_is_read(store: Store) -> None:
    """All articles are listed at the first look alone, however often one is imported later."""
    target, watched = suggester(), FailingArticles(store.articles)
    watched.failing = False
    store.articles.replace_articles([OLD], [])
    watch = ArticleWatch(watched, target, Telemetry("error"), every_s=0.005)
    assert eventually(partial(holds, target, {OLD}))
    store.articles.replace_articles([NEW], [])

    assert eventually(partial(holds, target, {OLD, NEW}))
    watch.close()
    assert watched.listed == 1
    assert watched.wanted == [("new", "en")]


def test_failing_store_is_logged_once_and_the_old_index_stays(store: Store) -> None:
    """After the failure the import is picked up all the same."""
    log = StringIO()
    target, watched = suggester(), FailingArticles(store.articles)
    store.articles.replace_articles([NEW], [])
    watch = ArticleWatch(watched, target, Telemetry("error", log), every_s=0.005)

    assert eventually(lambda: watched.asked > 3)
    assert target.index.articles == ()
    assert log.getvalue().count("articles_not_refreshed") == 1
    watched.failing = False

    assert eventually(lambda: target.index.articles == (NEW,))
    watch.close()


def test_looks_are_frequent_enough() -> None:
    """An import is seen within five seconds, the time to embed a few articles included."""
    assert EVERY_S <= 3
