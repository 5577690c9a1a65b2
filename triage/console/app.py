"""Put the console together and mount it on an app."""

from collections.abc import Callable
from http import HTTPStatus

import anyio
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.attempts import Attempts
from triage.access.doors import open_to_all
from triage.console import (
    assets,
    feedback,
    inbox,
    insights,
    knowledge,
    message,
    models,
    preferences,
    sign_in,
    trial,
)
from triage.console.analysis import make_analyst
from triage.console.context import HASHING, Console, Turns, visit_of
from triage.console.door import SIGN_IN, ConsoleRoute, refused
from triage.console.live import Heads, Hub, News
from triage.console.pages import Page
from triage.console.similar import Memory
from triage.console.visits import Visits
from triage.console.waiting import read_targets
from triage.errors import TriageError
from triage.service import Service
from triage.storage.inbox import read_news

PAGES: tuple[Page, ...] = (
    inbox.PAGE,
    trial.PAGE,
    knowledge.PAGE,
    insights.PAGE,
    models.PAGE,
)
"""The navigation, in its order."""

_BESIDE = (
    assets.router,
    sign_in.router,
    preferences.router,
    message.router,
    feedback.router,
)
"""Routes of no page of the navigation."""
_ends = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


def add_console(
    app: FastAPI,
    service: Service,
    turns: Turns,
    store_turns: Turns,
    status_of: Callable[[TriageError], int],
) -> None:
    """Mount the console under ``/console/``.

    Args:
        app: Where.
        service: What answers and records.
        turns: Turns to label messages in.
        store_turns: Turns to wait for the store in.
        status_of: Gives an error its HTTP status.

    Raises:
        ConfigError: When a setting of the console cannot be read.
    """

    async def look(heads: Heads | None) -> News:
        found: News = await store_turns.run(read_news, service.store.engine, heads)
        return found

    app.state.console_pages = PAGES
    app.state.analyst = make_analyst(service)
    app.state.console = Console(
        service=service,
        turns=turns,
        store_turns=store_turns,
        status_of=status_of,
        assets=assets.load_assets(),
        visits=Visits(service),
        attempts=Attempts(),
        hub=Hub(look, lambda: service.draining),
        memory=Memory(),
        targets=read_targets(service.settings.response_targets),
        hashing=anyio.CapacityLimiter(HASHING),
    )
    for routes in (*_BESIDE, *(one.router for one in PAGES), _ends):
        app.include_router(routes)


@_ends.get("/console")
@_ends.get("/console/")
@open_to_all
async def home(request: Request) -> Response:
    """Lead to the first page that the visitor may see."""
    caller = visit_of(request).caller
    if caller is None:
        return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    first = next(one for one in request.app.state.console_pages if one.scope in caller.scopes)
    return RedirectResponse(first.path, HTTPStatus.SEE_OTHER)


@_ends.api_route("/console/{rest:path}", methods=["GET", "HEAD", "POST"])
@open_to_all
async def nothing(request: Request, rest: str) -> Response:
    """Say that there is no such page."""
    del rest
    return refused(request, HTTPStatus.NOT_FOUND, "error.404.text")
