from collections.abc import Collection, Mapping, Sequence

from triage.domain import Article, Origin
from triage.knowledge.importer import ArticleKey, ImportReport, import_articles

NOBODY = Origin()


class MemoryStore:
    """Keeps articles in memory and counts its transactions."""

    def __init__(self, *articles: Article) -> None:
        self.articles = {(one.id, one.language): one for one in articles}
        self.owners: dict[ArticleKey, str] = {}
        self.writes = 0

    def list_articles(self) -> Sequence[Article]:
        """List all articles."""
        return list(self.articles.values())

    def sources(self) -> Mapping[ArticleKey, str]:
        """Return the source of every article."""
        return {key: self.owners.get(key, "") for key in self.articles}

    def replace_articles(
        self,
        changed: Sequence[Article],
        deleted: Collection[ArticleKey],
        origin: Origin = NOBODY,
    ) -> int | None:
        """Write and delete articles."""
        self.writes += 1
        self.articles.update({(one.id, one.language): one for one in changed})
        if origin.source:
            self.owners.update({(one.id, one.language): origin.source for one in changed})
        for key in deleted:
            del self.articles[key]
        return self.writes


OLD = Article("a", "en", "A", "Old.")
NEW = Article("a", "en", "A", "New.")
OTHER = Article("a", "da", "A", "Dansk.")


def test_import_counts_what_it_did() -> None:
    """Added, changed and unchanged articles are told apart by id and language."""
    store = MemoryStore(OLD, OTHER)

    report = import_articles([NEW, OTHER, Article("b", "en", "B", "B.")], store)

    assert report == ImportReport(added=1, changed=1, unchanged=1, deleted=0, change=1)
    assert store.articles["a", "en"] == NEW


def test_import_of_the_same_writes_nothing() -> None:
    """A second import of the same articles leaves the store alone."""
    store = MemoryStore(OLD)

    assert import_articles([OLD], store) == ImportReport(0, 0, 1, 0)
    assert store.writes == 0


def test_absent_articles_stay_unless_pruned() -> None:
    """Only a pruning import deletes, in the same transaction."""
    store = MemoryStore(OLD, OTHER)

    assert import_articles([NEW], store).deleted == 0
    assert import_articles([NEW], store, prune=True).deleted == 1
    assert list(store.articles) == [("a", "en")]
    assert store.writes == 2
