"""Articles and journal rows, in and out of the tables."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.unit.storage.samples import TEXT, entry
from triage.domain import Article
from triage.errors import ArticleError, StoreError
from triage.knowledge.importer import ArticleStore, import_articles
from triage.storage.engine import transaction
from triage.storage.journal import StoreText, new_id
from triage.storage.store import Store
from triage.storage.tables import decisions

FULL = Article(
    "a",
    "da",
    "Titel",
    "Brødtekst 你好 😀",
    "https://example.org/a",
    ("one", "two"),
    "business",
    "brand",
    "internal",
    date(2027, 12, 31),
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open a new store."""
    with Store.open(store_url) as opened:
        yield opened


def mask(value: str) -> str:
    """Hide one address."""
    return value.replace("anna@example.org", "[email]")


def row_of(store: Store, keep: StoreText) -> dict[str, object]:
    """Record one entry and read its row."""
    store.journal(keep, mask).append([entry()])
    with transaction(store.engine) as connection:
        return dict(connection.execute(select(decisions)).one()._mapping)


def test_article_comes_back_as_it_went_in(store: Store) -> None:
    """Every field of an article survives the store."""
    store.articles.replace_articles([FULL], ())

    assert store.articles.list_articles() == (FULL,)


def test_articles_are_replaced_and_deleted_by_id_and_language(store: Store) -> None:
    """A translation is an article of its own."""
    danish, english = Article("a", "da", "T", "B"), Article("a", "en", "T", "B")
    store.articles.replace_articles([danish, english], ())

    store.articles.replace_articles([Article("a", "da", "T2", "B")], [("a", "en")])

    assert store.articles.list_articles() == (Article("a", "da", "T2", "B"),)


def test_refused_article_undoes_the_whole_change(store: Store) -> None:
    """When one row cannot be written, the deletions before it are undone too."""
    kept = Article("kept", "en", "T", "B")
    store.articles.replace_articles([kept], ())

    with pytest.raises(StoreError):
        store.articles.replace_articles([FULL, FULL], [("kept", "en")])

    assert store.articles.list_articles() == (kept,)


def test_article_changed_behind_our_back_is_refused_by_name(store: Store) -> None:
    """Content that does not fit its fingerprint names the article and the fix."""
    store.articles.replace_articles([FULL], ())
    with transaction(store.engine, write=True) as connection:
        words = "replace(CAST(content AS TEXT), 'Titel', 'X')"
        kind = "TEXT" if store.engine.dialect.name == "sqlite" else "JSON"
        connection.execute(text(f"UPDATE articles SET content = CAST({words} AS {kind})"))  # noqa: S608 - our own literals

    with pytest.raises(ArticleError, match=r"article a \(da\).*Import it again"):
        store.articles.list_articles()


def test_importer_takes_the_repository_as_its_store(store: Store) -> None:
    """Importing twice changes nothing the second time."""
    target: ArticleStore = store.articles
    import_articles([FULL], target)

    again = import_articles([FULL], target)

    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)


def test_journal_row_holds_the_decision(store: Store) -> None:
    """A row tells what was decided, by which bundle, and how long it took."""
    row = row_of(store, "none")

    assert row["message_id"] == "m1"
    assert row["bundle"] == "bundle-1"
    assert row["channel"] == "email"
    assert row["decided_at"] == entry().decided_at
    assert row["labels"] == {
        "category": {
            "label": None,
            "top_label": "a",
            "confidence": 0.4,
            "decision": "abstain",
            "reason": "low_confidence",
        }
    }
    assert row["suggestions"] == [
        {"article_id": "art", "passage_id": "art/en#1", "confidence": 0.9}
    ]
    assert row["timings_ms"] == {"total": 1.235}


def test_requester_is_kept_as_a_fingerprint(store: Store) -> None:
    """The desk's id of the requester can be looked up but not read."""
    row = row_of(store, "full")

    assert row["requester"] == hashlib.sha256(b"customer-77").hexdigest()


@pytest.mark.parametrize(
    ("keep", "expected"),
    [("none", None), ("full", TEXT), ("redacted", "mail [email] about my parcel")],
)
def test_text_is_kept_as_the_operator_chose(
    store: Store, keep: StoreText, expected: str | None
) -> None:
    """The cleaned text is kept whole, redacted or not at all."""
    row = row_of(store, keep)

    assert row["text"] == expected
    assert row["text_kept"] == keep


def test_article_that_is_no_json_is_refused_without_its_content(tmp_path: Path) -> None:
    """The error names the store and the fix; what the row holds stays in it."""
    store = Store.open(f"sqlite:///{tmp_path / 'triage.db'}")
    store.articles.replace_articles([FULL], ())
    for content in ("'{\"secret'", "CAST(x'736563726574ff' AS TEXT)", "x'736563726574ff'", "7"):
        with transaction(store.engine, write=True) as connection:
            connection.execute(text(f"UPDATE articles SET content = {content}"))  # noqa: S608 - our own literals

        with pytest.raises((StoreError, ArticleError)) as caught:
            store.articles.list_articles()

        assert "secret" not in str(caught.value)
        assert "Brød" not in str(caught.value)
    store.close()


def test_every_import_changes_the_state(store: Store) -> None:
    """A change, an addition and a deletion can each be told without reading the articles."""
    states = [store.articles.state()]
    for changed, deleted in (([FULL], []), ([FULL], []), ([], [("a", "da")])):
        store.articles.replace_articles(changed, deleted)
        states.append(store.articles.state())

    assert states[0] == states[3] == (0, None)
    assert states[1][0] == states[2][0] == 1
    assert states[1] != states[2]


def test_redacted_text_does_not_hold_the_name(store: Store) -> None:
    """The requester's name leaves the text, by itself and inside an address."""
    said = entry(text="Anna Berg here: anna@example.org, regards, anna")
    named = replace(said, message=replace(said.message, customer_name="Anna Berg"))
    store.journal("redacted", mask).append([named])

    with transaction(store.engine) as connection:
        kept = connection.execute(select(decisions.c.text)).scalar_one()

    assert kept == "[name] here: [email], regards, [name]"


def test_new_ids_sort_by_their_time() -> None:
    """An id of a later millisecond sorts behind; those of one differ all the same."""
    early = [new_id() for _ in range(100)]
    time.sleep(0.002)
    late = [new_id() for _ in range(100)]

    assert max(early) < min(late)
    assert len({*early, *late}) == 200
    assert {len(one) for one in early} == {32}
