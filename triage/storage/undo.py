"""Take back a change of articles, or one article to a version that it had."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from triage.domain import Origin
from triage.errors import ArticleNotFoundError, ChangeNotFoundError
from triage.storage.articles_on import ArticlesOn
from triage.storage.versions import ArticleKey, History, Step, Version


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of taking a change back.

    Attributes:
        change: Number of the change that was taken back.
        by: Number of the change that this was; None where no article could be put back.
        restored: Articles that are again what they were.
        removed: Articles that the change had added.
        kept: Articles that were changed once more since, and stay as they are.
    """

    change: int
    by: int | None
    restored: int
    removed: int
    kept: tuple[ArticleKey, ...]


def undo_change(connection: Connection, number: int | None, origin: Origin) -> Undone:
    """Make every article of a change again what it was before it.

    Args:
        connection: In a transaction that may write.
        number: Of the change; None takes the last import that was not undone.
        origin: Who undoes; one of a brand undoes only what was changed for it.

    Raises:
        ChangeNotFoundError: When there is no such change, or it was undone.
    """
    history, on = History(connection), ArticlesOn(connection)
    chosen = history.to_undo(number, origin.brand)
    ready, kept = _parted(history.steps(chosen), on, origin.brand)
    former = [
        (step.before.article, step.before.source)
        for step in ready
        if step.before and step.before.article
    ]
    removed = [step.key for step in ready if not (step.before and step.before.article)]
    by = on.put_back(former, removed, replace(origin, action="undo"))
    if by is not None:
        history.undone(chosen, by)
    return Undone(chosen, by, len(former), len(removed), tuple(kept))


def restore_version(
    connection: Connection, key: ArticleKey, number: int, origin: Origin
) -> Version:
    """Make one article again what it was at a version; one without text deletes it.

    Args:
        connection: In a transaction that may write.
        key: Id and language.
        number: Of the version.
        origin: Who restores; one of a brand restores its own articles alone.

    Raises:
        ArticleNotFoundError: When the article is not the caller's.
        ChangeNotFoundError: When it has no such version.
    """
    on = ArticlesOn(connection)
    taken = on.taken({key})
    if origin.brand is not None and taken.get(key, origin.brand) != origin.brand:
        raise ArticleNotFoundError(
            f"There is no such article in language {key[1]} that you may change.",
            fix="See GET /v1/articles for what there is.",
        )
    listed = History(connection).of(key, origin.brand)
    version = next((one for one in listed if one.number == number), None)
    foreign = version and version.article and origin.brand not in {None, version.article.brand}
    if version is None or foreign:
        raise ChangeNotFoundError(
            f"The article has no version {number} in language {key[1]} that is yours.",
            fix="See triage kb versions, or GET /v1/knowledge/versions.",
            field="version",
        )
    former = [(version.article, version.source)] if version.article else []
    on.put_back(former, () if former else (key,), replace(origin, action="restore"))
    return version


def _parted(
    steps: Sequence[Step], on: ArticlesOn, brand: str | None
) -> tuple[list[Step], list[ArticleKey]]:
    """Part what is as the change left it from what was changed, or taken over, since.

    What can no longer be told, since its version is too old to be kept, stays too.
    """
    keys = {step.key for step in steps}
    brands, prints = on.taken(keys), on.prints(keys)
    ready: list[Step] = []
    kept: list[ArticleKey] = []
    for step in steps:
        left = (step.fingerprint, step.source) if step.fingerprint else None
        as_left = prints.get(step.key) == left and (step.is_first or step.before is not None)
        own = brand is None or brands.get(step.key, brand) == brand
        if as_left and own:
            ready.append(step)
        else:
            kept.append(step.key)
    return ready, kept
