"""Routes that read and change the articles of the help centre."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from triage.api.article_schemas import (
    ArticleIn,
    ArticleOut,
    ArticlePage,
    ArticleWritten,
    ImportAnswer,
    ImportRequest,
    imported,
    key_of,
    page_of,
    written,
)
from triage.api.deps import ServiceDep
from triage.api.errors import documented, missing
from triage.api.examples import ARTICLE, ARTICLES, DELETED, IMPORTED, WRITTEN, answered
from triage.api.guard import needs
from triage.api.import_body import ImportRoute, read_import
from triage.api.import_options import OptionsDep
from triage.api.json_body import JsonRoute
from triage.api.requests import MAX_SHORT
from triage.api.store_deps import AskerDep, BrandDep, StoreTurnsDep, sent
from triage.api.validation import PLAIN
from triage.domain import Article
from triage.errors import ArticleError, ArticleNotFoundError
from triage.knowledge.checks import FieldError, language_code, make_article
from triage.service import Service
from triage.storage.articles import ArticleKey
from triage.storage.idempotency import Reply
from triage.writes.base import Asker

router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=JsonRoute)
import_router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=ImportRoute)
PAGE, MAX_PAGE = 50, 200

ArticleId = Annotated[
    str, Path(min_length=1, max_length=MAX_SHORT, pattern=PLAIN, description="Its id.")
]
Language = Annotated[
    str, Query(min_length=2, max_length=40, description="Its language, such as en.")
]
OneLanguage = Annotated[
    str | None, Query(min_length=2, max_length=40, description="Only articles in it.")
]
_NONE = missing(
    ArticleNotFoundError(
        "There is no such article in language en.",
        fix="See GET /v1/articles for what there is.",
    )
)
_READS = documented(422, 500, 503)
_WRITES = documented(409, 413, 415, 422, 500, 503, 507)


@router.get(
    "",
    summary="List articles",
    responses=answered(ARTICLES, "Articles by id and language, and a cursor.") | _READS,
)
@needs("kb:read")
async def articles(
    service: ServiceDep,
    turns: StoreTurnsDep,
    brand: BrandDep,
    language: OneLanguage = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most articles.")] = PAGE,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next` of the page before.")
    ] = None,
) -> ArticlePage:
    """List articles without their texts, internal and expired ones too."""
    after = key_of(cursor) if cursor else None
    only = _language(language) if language else None
    found = await turns.run(service.articles.page, brand, after, limit + 1, only)
    return page_of(found, limit)


@import_router.post(
    "/import",
    summary="Import articles",
    response_model=ImportAnswer,
    responses=answered(IMPORTED, "What was written, and what was refused and why.") | _WRITES,
)
@needs("kb:write")
async def import_(
    request: Request,
    payload: ImportRequest,
    asker: AskerDep,
    service: ServiceDep,
    turns: StoreTurnsDep,
    options: OptionsDep,
) -> Response:
    """Write many articles at once; each stands or falls alone.

    Takes the JSON list, or by its Content-Type a table as CSV, TSV or JSONL, or an HTML page with
    schema.org FAQPage, up to 10 MiB. With a source, articles that came from it before and are not
    given are deleted, and those of other sources are left alone.
    """
    table = (request.state.table, await request.body())

    def work() -> Reply:
        placed, faults = read_import(payload.articles, table, options.language)
        editor = service.writes.articles
        go = editor.try_out if options.dry_run else editor.take_in
        return go(placed, faults, asker, imported, options.wish)

    return sent(await turns.run(work))


@router.get(
    "/{article_id:path}",
    summary="Read an article",
    responses=answered(ARTICLE, "The article.") | _NONE | _READS,
)
@needs("kb:read")
async def article(
    article_id: ArticleId,
    language: Language,
    service: ServiceDep,
    turns: StoreTurnsDep,
    brand: BrandDep,
) -> ArticleOut:
    """Give one article whole."""
    key = (article_id, _language(language))
    found = await turns.run(service.articles.get, brand, key)
    if found is None:
        raise ArticleNotFoundError(
            f"There is no such article in language {key[1]}.",
            fix="See GET /v1/articles for what there is.",
        )
    spoken = await turns.run(service.articles.translations, article_id, brand)
    return ArticleOut.whole(found, spoken)


@router.put(
    "/{article_id:path}",
    summary="Write an article",
    response_model=ArticleWritten,
    responses=answered(WRITTEN, "It is written, on the disk.") | _NONE | _WRITES,
)
@needs("kb:write")
async def put_article(
    article_id: ArticleId,
    language: Language,
    payload: ArticleIn,
    asker: AskerDep,
    service: ServiceDep,
    turns: StoreTurnsDep,
) -> Response:
    """Add an article, or put another in its place; running servers suggest from it in seconds.

    404 where the id is taken by an article that is not yours.
    """
    checked = _checked(article_id, language, payload)
    return sent(await turns.run(_put, service, checked, asker))


@router.delete(
    "/{article_id:path}",
    summary="Delete an article",
    response_model=ArticleWritten,
    responses=answered(DELETED, "It is deleted.") | _NONE | documented(409, 422, 500, 503, 507),
)
@needs("kb:write")
async def delete_article(
    article_id: ArticleId,
    language: Language,
    asker: AskerDep,
    service: ServiceDep,
    turns: StoreTurnsDep,
) -> Response:
    """Delete one article in one language; its translations stay."""
    key = (article_id, _language(language))
    return sent(await turns.run(_delete, service, key, asker))


def _put(service: Service, given: Article, asker: Asker) -> Reply:
    return service.writes.articles.put(
        given, asker, lambda outcome, one: written((one.id, one.language), outcome)
    )


def _delete(service: Service, key: ArticleKey, asker: Asker) -> Reply:
    return service.writes.articles.delete(key, asker, lambda outcome: written(key, outcome))


def _checked(article_id: str, language: str, payload: ArticleIn) -> Article:
    fields = {**payload.model_dump(exclude={"body"}), "id": article_id}
    try:
        return make_article(fields, payload.body, language)
    except FieldError as error:
        raise ArticleError(error.problem, fix=error.fix, field=error.field) from None


def _language(tag: str) -> str:
    try:
        return language_code(tag)
    except FieldError as error:
        raise ArticleError(error.problem, fix=error.fix, field=error.field) from None
