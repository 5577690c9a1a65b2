"""Routes about the life of articles: what they are cut into, what they were, and back to that."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from triage.api.deps import ServiceDep
from triage.api.errors import documented, missing
from triage.api.examples import CHANGES, PREVIEW, UNDONE, VERSIONS, answered
from triage.api.guard import needs
from triage.api.json_body import JsonRoute
from triage.api.knowledge_schemas import (
    ChangeList,
    PreviewOut,
    PreviewRequest,
    UndoneOut,
    UndoRequest,
    VersionList,
    change_list,
    restored,
    undone,
    version_list,
)
from triage.api.requests import MAX_SHORT
from triage.api.store_deps import AskerDep, BrandDep, StoreTurnsDep, sent
from triage.api.validation import PLAIN
from triage.domain import Article
from triage.errors import ArticleError, ArticleNotFoundError, ChangeNotFoundError
from triage.knowledge.checks import FieldError, language_code, make_article
from triage.knowledge.preview import preview as cut_and_look
from triage.service import Service
from triage.storage.articles import ArticleKey
from triage.storage.idempotency import Reply
from triage.writes.base import Asker

router = APIRouter(prefix="/v1/knowledge", tags=["articles"], route_class=JsonRoute)
CHANGES_SHOWN, MAX_CHANGES = 20, 200
_READS = documented(422, 500, 503)
_NO_ARTICLE = missing(
    ArticleNotFoundError(
        "No version of the article is kept in language en.",
        fix="Versions begin with the next change of an article.",
    )
)
_NO_CHANGE = missing(
    ChangeNotFoundError(
        "Change 17 was undone by change 18.",
        fix="Undo change 18 to have it back.",
        field="change",
    )
)

ArticleId = Annotated[
    str, Query(alias="id", min_length=1, max_length=MAX_SHORT, pattern=PLAIN, description="Its id.")
]
Language = Annotated[
    str, Query(min_length=2, max_length=40, description="Its language, such as en.")
]


@router.post(
    "/preview",
    summary="Show the passages of an article",
    responses=answered(PREVIEW, "Its passages, and why it would not be suggested.")
    | documented(413, 415, 422, 500, 503),
)
@needs("kb:write")
async def preview(payload: PreviewRequest, turns: StoreTurnsDep) -> PreviewOut:
    """Cut an article as an import would; nothing is written."""
    return await turns.run(_preview, payload)


@router.get(
    "/versions",
    summary="List the versions of an article",
    responses=answered(VERSIONS, "What it was after each change, the newest first.")
    | _NO_ARTICLE
    | _READS,
)
@needs("kb:read")
async def versions(
    article_id: ArticleId,
    language: Language,
    service: ServiceDep,
    turns: StoreTurnsDep,
    brand: BrandDep,
) -> VersionList:
    """Tell who changed an article, when, from which source, and how; also after its deletion.

    The newest 50 versions are kept.
    """
    key = _key(article_id, language)
    found = await turns.run(service.articles.versions, key, brand)
    if not found:
        raise ArticleNotFoundError(
            f"No version of the article is kept in language {key[1]}.",
            fix="Versions begin with the next change of an article.",
        )
    return await turns.run(version_list, found)


@router.get(
    "/changes",
    summary="List the last changes of articles",
    responses=answered(CHANGES, "Imports, writes, deletions and undos, the newest first.") | _READS,
)
@needs("kb:read")
async def changes(
    service: ServiceDep,
    turns: StoreTurnsDep,
    brand: BrandDep,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES, description="Most changes.")] = CHANGES_SHOWN,
) -> ChangeList:
    """List what could be undone; a key of a brand sees what was changed by keys of that brand."""
    return change_list(await turns.run(service.articles.changes, brand, limit))


@router.post(
    "/undo",
    summary="Take back a change of articles",
    response_model=UndoneOut,
    responses=answered(UNDONE, "It is taken back, on the disk.")
    | _NO_CHANGE
    | documented(409, 413, 415, 422, 500, 503, 507),
)
@needs("kb:write")
async def undo(
    payload: UndoRequest, asker: AskerDep, service: ServiceDep, turns: StoreTurnsDep
) -> Response:
    """Make articles again what they were before a change, or one what it was at a version.

    An empty body takes back the last import. Articles that were changed since stay as they are, and
    are listed in `kept`.
    """
    return sent(await turns.run(_undo, service, payload, asker))


def _preview(payload: PreviewRequest) -> PreviewOut:
    fields = payload.model_dump(exclude={"body", "language"})
    return PreviewOut.of(
        cut_and_look(_checked(fields, payload.body, payload.language), datetime.now(UTC).date())
    )


def _undo(service: Service, payload: UndoRequest, asker: Asker) -> Reply:
    history = service.writes.history
    if payload.id is None or payload.language is None or payload.version is None:
        return history.undo(payload.change, asker, undone)
    key = _key(payload.id, payload.language)
    return history.restore(key, payload.version, asker, restored)


def _checked(fields: dict[str, object], body: str, language: str) -> Article:
    try:
        return make_article(fields, body, language)
    except FieldError as error:
        raise ArticleError(error.problem, fix=error.fix, field=error.field) from None


def _key(article_id: str, language: str) -> ArticleKey:
    try:
        return article_id, language_code(language)
    except FieldError as error:
        raise ArticleError(error.problem, fix=error.fix, field="language") from None
