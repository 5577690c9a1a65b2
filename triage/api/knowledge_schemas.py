"""What is asked and answered about the life of articles: previews, versions, changes, undo."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from triage.api.article_schemas import ArticleIn, Indexed
from triage.api.requests import MAX_SHORT, LanguageTag, Short, Strict
from triage.api.schemas import Out
from triage.knowledge.diff import compared
from triage.knowledge.preview import Hidden, Preview
from triage.knowledge.refresh import EVERY_S
from triage.storage.undo import Undone
from triage.storage.versions import Change, Version


class PreviewRequest(ArticleIn):
    """An article to cut, whether it is stored or not."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_SHORT)] = "preview"
    language: LanguageTag = "en"


class UndoRequest(Strict):
    """What to take back: a change, or one article to a version.

    Empty, it is the last import that was not undone.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"change": 17}]})

    change: Annotated[int | None, Field(ge=1, description="Number of a change.")] = None
    id: Annotated[Short | None, Field(description="Id of one article.")] = None
    language: Annotated[LanguageTag | None, Field(description="Its language.")] = None
    version: Annotated[int | None, Field(ge=1, description="Version to go back to.")] = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        article = (self.id, self.language, self.version)
        given = sum(part is not None for part in article)
        if given not in {0, len(article)} or (given and self.change is not None):
            raise ValueError("Send id, language and version together, or only change.")
        return self


class PassageOut(Out):
    """A passage as the search sees it; ``words`` counts a Chinese character as 0.6."""

    id: str
    kind: Literal["title", "block"]
    text: str
    words: int


class PreviewOut(Out):
    """The passages of an article, and what keeps it from being suggested."""

    passages: list[PassageOut]
    hidden: list[Hidden]

    @classmethod
    def of(cls, seen: Preview) -> Self:
        """Turn a preview into its answer."""
        passages = [
            PassageOut(id=one.id, kind=one.kind, text=one.text, words=words)
            for one, words in seen.pieces
        ]
        return cls(passages=passages, hidden=list(seen.hidden))


class VersionOut(Out):
    """An article after one change, with what differs from the version before.

    ``change`` is null, and ``action`` is ``found``, for what stood there before changes were kept.
    """

    version: int
    change: int | None
    changed_at: str
    action: str
    by: str
    source: str
    title: str
    deleted: bool
    fields: list[str]
    lines: list[str]


class VersionList(Out):
    """The versions of an article, the newest first."""

    versions: list[VersionOut]


class ChangeOut(Out):
    """One import, write, deletion or undo."""

    change: int
    changed_at: str
    action: str
    by: str
    source: str
    articles: int
    undone_by: int | None


class ChangeList(Out):
    """The last changes, the newest first."""

    changes: list[ChangeOut]


class ArticleName(Out):
    """An article."""

    id: str
    language: str


class UndoneOut(Out):
    """What came of an undo; ``undone_by`` is the number by which it can be undone itself.

    ``kept`` lists articles that were changed since, and stay as they are.
    """

    change: int | None
    undone_by: int | None
    restored: int
    removed: int
    kept: list[ArticleName]
    indexed_within_s: Indexed


def version_list(listed: Sequence[Version]) -> VersionList:
    """Write the versions of an article, each compared with the one before."""
    pairs = pairwise([*listed, None])
    return VersionList(versions=[_version(now, before) for now, before in pairs if now])


def change_list(listed: Sequence[Change]) -> ChangeList:
    """Write the last changes."""
    return ChangeList(
        changes=[
            ChangeOut(
                change=one.number,
                changed_at=one.changed_at.isoformat(),
                action=one.action,
                by=one.by,
                source=one.source,
                articles=one.articles,
                undone_by=one.undone_by,
            )
            for one in listed
        ]
    )


def undone(done: Undone) -> str:
    """Write what came of undoing a change as JSON."""
    answer = UndoneOut(
        change=done.change,
        undone_by=done.by,
        restored=done.restored,
        removed=done.removed,
        kept=[ArticleName(id=one[0], language=one[1]) for one in done.kept],
        indexed_within_s=EVERY_S,
    )
    return answer.model_dump_json()


def restored(version: Version) -> str:
    """Write what came of going back to a version as JSON."""
    stands = version.article is not None
    answer = UndoneOut(
        change=None,
        undone_by=None,
        restored=int(stands),
        removed=int(not stands),
        kept=[],
        indexed_within_s=EVERY_S,
    )
    return answer.model_dump_json()


def _version(now: Version, before: Version | None) -> VersionOut:
    old = before.article if before else None
    changed = compared(old, now.article) if old and now.article else None
    return VersionOut(
        version=now.number,
        change=now.change,
        changed_at=now.changed_at.isoformat(),
        action=now.action,
        by=now.by,
        source=now.source,
        title=now.article.title if now.article else "",
        deleted=now.article is None,
        fields=list(changed.fields) if changed else [],
        lines=list(changed.lines) if changed else [],
    )
