"""Change the articles of the store; the index of every running server follows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from triage.domain import Article
from triage.errors import ArticleError, ArticleNotFoundError
from triage.knowledge.faults import Fault, Placed, repeated
from triage.knowledge.importer import ImportReport, import_articles
from triage.storage.articles import ArticleKey, ArticlesOn
from triage.storage.idempotency import Reply
from triage.writes.base import OK, Asker, Desk

Outcome = Literal["added", "changed", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; ``report`` counts articles, ``refused`` says what was left out."""

    report: ImportReport
    refused: Sequence[Fault]
    pruned: bool


class ArticleEditor:
    """Writes articles for callers of one brand or of all.

    Args:
        desk: Where writes are handed in.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def put(
        self, article: Article, asker: Asker, render: Callable[[Outcome, Article], str]
    ) -> Reply:
        """Write one article under its id and language.

        Raises:
            ArticleError: When a caller of one brand gives the article another.
            ArticleNotFoundError: When its id is taken by an article that is not the caller's.
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """
        mine = _claimed(article, asker.brand)
        key = (mine.id, mine.language)

        def write(connection: Connection) -> Reply:
            on = ArticlesOn(connection)
            brands = on.taken({key})
            if not _own(asker.brand, brands, key):
                raise _no_article(key)
            outcome: Outcome = "added"
            if key in brands:
                outcome = "unchanged" if _stored(on, key) == mine else "changed"
            if outcome != "unchanged":
                on.replace_articles([mine], ())
            return Reply(OK, render(outcome, mine))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)

    def delete(self, key: ArticleKey, asker: Asker, render: Callable[[Outcome], str]) -> Reply:
        """Delete one article.

        Raises:
            ArticleNotFoundError: When there is none, or it is not the caller's.
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """

        def write(connection: Connection) -> Reply:
            on = ArticlesOn(connection)
            brands = on.taken({key})
            if key not in brands or not _own(asker.brand, brands, key):
                raise _no_article(key)
            on.replace_articles((), [key])
            return Reply(OK, render("deleted"))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)

    def take_in(
        self,
        placed: Sequence[Placed],
        faults: Sequence[Fault],
        asker: Asker,
        render: Callable[[Imported], str],
        *,
        prune: bool = False,
    ) -> Reply:
        """Write the articles that can be used; each stands or falls alone.

        Args:
            placed: Articles with the places they stood at.
            faults: What is wrong with the others.
            asker: Who asks.
            render: Writes what was done as JSON.
            prune: Also delete the caller's articles that are not given. Where any is refused
                nothing is deleted: what was meant to stay cannot be told.

        Raises:
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """
        twice = repeated(placed)
        doubles = {fault.where for fault in twice}
        usable = {where: article for where, article in placed if where not in doubles}

        def write(connection: Connection) -> Reply:
            mine, foreign = _allowed(usable, asker.brand, ArticlesOn(connection))
            refused = [*faults, *twice, *foreign]
            pruned = prune and not refused
            on = ArticlesOn(connection, asker.brand)
            report = import_articles(mine, on, prune=pruned)
            return Reply(OK, render(Imported(report, refused, pruned)))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)


def _claimed(article: Article, brand: str | None) -> Article:
    """Give an article the brand of its writer, where that has one."""
    if brand is None or article.brand == brand:
        return article
    if article.brand is None:
        return replace(article, brand=brand)
    raise ArticleError(
        "The article is of another brand than the key.",
        fix="Leave the brand out, or use a key of that brand.",
        field="brand",
    )


def _own(caller: str | None, brands: Mapping[ArticleKey, str | None], key: ArticleKey) -> bool:
    """Tell whether a caller may write under a key; what all brands share is nobody's own."""
    return caller is None or key not in brands or brands[key] == caller


def _no_article(key: ArticleKey) -> ArticleNotFoundError:
    return ArticleNotFoundError(
        f"There is no such article in language {key[1]} that you may change.",
        fix="See GET /v1/articles for what there is.",
    )


def _stored(on: ArticlesOn, key: ArticleKey) -> Article | None:
    try:
        found = on.find(key)
    except ArticleError:
        # A row changed behind our back is mended by writing it again.
        return None
    return found.article if found else None


def _allowed(
    usable: Mapping[str, Article], brand: str | None, on: ArticlesOn
) -> tuple[list[Article], list[Fault]]:
    """Part articles that a caller may write from those that are another's."""
    brands = on.taken({(article.id, article.language) for article in usable.values()})
    mine, refused = [], []
    for where, article in usable.items():
        try:
            claimed = _claimed(article, brand)
            if not _own(brand, brands, (article.id, article.language)):
                raise _no_article((article.id, article.language))
        except ArticleError as error:
            refused.append(Fault(where, error.problem, error.fix, error.field))
        else:
            mine.append(claimed)
    return mine, refused
