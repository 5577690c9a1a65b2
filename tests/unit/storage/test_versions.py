"""Versions of articles, and the way back to them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from triage.domain import Article, Origin
from triage.errors import ArticleNotFoundError, ChangeNotFoundError
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.versions import FOUND, KEPT

A = Article("a", "en", "A", "First.", valid_from=date(2026, 1, 1), sources=5)
B = Article("b", "en", "B", "First.")
KEY = ("a", "en")
IMPORT = Origin("import", "anna", "help")
UNDO = Origin("undo", "bo")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(store_url) as opened:
        yield opened


def changed(article: Article, body: str) -> Article:
    """Write another body."""
    return replace(article, body=body)


def forget(store: Store) -> None:
    """Leave the articles without a record, as a version before this one did."""
    with transaction(store.engine, write=True) as connection:
        connection.execute(text("DELETE FROM article_versions"))
        connection.execute(text("DELETE FROM article_changes"))


def test_every_change_is_a_version_with_who_when_and_from_where(store: Store) -> None:
    """The newest first; a deletion is one without text, and the article may be gone."""
    began = datetime.now(UTC)
    store.articles.replace_articles([A, B], (), IMPORT)
    store.articles.replace_articles([changed(A, "Second.")], (), Origin("put", "bo"))
    store.articles.replace_articles([], [KEY], Origin("delete", "bo"))
    listed = store.articles.versions(KEY)

    assert [(one.number, one.change, one.action, one.by, one.source) for one in listed] == [
        (3, 3, "delete", "bo", ""),
        (2, 2, "put", "bo", "help"),
        (1, 1, "import", "anna", "help"),
    ]
    assert [one.article for one in listed] == [None, changed(A, "Second."), A]
    assert all(began <= one.changed_at <= datetime.now(UTC) for one in listed)
    assert [(one.number, one.articles) for one in store.articles.changes(None, 9)] == [
        (3, 1),
        (2, 1),
        (1, 2),
    ]


def test_write_by_hand_keeps_the_source(store: Store) -> None:
    """The next sync sees the article as its own again."""
    store.articles.replace_articles([A], (), IMPORT)
    store.articles.replace_articles([changed(A, "By hand.")], ())

    assert store.articles.sources() == {KEY: "help"}


def test_what_was_never_recorded_is_found_and_kept(store: Store) -> None:
    """Articles of the version before become their own first version when they are changed."""
    store.articles.replace_articles([A], ())
    forget(store)
    store.articles.replace_articles([changed(A, "Second.")], (), IMPORT)
    found = store.articles.versions(KEY)

    assert [(one.action, one.change is None) for one in found] == [("import", False), (FOUND, True)]
    assert found[1].article == A
    assert store.articles.undo(None, UNDO).restored == 1
    assert store.articles.list_articles() == (A,)


def test_undo_of_an_import_puts_every_article_back(store: Store) -> None:
    """Added ones go, changed and deleted ones return with their source; an undo can be undone."""
    store.articles.replace_articles([A, B], (), IMPORT)
    before = store.articles.list_articles()
    new = Article("new", "en", "N", "N")
    store.articles.replace_articles([changed(A, "Second."), new], [("b", "en")], IMPORT)
    after = store.articles.list_articles()

    done = store.articles.undo(None, UNDO)

    assert (done.change, done.by, done.restored, done.removed, done.kept) == (2, 3, 2, 1, ())
    assert store.articles.list_articles() == before
    assert set(store.articles.sources().values()) == {"help"}
    with pytest.raises(ChangeNotFoundError, match="undone by change 3"):
        store.articles.undo(2, UNDO)

    store.articles.undo(3, UNDO)

    assert store.articles.list_articles() == after
    assert store.articles.undo(2, UNDO).by == 5
    assert store.articles.list_articles() == before


def test_undo_goes_from_the_last_import_to_the_one_before(store: Store) -> None:
    """Writes by hand are no imports, and at the beginning there is nothing left."""
    store.articles.replace_articles([A], (), IMPORT)
    store.articles.replace_articles([B], (), IMPORT)

    assert [store.articles.undo(None, UNDO).change for _ in range(2)] == [2, 1]
    assert store.articles.list_articles() == ()
    with pytest.raises(ChangeNotFoundError, match="no import to undo"):
        store.articles.undo(None, UNDO)


def test_undos_of_imports_of_the_same_articles_follow_each_other(store: Store) -> None:
    """Each brings back what stood before it, though the one behind it was an undo."""
    for number in range(3):
        store.articles.replace_articles([changed(A, f"Text {number}.")], (), IMPORT)
    bodies = []
    for _ in range(3):
        store.articles.undo(None, UNDO)
        bodies.append([one.body for one in store.articles.list_articles()])

    assert bodies == [["Text 1."], ["Text 0."], []]


def test_article_changed_since_stays(store: Store) -> None:
    """An undo takes back its own change alone, and says what it left."""
    store.articles.replace_articles([A, B], (), IMPORT)
    store.articles.replace_articles([changed(A, "Later.")], ())
    done = store.articles.undo(1, UNDO)

    assert (done.removed, done.kept) == (1, (KEY,))
    assert store.articles.list_articles() == (changed(A, "Later."),)


def test_article_changed_without_a_record_stays_too(store: Store) -> None:
    """A server of the version before writes no versions; what it wrote is not lost."""
    store.articles.replace_articles([A], (), IMPORT)
    with transaction(store.engine, write=True) as connection:
        connection.execute(text("UPDATE articles SET fingerprint = 'other'"))
    done = store.articles.undo(1, UNDO)

    assert (done.by, done.kept) == (None, (KEY,))


def test_article_taken_over_by_a_source_stays(store: Store) -> None:
    """Its content is as the undone import left it, but another source keeps it now."""
    store.articles.replace_articles([A], (), Origin("import", "anna"))
    store.articles.replace_articles([A], (), IMPORT)
    done = store.articles.undo(1, UNDO)

    assert (done.by, done.kept) == (None, (KEY,))
    assert store.articles.list_articles() == (A,)


def test_article_whose_version_before_is_no_longer_kept_stays(store: Store) -> None:
    """That nothing is known of what stood before does not say that nothing stood there."""
    bodies = ("First.", "Second.")
    for number in range(KEPT + 1):
        store.articles.replace_articles([changed(A, bodies[number % 2])], (), IMPORT)
    store.articles.replace_articles([changed(A, bodies[0])], (), IMPORT)
    before = store.articles.list_articles()
    oldest = store.articles.versions(KEY)[-1]
    assert oldest.article == before[0]
    assert oldest.change is not None
    done = store.articles.undo(oldest.change, UNDO)

    assert (done.by, done.removed, done.kept) == (None, 0, (KEY,))
    assert store.articles.list_articles() == before


def test_article_goes_back_to_any_version(store: Store) -> None:
    """To a text, to a deletion, and from one; each is a version again."""
    store.articles.replace_articles([A], (), IMPORT)
    store.articles.replace_articles([changed(A, "Second.")], ())
    store.articles.replace_articles([], [KEY])
    for version, expected in ((1, (A,)), (3, ()), (2, (changed(A, "Second."),))):
        store.articles.restore(KEY, version, Origin("restore", "bo"))

        assert store.articles.list_articles() == expected
    assert store.articles.versions(KEY)[0].number == 6
    with pytest.raises(ChangeNotFoundError, match="no version 9"):
        store.articles.restore(KEY, 9, UNDO)


def test_brand_sees_and_undoes_its_own_alone(store: Store) -> None:
    """Another brand's versions and changes are not there, nor can they be reached by number."""
    north, south = (replace(A, brand=name) for name in ("north", "south"))
    store.articles.replace_articles([north], (), replace(IMPORT, brand="north"))
    store.articles.replace_articles([south], (), replace(IMPORT, brand="south"))
    mine = Origin("undo", "key", brand="north")

    assert [one.number for one in store.articles.versions(KEY, "north")] == [1]
    assert [one.number for one in store.articles.changes("north", 9)] == [1]
    assert store.articles.undo(1, mine).kept == (KEY,)
    with pytest.raises(ChangeNotFoundError):
        store.articles.undo(2, mine)
    with pytest.raises(ArticleNotFoundError):
        store.articles.restore(KEY, 1, mine)
    store.articles.replace_articles([], [KEY])
    with pytest.raises(ChangeNotFoundError):
        store.articles.restore(KEY, 2, mine)


def test_only_the_newest_versions_are_kept(store: Store) -> None:
    """A text that is written every minute does not fill the disk."""
    for number in range(KEPT + 3):
        store.articles.replace_articles([changed(A, f"Text {number}.")], ())
    found = store.articles.versions(KEY)

    assert [one.number for one in found] == list(range(KEPT + 3, 3, -1))
    assert store.articles.undo(found[0].change, UNDO).restored == 1


def test_broken_row_is_mended_by_writing_it_again(store: Store) -> None:
    """What does not fit its fingerprint is no version, and stops no write."""
    store.articles.replace_articles([A], (), IMPORT)
    with transaction(store.engine, write=True) as connection:
        connection.execute(text("UPDATE articles SET fingerprint = 'broken'"))
    store.articles.replace_articles([A], (), IMPORT)

    assert store.articles.list_articles() == (A,)
    assert [one.action for one in store.articles.versions(KEY)] == ["import", "import"]


def test_articles_without_new_fields_are_stored_as_before(store: Store) -> None:
    """Nothing that is not used is written, so that the version before can read it."""
    store.articles.replace_articles([B], ())
    with transaction(store.engine) as connection:
        content = str(connection.execute(text("SELECT content FROM articles")).scalar_one())

    assert "valid_until" in content
    assert "valid_from" not in content
    assert "sources" not in content


def test_translations_are_listed_by_brand(store: Store) -> None:
    """Languages of one id; those of another brand are not there."""
    danish = replace(A, language="da", brand="south")
    store.articles.replace_articles([A, danish, B], ())

    assert store.articles.translations("a") == ["da", "en"]
    assert store.articles.translations("a", "north") == ["en"]
