"""Read articles from wherever they stand, whole or not at all, and import them into a store."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from triage.domain import Article
from triage.errors import ArticleError
from triage.knowledge.csv_articles import Detect, read_table
from triage.knowledge.faults import raise_faults, repeated
from triage.knowledge.markdown import read_folder

ArticleKey = tuple[str, str]
"""Id and language."""


class ArticleStore(Protocol):
    """Where articles live between runs."""

    def list_articles(self) -> Sequence[Article]:
        """List all articles, internal and expired ones too."""

    def replace_articles(self, changed: Sequence[Article], deleted: Collection[ArticleKey]) -> None:
        """Write and delete articles by key in one transaction."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in articles."""

    added: int
    changed: int
    unchanged: int
    deleted: int


def read_articles(
    path: Path,
    language: str = "",
    detect: Detect | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Article, ...]:
    """Read the articles of a Markdown folder or of a table.

    Args:
        path: A folder of ``.md`` files, or a .csv, .tsv or .jsonl file, plain or ``.gz``.
        language: Language of table rows that name none.
        detect: Asked for those rows when ``language`` is empty.
        advance: Called after each file or row, for a progress bar.

    Raises:
        ArticleError: With every fault found; then no article is returned.
    """
    if not path.exists():
        raise ArticleError(f"{path}: there is no such file or folder.", fix="Check the path.")
    if path.is_dir():
        placed, faults = read_folder(path, advance)
    else:
        placed, faults = read_table(path, language, detect, advance)
    raise_faults(faults + repeated(placed))
    if not placed:
        raise ArticleError(
            f"{path}: no articles.", fix="Give a folder with .md files or a table with rows."
        )
    return tuple(article for _, article in placed)


def import_articles(
    articles: Sequence[Article], store: ArticleStore, *, prune: bool = False
) -> ImportReport:
    """Bring a store to these articles in one step; unchanged ones are not written again.

    Args:
        articles: Checked articles, keys distinct.
        store: Where they go.
        prune: Also delete the articles of the store that are not given.
    """
    before = {(article.id, article.language): article for article in store.list_articles()}
    given = {(article.id, article.language): article for article in articles}
    changed = [article for name, article in given.items() if before.get(name) != article]
    deleted = [name for name in before if name not in given] if prune else []
    if changed or deleted:
        store.replace_articles(changed, deleted)
    added = sum(name not in before for name in given)
    return ImportReport(added, len(changed) - added, len(given) - len(changed), len(deleted))
