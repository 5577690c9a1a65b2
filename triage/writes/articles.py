"""Change the articles of the store; the index of every running server follows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from sqlalchemy import Connection

from triage.domain import Article, ArticleAction, Origin
from triage.errors import ArticleError, ArticleNotFoundError
from triage.knowledge.diff import Difference, differences
from triage.knowledge.faults import Fault, Placed
from triage.knowledge.plan import ImportReport, Plan, Wish, carry_out, plan_import
from triage.storage.articles import ArticleKey, ArticlesOn
from triage.storage.engine import transaction
from triage.storage.idempotency import Reply
from triage.writes.base import OK, Asker, Desk

Outcome = Literal["added", "changed", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do.

    Attributes:
        report: Articles, counted.
        refused: What was left out, and why.
        pruned: Whether articles that were not given were deleted.
        differences: Of a dry run: what would change.
        removes_most: Whether more than half of the source's articles would go.
        dry_run: Nothing was written.
    """

    report: ImportReport
    refused: Sequence[Fault]
    pruned: bool
    differences: Sequence[Difference] = ()
    removes_most: bool = False
    dry_run: bool = False


NO_WISH = Wish()
SHOWN_DIFFERENCES = 50
"""Articles whose differences a dry run works out; the others are counted."""


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
                on.replace_articles([mine], (), origin_of(asker, "put"))
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
            on.replace_articles((), [key], origin_of(asker, "delete"))
            return Reply(OK, render("deleted"))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)

    def take_in(
        self,
        placed: Sequence[Placed],
        faults: Sequence[Fault],
        asker: Asker,
        render: Callable[[Imported], str],
        wish: Wish = NO_WISH,
    ) -> Reply:
        """Write the articles that can be used; each stands or falls alone.

        Args:
            placed: Articles with the places they stood at.
            faults: What is wrong with the others.
            asker: Who asks.
            render: Writes what was done as JSON.
            wish: Which of the caller's articles that are not given are deleted. Where any is
                refused nothing is: what was meant to stay cannot be told.

        Raises:
            RemovalError: When more than half of a source would go, and that is not the wish.
            KeyReusedError, RequestInFlightError, StoreError: See ``Desk.once``.
        """

        def write(connection: Connection) -> Reply:
            plan = _plan(placed, faults, asker, connection, wish)
            origin = origin_of(asker, "import", wish.source)
            report = carry_out(plan, ArticlesOn(connection, asker.brand), wish, origin)
            return Reply(OK, render(Imported(report, plan.refused, _pruned(plan, wish))))

        with self._desk.in_flight.only(asker.attempt):
            return self._desk.once(asker, write)

    def try_out(
        self,
        placed: Sequence[Placed],
        faults: Sequence[Fault],
        asker: Asker,
        render: Callable[[Imported], str],
        wish: Wish = NO_WISH,
    ) -> Reply:
        """Tell what ``take_in`` would do, article by article; nothing is written.

        Raises:
            StoreError: When the store cannot be read.
        """
        with transaction(self._desk.store.engine) as connection:
            plan = _plan(placed, faults, asker, connection, wish)
        told = Imported(
            plan.report(),
            plan.refused,
            _pruned(plan, wish),
            tuple(islice(differences(plan), SHOWN_DIFFERENCES)),
            plan.removes_most,
            dry_run=True,
        )
        return Reply(OK, render(told))


def origin_of(asker: Asker, action: ArticleAction, source: str = "") -> Origin:
    """Tell the versions of articles who changes them, and how."""
    return Origin(action, asker.name, source, asker.brand)


def _plan(
    placed: Sequence[Placed],
    faults: Sequence[Fault],
    asker: Asker,
    connection: Connection,
    wish: Wish,
) -> Plan:
    mine, foreign = _allowed(placed, asker.brand, ArticlesOn(connection))
    return plan_import(mine, [*faults, *foreign], ArticlesOn(connection, asker.brand), wish)


def _pruned(plan: Plan, wish: Wish) -> bool:
    return bool(wish.prune or wish.source) and plan.complete


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
    placed: Sequence[Placed], brand: str | None, on: ArticlesOn
) -> tuple[list[Placed], list[Fault]]:
    """Part articles that a caller may write from those that are another's."""
    brands = on.taken({(article.id, article.language) for _, article in placed})
    mine, refused = [], []
    for where, article in placed:
        try:
            claimed = _claimed(article, brand)
            if not _own(brand, brands, (article.id, article.language)):
                raise _no_article((article.id, article.language))
        except ArticleError as error:
            refused.append(Fault(where, error.problem, error.fix, error.field))
        else:
            mine.append((where, claimed))
    return mine, refused
