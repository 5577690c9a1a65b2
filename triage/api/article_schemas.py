"""What is asked and answered about articles."""

import base64
import json
import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, SkipValidation

from triage.api.requests import Strict
from triage.api.schemas import Out
from triage.domain import Article
from triage.errors import InputError
from triage.knowledge.diff import Difference
from triage.knowledge.faults import SHOWN, Fault
from triage.knowledge.refresh import EVERY_S
from triage.storage.articles import ArticleKey, StoredArticle
from triage.writes.articles import Imported, Outcome

Indexed = Annotated[
    float, Field(description="Seconds within which every running server suggests from it.")
]
_KEY = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_EXAMPLE: dict[str, JsonValue] = {
    "title": "Track your order",
    "body": "## Where is my parcel\nOpen the link in the shipping e-mail.",
    "tags": ["delivery"],
    "url": "https://example.org/help/track-your-order",
}


class ArticleIn(Strict):
    """One article; id and language stand in the path and the query."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    body: Annotated[str, Field(description="Markdown, at most 200,000 characters.")]
    title: Annotated[str, Field(description="At most 500 characters.")] = ""
    url: Annotated[str | None, Field(description="Where customers read it.")] = None
    tags: Annotated[list[str], Field(max_length=50, default_factory=list)]
    audience: Annotated[str | None, Field(description="Only for it; for all if left out.")] = None
    brand: Annotated[str | None, Field(description="Only for it; for all if left out.")] = None
    visibility: Annotated[
        Literal["public", "internal"], Field(description="Internal ones are never suggested.")
    ] = "public"
    valid_from: Annotated[str | None, Field(description="First day, such as 2027-01-01.")] = None
    valid_until: Annotated[str | None, Field(description="Last day, such as 2027-12-31.")] = None


class ImportRequest(Strict):
    """Articles to write; each is checked on its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"articles": [{"id": "track-your-order", "language": "en", **_EXAMPLE}]}]
        }
    )

    articles: Annotated[
        list[SkipValidation[dict[str, object]]],
        Field(
            description="Each with `id`, `body`, and the fields of an article beside `language`. "
            "The list may also be sent by itself, or as text/csv, text/tab-separated-values or "
            "application/x-ndjson."
        ),
    ]


class ArticleSummary(Out):
    """An article without its text."""

    id: str
    language: str
    title: str
    url: str | None
    tags: list[str]
    audience: str | None
    brand: str | None
    visibility: Literal["public", "internal"]
    valid_from: str | None
    valid_until: str | None
    sources: Annotated[
        int | None, Field(description="Tickets that a mined answer rests on, at least.")
    ]
    source: Annotated[str, Field(description="What it is kept in step with; empty: nothing.")]
    changed_at: str

    @classmethod
    def of(cls, stored: StoredArticle) -> Self:
        """Turn a stored article into its answer."""
        return cls(**_fields(stored))


class ArticleOut(ArticleSummary):
    """A whole article."""

    body: str
    translations: Annotated[list[str], Field(description="Languages it stands in, its own too.")]

    @classmethod
    def whole(cls, stored: StoredArticle, translations: list[str]) -> Self:
        """Turn a stored article into its answer."""
        return cls(**_fields(stored), body=stored.article.body, translations=translations)


class ArticlePage(Out):
    """Some articles by id and language; ``next`` asks for those behind them, null at the end."""

    articles: list[ArticleSummary]
    next: str | None


class ArticleWritten(Out):
    """Answer to a change of one article."""

    id: str
    language: str
    outcome: Outcome
    indexed_within_s: Indexed


class RefusedOut(Out):
    """An article that was left out, and why."""

    where: str
    field: str
    message: str
    fix: str


class DifferenceOut(Out):
    """An article that an import would add, change or delete; ``-`` goes and ``+`` comes."""

    id: str
    language: str
    title: str
    outcome: Literal["added", "changed", "deleted"]
    fields: list[str]
    lines: list[str]

    @classmethod
    def of(cls, one: Difference) -> Self:
        """Turn a difference into its answer."""
        return cls(
            id=one.id,
            language=one.language,
            title=one.title,
            outcome=one.outcome,
            fields=list(one.fields),
            lines=list(one.lines),
        )


class ImportAnswer(Out):
    """What an import did; ``refused`` lists the first 20 of ``refused_total``.

    A dry run writes nothing; ``differences`` lists the first 50 articles that would change, and
    ``removes_most`` says that the import would be refused without ``remove_most=true``. ``change``
    is the number by which an import can be undone.
    """

    added: int
    changed: int
    unchanged: int
    deleted: int
    pruned: bool
    change: int | None
    dry_run: bool
    removes_most: bool
    differences: list[DifferenceOut]
    refused_total: int
    refused: list[RefusedOut]
    indexed_within_s: Indexed


def written(key: ArticleKey, outcome: Outcome) -> str:
    """Write the answer to a change as JSON."""
    answer = ArticleWritten(id=key[0], language=key[1], outcome=outcome, indexed_within_s=EVERY_S)
    return answer.model_dump_json()


def imported(done: Imported) -> str:
    """Write the answer to an import as JSON."""
    report = done.report
    answer = ImportAnswer(
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        deleted=report.deleted,
        pruned=done.pruned,
        change=report.change,
        dry_run=done.dry_run,
        removes_most=done.removes_most,
        differences=[DifferenceOut.of(one) for one in done.differences],
        refused_total=len(done.refused),
        refused=[_refused(fault) for fault in done.refused[:SHOWN]],
        indexed_within_s=EVERY_S,
    )
    return answer.model_dump_json()


def page_of(found: Sequence[StoredArticle], limit: int) -> ArticlePage:
    """Turn one article more than a page holds into the page and its cursor."""
    shown = found[:limit]
    more = len(found) > limit
    return ArticlePage(
        articles=[ArticleSummary.of(one) for one in shown],
        next=_cursor(shown[-1].article) if more else None,
    )


def key_of(cursor: str) -> ArticleKey:
    """Read a cursor.

    Raises:
        InputError: When it is none of ours.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        article_id, language = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if _KEY.fullmatch(article_id) and _KEY.fullmatch(language):
            return article_id, language
    except (ValueError, TypeError, RecursionError):
        pass
    raise InputError(
        "The cursor is none of ours.", fix="Send `next` of a page before.", field="cursor"
    )


def _cursor(article: Article) -> str:
    raw = json.dumps([article.id, article.language]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _fields(stored: StoredArticle) -> dict[str, object]:
    article = stored.article
    return {
        "id": article.id,
        "language": article.language,
        "title": article.title,
        "url": article.url,
        "tags": list(article.tags),
        "audience": article.audience,
        "brand": article.brand,
        "visibility": article.visibility,
        "valid_from": article.valid_from.isoformat() if article.valid_from else None,
        "valid_until": article.valid_until.isoformat() if article.valid_until else None,
        "sources": article.sources,
        "source": stored.source,
        "changed_at": stored.changed_at.isoformat(),
    }


def _refused(fault: Fault) -> RefusedOut:
    return RefusedOut(where=fault.where, field=fault.field, message=fault.problem, fix=fault.fix)
