"""What an import would change: worked out before anything is written, so that it can be shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from triage.domain import Article, Origin
from triage.errors import RemovalError
from triage.knowledge.faults import Fault, Placed, repeated

ArticleKey = tuple[str, str]
"""Id and language."""


class ArticleStore(Protocol):
    """Where articles live between runs."""

    def list_articles(self) -> Sequence[Article]:
        """List all articles, internal and expired ones too."""

    def sources(self) -> Mapping[ArticleKey, str]:
        """Return what each article is kept in step with, ``""`` where that is nothing."""

    def replace_articles(
        self, changed: Sequence[Article], deleted: Collection[ArticleKey], origin: Origin = ...
    ) -> int | None:
        """Write and delete articles by key in one transaction.

        Returns:
            A number by which the change can be undone; None where nothing was changed.
        """


@dataclass(frozen=True, slots=True)
class Wish:
    """What an import is to do beside writing the articles that it is given.

    Attributes:
        source: What these articles are kept in step with; what vanished from it is deleted, and
            articles of other sources are left alone.
        prune: Delete every article that is not given, of whatever source.
        remove_most: Go on where more than half of the source's articles would be deleted.
    """

    source: str = ""
    prune: bool = False
    remove_most: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in articles; ``change`` is the number by which it can be undone."""

    added: int
    changed: int
    unchanged: int
    deleted: int
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Attributes:
        added: New articles.
        changed: Articles as they are and as they would be.
        unchanged: Articles that are the same, those adopted among them.
        adopted: Of these, what gets the source of this import and had none.
        deleted: Articles that would go.
        refused: Everything that was left out, and why.
        complete: Whether what is not given may be deleted: only where nothing was refused of which
            it cannot be told which article was meant.
        owned: Articles of the source before.
    """

    added: tuple[Article, ...]
    changed: tuple[tuple[Article, Article], ...]
    unchanged: tuple[Article, ...]
    adopted: tuple[Article, ...]
    deleted: tuple[Article, ...]
    refused: tuple[Fault, ...]
    complete: bool
    owned: int

    @property
    def removes_most(self) -> bool:
        """Tell whether more than half of the source's articles would go."""
        return bool(self.owned) and 2 * len(self.deleted) > self.owned

    def report(self, change: int | None = None) -> ImportReport:
        """Count what the plan does."""
        sizes = (len(self.added), len(self.changed), len(self.unchanged), len(self.deleted))
        return ImportReport(*sizes, change)


def plan_import(
    given: Sequence[Placed], faults: Sequence[Fault], store: ArticleStore, wish: Wish
) -> Plan:
    """Work out what an import would do to a store; nothing is written.

    Args:
        given: Articles with the places they stood at; each stands or falls alone.
        faults: What is wrong with the others.
        store: What there is.
        wish: What else the import is to do.
    """
    before = {_key(article): article for article in store.list_articles()}
    sources = store.sources()
    twice = repeated(given)
    foreign = _of_others(given, sources, wish.source)
    left_out = {fault.where for fault in (*twice, *foreign)}
    wanted = {_key(one): one for where, one in given if where not in left_out}
    refused = (*faults, *twice, *foreign)
    same = [one for key, one in wanted.items() if before.get(key) == one]
    return Plan(
        added=tuple(one for key, one in wanted.items() if key not in before),
        changed=tuple(
            (before[key], one)
            for key, one in wanted.items()
            if key in before and before[key] != one
        ),
        unchanged=tuple(same),
        adopted=tuple(one for one in same if wish.source and not sources.get(_key(one))),
        deleted=_deleted(before, {_key(one) for _, one in given}, sources, refused, wish),
        refused=refused,
        complete=_is_complete(refused),
        owned=sum(sources.get(key) == wish.source for key in before) if wish.source else 0,
    )


def carry_out(plan: Plan, store: ArticleStore, wish: Wish, origin: Origin) -> ImportReport:
    """Write what was planned in one step; unchanged articles are not written again.

    Raises:
        RemovalError: When more than half of the source's articles would go, and that is not the
            wish; then nothing is written.
    """
    if plan.removes_most and not (wish.prune or wish.remove_most):
        raise RemovalError(
            f"{len(plan.deleted)} of the {plan.owned} articles of the source {wish.source} would "
            "be deleted.",
            fix="Look at the dry run; if they are really gone, ask for it with --remove-most, or "
            "remove_most=true.",
            field="source",
        )
    written = [*plan.added, *(after for _, after in plan.changed), *plan.adopted]
    gone = [_key(article) for article in plan.deleted]
    change = store.replace_articles(written, gone, origin) if written or gone else None
    return plan.report(change)


def _key(article: Article) -> ArticleKey:
    return article.id, article.language


def _of_others(
    given: Sequence[Placed], sources: Mapping[ArticleKey, str], source: str
) -> list[Fault]:
    """Find articles that are kept in step with another source."""
    faults = []
    for where, article in given if source else ():
        owner = sources.get(_key(article), "")
        if owner not in {"", source}:
            faults.append(
                Fault(
                    where,
                    f"the article {article.id} ({article.language}) is of the source {owner}.",
                    "Give it another id, or delete it there first.",
                    "id",
                    article_id=article.id,
                )
            )
    return faults


def _is_complete(refused: Sequence[Fault]) -> bool:
    return all(fault.article_id for fault in refused)


def _deleted(
    before: Mapping[ArticleKey, Article],
    given: Collection[ArticleKey],
    sources: Mapping[ArticleKey, str],
    refused: Sequence[Fault],
    wish: Wish,
) -> tuple[Article, ...]:
    if not (wish.prune or wish.source) or not _is_complete(refused):
        return ()
    meant = {fault.article_id for fault in refused}
    return tuple(
        article
        for key, article in before.items()
        if key not in given
        and key[0] not in meant
        and (wish.prune or sources.get(key) == wish.source)
    )
