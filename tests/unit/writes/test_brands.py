"""What is of another brand is as if it did not exist."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.unit.storage.samples import entry
from triage.domain import Article, Context
from triage.errors import ArticleError, ArticleNotFoundError, DecisionNotFoundError, StoreError
from triage.knowledge.faults import Placed
from triage.knowledge.plan import Wish
from triage.storage import erasure
from triage.storage.engine import transaction
from triage.storage.feedback import Feedback
from triage.storage.store import Store
from triage.storage.tables import articles
from triage.storage.work import open_writer
from triage.telemetry import Telemetry
from triage.writes.articles import Imported, Outcome
from triage.writes.base import Asker
from triage.writes.opened import Writes, open_writes

MINE, YOURS, SHARED = (
    Article(name, "en", "T", "B", brand=brand)
    for name, brand in (("mine", "north"), ("yours", "south"), ("shared", None))
)
NORTH = Asker("north")
PRUNE = Wish(prune=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a store with an article of each brand and one of none."""
    with Store.open(store_url) as opened:
        opened.articles.replace_articles([MINE, YOURS, SHARED], ())
        yield opened


@pytest.fixture
def writes(store: Store, tmp_path: Path) -> Iterator[Writes]:
    """Open the writes of the store."""
    telemetry = Telemetry("error")
    journal = store.journal("full", str)
    writer = open_writer(store.engine, journal, telemetry)
    yield open_writes(store, journal, writer, lambda _bundle: {}, tmp_path, telemetry)
    writer.close()


def outcome(result: Outcome, _article: Article) -> str:
    """Render a change."""
    return result


def told(done: Imported) -> str:
    """Render an import."""
    return json.dumps([done.report.deleted, [fault.where for fault in done.refused]])


def placed(*articles: Article) -> list[Placed]:
    """Put articles on rows."""
    return [(f"row {number}", article) for number, article in enumerate(articles, start=1)]


def test_reads_show_the_own_and_the_shared(store: Store) -> None:
    """Lists and single reads leave out what is of another brand."""
    listed = [one.article.id for one in store.articles.page("north", None, 10)]

    assert listed == ["mine", "shared"]
    assert store.articles.get("north", ("yours", "en")) is None
    assert store.articles.get("north", ("shared", "en")) is not None
    assert len(store.articles.page(None, None, 10)) == 3


@pytest.mark.parametrize("article", [YOURS, SHARED])
def test_writes_touch_only_the_own(writes: Writes, store: Store, article: Article) -> None:
    """Neither another's article nor one that all share can be changed or deleted."""
    changed = replace(article, brand=None, body="Changed.")
    with pytest.raises(ArticleNotFoundError):
        writes.articles.put(changed, NORTH, outcome)
    with pytest.raises(ArticleNotFoundError):
        writes.articles.delete((article.id, "en"), NORTH, str)

    assert article in store.articles.list_articles()


def test_new_article_gets_the_brand_of_its_writer(writes: Writes, store: Store) -> None:
    """It cannot be put into another brand."""
    new = Article("new", "en", "T", "B")

    assert writes.articles.put(new, NORTH, outcome).body == "added"
    assert replace(new, brand="north") in store.articles.list_articles()
    with pytest.raises(ArticleError, match="another brand"):
        writes.articles.put(replace(new, brand="south"), NORTH, outcome)


def test_import_and_prune_stay_within_the_brand(writes: Writes, store: Store) -> None:
    """Foreign keys are refused one by one, and pruning deletes the own alone."""
    new = Article("new", "en", "T", "B")
    first = writes.articles.take_in(placed(new, YOURS), [], NORTH, told, PRUNE)
    then = writes.articles.take_in(placed(new), [], NORTH, told, PRUNE)

    assert json.loads(first.body) == [0, ["row 2"]]
    assert json.loads(then.body) == [1, []]
    assert {one.id for one in store.articles.list_articles()} == {"new", "yours", "shared"}


def test_feedback_reaches_decisions_of_the_brand_alone(writes: Writes, store: Store) -> None:
    """Another brand's decision, and one of none, are not there."""
    given = Feedback("m1")
    journal = store.journal("full", str)
    for brand in ("south", None):
        one = entry(1)
        named = replace(one, message=replace(one.message, context=Context(brand)))
        journal.append([named])
        with pytest.raises(DecisionNotFoundError):
            writes.feedback.add(given, NORTH, str)

    assert writes.feedback.add(given, Asker("south"), str).status == 202
    assert writes.feedback.add(given, Asker(None), str).status == 202


def test_article_changed_behind_our_back_can_be_written_again(writes: Writes, store: Store) -> None:
    """Its row is refused on reading; writing it anew mends it."""
    with transaction(store.engine, write=True) as connection:
        connection.execute(update(articles).where(articles.c.id == "mine").values(fingerprint="x"))
    with pytest.raises(ArticleError):
        store.articles.get(None, ("mine", "en"))

    writes.articles.put(MINE, NORTH, outcome)

    assert store.articles.get(None, ("mine", "en")) is not None


def test_erasure_that_cannot_be_scrubbed_says_so(
    writes: Writes, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are gone; that bytes may be left is told."""
    store.journal("full", str).append([entry(1)])

    def full(_engine: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr("triage.writes.erasure.scrub", full)
    erased, scrubbed = writes.people.erase("requester", "customer-77")

    assert (erased.decisions, scrubbed) == (1, False)
    assert erasure.scrub is not full
