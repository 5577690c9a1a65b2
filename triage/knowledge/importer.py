"""Read articles from wherever they stand, whole or not at all, and import them into a store."""

from collections.abc import Callable, Sequence
from pathlib import Path

from triage.domain import Article, Origin
from triage.errors import ArticleError
from triage.knowledge.csv_articles import Detect
from triage.knowledge.faults import raise_faults, repeated
from triage.knowledge.plan import (
    ArticleKey,
    ArticleStore,
    ImportReport,
    Wish,
    carry_out,
    plan_import,
)
from triage.knowledge.sources import Asked, gather

__all__ = ["ArticleKey", "ArticleStore", "ImportReport", "import_articles", "read_articles"]


def read_articles(
    path: Path,
    language: str = "",
    detect: Detect | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Article, ...]:
    """Read all articles of a folder or file; what kind it is shows by itself.

    Args:
        path: A folder of ``.md`` files, or a .csv, .tsv or .jsonl file, plain or ``.gz``; also HTML
            with schema.org FAQPage, or pages of a Zendesk Help Center.
        language: Language of articles that name none.
        detect: Asked for those articles when ``language`` is empty.
        advance: Called after each file or row, for a progress bar.

    Raises:
        ArticleError: With every fault found; then no article is returned.
    """
    found = gather(path, Asked(language=language, detect=detect), advance)
    raise_faults([*found.faults, *repeated(found.placed)])
    if not found.placed:
        raise ArticleError(
            f"{path}: no articles.", fix="Give a folder with .md files or a table with rows."
        )
    return tuple(article for _, article in found.placed)


def import_articles(
    articles: Sequence[Article],
    store: ArticleStore,
    *,
    prune: bool = False,
    origin: Origin | None = None,
) -> ImportReport:
    """Bring a store to these articles in one step; unchanged ones are not written again.

    Args:
        articles: Checked articles, keys distinct.
        store: Where they go.
        prune: Also delete the articles of the store that are not given.
        origin: Who imports them.
    """
    wish = Wish(prune=prune)
    placed = [(f"article {number}", one) for number, one in enumerate(articles, start=1)]
    plan = plan_import(placed, (), store, wish)
    return carry_out(plan, store, wish, origin or Origin())
