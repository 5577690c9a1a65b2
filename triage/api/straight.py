"""The straight way to the route that is asked most, past the framework's layers.

FastAPI looks for a route twice where its router was included, finds out anew for each request what
an endpoint is to be given, and puts six layers around every answer. That took more time than all of
ours around a short answer. The endpoint stays what is documented, and says what is wrong with a
body that is not valid; whoever is refused at the gate takes the documented way too.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRouter
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from triage.access.doors import scope_of
from triage.api.errors import refused
from triage.api.guard import entered
from triage.api.json_body import READ, JsonRoute, read_json
from triage.api.requests import Strict
from triage.errors import TriageError

Answer = Callable[[Request, Any], Coroutine[Any, Any, Response]]
"""Answers a request whose body has the form that its route asks for. It is to go to the queue, so
that a request for which there is no room is refused before it is read."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
DIRECT = "__triage_direct__"
"""Attribute of an endpoint that has a straight way."""


def directly(answer: Answer) -> Callable[[Endpoint], Endpoint]:
    """Answer by another function where the body is valid; goes below the line with the path."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, DIRECT, answer)
        return endpoint

    return mark


class Way(NamedTuple):
    """What answers a path, and what its route asks for."""

    route: JsonRoute
    need: str
    model: type[Strict]
    answer: Answer


def ways(routers: Iterable[APIRouter]) -> dict[str, Way]:
    """Return the straight ways of some routers by path; all are asked with POST."""
    found = {}
    routes = [one for router in routers for one in router.routes if isinstance(one, JsonRoute)]
    for route in routes:
        answer, model = getattr(route.endpoint, DIRECT, None), route.strict_model()
        if answer and model:
            found[route.path] = Way(route, scope_of(route.endpoint) or "", model, answer)
    return found


class Straight:
    """Layer of the app that answers what has a straight way, and passes all else on.

    Args:
        app: What is wrapped.
        ways: By path.
    """

    def __init__(self, app: ASGIApp, ways: Mapping[str, Way]) -> None:
        self.app = app
        self.ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        posted = scope.get("method") == "POST" and not scope.get("root_path")
        way = self.ways.get(scope["path"]) if posted else None
        response = await _answered(way, scope, receive) if way else None
        if response is None:
            await self.app(scope, receive, send)
        else:
            await response(scope, receive, send)


async def _answered(way: Way, scope: Scope, receive: Receive) -> Response | None:
    """Answer or refuse a request; None where that is left to the framework."""
    entry = entered(scope, way.need)
    if entry.error is not None:
        return None
    scope["route"] = way.route
    request = Request(scope, receive)
    try:
        response = await _worked(way, request)
    except (TriageError, HTTPException) as error:
        response = await refused(request, error)
    if response and entry.headers:
        response.headers.update(entry.headers)
    return response


async def _worked(way: Way, request: Request) -> Response | None:
    """Answer a request, or hand over what was read where it is not valid."""
    request.app.state.turns.check_room()
    read = await read_json(request, way.model)
    payload = _valid(way.model, read[1])
    if payload is not None:
        return await way.answer(request, payload)
    request.scope[READ] = read
    return None


def _valid(model: type[Strict], parsed: object) -> Strict | None:
    try:
        return model.model_validate(parsed) if isinstance(parsed, dict) else None
    except ValidationError:
        return None
