"""Search for the visitors of a company's own site: public articles alone, and nothing is kept.

Off unless ``TRIAGE_WIDGET_SITES`` names a site. Visitors need no key: pages of named sites may ask,
each visitor so often. What is asked is not recorded, only how often an answer was found and helped,
by day.
"""

from functools import lru_cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, cast

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from triage.access.rates import read_rate
from triage.access.sites import NO_BRAND, Visitors, read_sites
from triage.api.deps import ServiceDep
from triage.api.errors import http_problem, instance_of, problem_of, respond
from triage.api.guard import open_to_all
from triage.api.json_body import JsonRoute
from triage.api.requests import LanguageTag, Short, Strict
from triage.domain import Suggestion
from triage.errors import OverloadedError, TriageError
from triage.live import Question
from triage.service import Service

SCRIPT = Path(__file__).parent.parent / "static" / "widget.js"
TOP = 5
MAX_QUESTION = 300
AT_ONCE, WAITING = 2, 16
"""Searches of visitors that run, and that run or wait: agents' messages go first."""
CACHED = "public, max-age=3600"


class SearchRequest(Strict):
    """What a visitor looks for."""

    question: Annotated[str, Field(min_length=2, max_length=MAX_QUESTION)]
    language: LanguageTag | None = None


class VoteRequest(Strict):
    """Whether an article helped."""

    article_id: Annotated[Short, Field(min_length=1)]
    language: LanguageTag
    helped: bool


class Found(BaseModel):
    """An article that may answer."""

    model_config = ConfigDict(frozen=True)

    article_id: str
    language: str
    title: str
    url: str | None
    answer: str


class Widget:
    """What the routes share.

    Args:
        visitors: Who may ask, and how often.
    """

    def __init__(self, visitors: Visitors) -> None:
        self.visitors = visitors
        self._threads = anyio.CapacityLimiter(AT_ONCE)
        self._waiting = 0

    async def search(self, service: Service, question: Question) -> tuple[Suggestion, ...]:
        """Search in a thread of the visitors' own.

        Raises:
            OverloadedError: When too many wait already.
        """
        if self._waiting >= WAITING:
            raise OverloadedError("Too many visitors search.", fix="Try again in a moment.")
        self._waiting += 1
        try:
            found, _ = await anyio.to_thread.run_sync(
                service.suggest, question, limiter=self._threads
            )
        finally:
            self._waiting -= 1
        return found.items


class WidgetRoute(JsonRoute):
    """A route that pages of named sites alone may ask, and may read the answer of."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        widget: Widget = scope["app"].state.widget
        request = Request(scope)
        origin = request.headers.get("origin", "")
        told = _Allowing(send, origin if origin.lower() in widget.visitors.sites else "")
        if not widget.visitors.sites:
            nothing = http_problem(HTTPStatus.NOT_FOUND, instance_of(request))
            await respond(nothing)(scope, receive, send)
            return
        try:
            address = request.client.host if request.client else ""
            scope.setdefault("state", {})["brand"] = widget.visitors.enter(origin, address)
        except TriageError as error:
            await respond(problem_of(error, instance_of(request)))(scope, receive, told)
            return
        await super().handle(scope, receive, told)


router = APIRouter(prefix="/widget", route_class=WidgetRoute, include_in_schema=False)
script_router = APIRouter(prefix="/widget", include_in_schema=False)


def add_widget(app: FastAPI, service: Service) -> None:
    """Mount the routes of the widget.

    Raises:
        ConfigError: When a site or the rate cannot be read.
    """
    settings = service.settings
    rate = read_rate(settings.widget_rate, "TRIAGE_WIDGET_RATE")
    app.state.widget = Widget(Visitors(read_sites(settings.widget_sites), rate))
    app.include_router(script_router)
    app.include_router(router)


@script_router.get("/triage.js")
@open_to_all
async def script(request: Request) -> Response:
    """Serve the one script that a page needs."""
    if not _widget(request).visitors.sites:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    headers = {
        "Cache-Control": CACHED,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(_script(), media_type="text/javascript; charset=utf-8", headers=headers)


@router.options("/{rest:path}")
@open_to_all
async def may_ask(rest: str) -> Response:
    """Tell a browser that a page of this site may ask."""
    del rest
    allowed = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "7200",
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=allowed)


@router.post("/search")
@open_to_all
async def search(
    payload: SearchRequest, request: Request, service: ServiceDep
) -> dict[str, list[Found]]:
    """Find public, valid articles of the site's brand; the question is not recorded."""
    brand = request.state.brand
    question = Question(payload.question, TOP, language=_primary(payload.language), brand=brand)
    found = await _widget(request).search(service, question)
    # A language that visitors made up would be a row of its own every day.
    told = _primary(payload.language)
    language = told if told in service.pipeline.bundle.manifest.languages else ""
    service.writes.visitors.count("found" if found else "nothing", _stored(brand), language or "")
    return {
        "articles": [
            Found(
                article_id=one.article_id,
                language=one.language,
                title=one.title,
                url=one.url,
                answer=one.answer,
            )
            for one in found
        ]
    }


@router.post("/vote", status_code=HTTPStatus.NO_CONTENT)
@open_to_all
async def vote(payload: VoteRequest, request: Request, service: ServiceDep) -> Response:
    """Count whether an article helped: by day, and nobody's name."""
    article = payload.article_id, _primary(payload.language) or ""
    vote_for = partial(service.writes.visitors.vote, "helped" if payload.helped else "not_helped")
    await anyio.to_thread.run_sync(vote_for, _stored(request.state.brand), article)
    return Response(status_code=HTTPStatus.NO_CONTENT)


class _Allowing:
    """Sends on with the headers that let a page of another origin read the answer."""

    def __init__(self, send: Send, origin: str) -> None:
        self._send, self._origin = send, origin

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(b"vary", b"Origin"), (b"cross-origin-resource-policy", b"cross-origin")]
            if self._origin:
                added.append((b"access-control-allow-origin", self._origin.encode("latin-1")))
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)


@lru_cache
def _script() -> bytes:
    return SCRIPT.read_bytes()


def _widget(request: Request) -> Widget:
    return cast("Widget", request.app.state.widget)


def _stored(brand: str) -> str:
    return "" if brand == NO_BRAND else brand


def _primary(tag: str | None) -> str | None:
    return tag.replace("_", "-").partition("-")[0].lower() if tag else None
