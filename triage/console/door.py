"""At the door of every page: who visits, whether they may, and whether they sent it themselves."""

import hmac
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from triage.access.doors import scope_of
from triage.console.context import Console, console_of, visit_of
from triage.console.forms import read_form
from triage.console.rendering import page
from triage.console.visits import Visit, keep_token
from triage.errors import TriageError
from triage.telemetry import place

SIGN_IN = "/console/sign-in"
TOKEN = "form_token"  # noqa: S105 - the name of a field
_SAFE = frozenset({"GET", "HEAD"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ConsoleRoute(APIRoute):
    """A route of the console; its endpoint is marked with ``needs`` or ``open_to_all``.

    ``visit_of(request)`` tells who asks, ``form_of(request)`` what a form sent. Whatever is raised
    becomes a page in the visitor's language.
    """

    heeds_scope = True

    def get_route_handler(self) -> Handler:
        """Put the door before the usual handling."""
        usual = super().get_route_handler()
        need = scope_of(self.endpoint) or ""

        async def handler(request: Request) -> Response:
            console = console_of(request)
            try:
                request.state.visit = await console.stored(console.visits.find, request)
                refusal = await _refusal(request, console, need)
                response = refusal or await usual(request)
            except ClientDisconnect:
                raise
            except Exception as error:  # noqa: BLE001 - every fault becomes a page
                response = _fault(request, console, error)
            if visit_of(request).fresh:
                keep_token(response, request, "visit", visit_of(request).token)
            return response

        return handler


def form_of(request: Request) -> Mapping[str, str]:
    """Return what the form of a request sent."""
    return cast("Mapping[str, str]", request.state.form)


def refused(request: Request, status: int, key: str, **values: object) -> Response:
    """Render a refusal; ``key`` names its sentence."""
    texts = {"title": f"error.{status}.title", "text": key, "values": values}
    return page(request, "error.html", status, **texts)


def place_after(given: str) -> str:
    """Return where to go on, which is a page of the console whatever was given."""
    plain = given.startswith("/console/") and given.isprintable() and "\\" not in given
    return given if plain and "//" not in given.partition("?")[0] else "/console/"


async def _refusal(request: Request, console: Console, need: str) -> Response | None:
    visit = visit_of(request)
    caller = visit.caller
    if caller is not None:
        request.state.caller = caller
    if need and caller is None:
        return _sign_in_first(request)
    if need and caller is not None and need not in caller.scopes:
        return refused(request, HTTPStatus.FORBIDDEN, "error.scope")
    if request.method in _SAFE:
        return None
    # Before the body is read: who is not at home here sends none.
    if not is_own_origin(request):
        return refused(request, HTTPStatus.FORBIDDEN, "error.origin")
    request.state.form = await read_form(request, console.service.settings.max_body_bytes)
    if not _has_form_token(request, visit):
        return refused(request, HTTPStatus.FORBIDDEN, "error.token")
    return None


def is_own_origin(request: Request) -> bool:
    """Tell whether a page of this very host sent a request; every browser says so on a POST.

    A proxy may speak another scheme than its callers, so the host and port decide.
    """
    origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _has_form_token(request: Request, visit: Visit) -> bool:
    given = form_of(request).get(TOKEN, "")
    return hmac.compare_digest(given.encode(), visit.csrf.encode())


def _sign_in_first(request: Request) -> Response:
    if request.method not in _SAFE or "fetch" in request.headers.get("x-requested-with", ""):
        return refused(request, HTTPStatus.UNAUTHORIZED, "error.signed_out")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{SIGN_IN}?next={quote(path, safe='/')}", HTTPStatus.SEE_OTHER)


def _fault(request: Request, console: Console, error: Exception) -> Response:
    if not hasattr(request.state, "visit"):
        request.state.visit = Visit("")
    if isinstance(error, TriageError):
        status = console.status_of(error)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            texts = {"title": _title(status), "detail": error}
            return page(request, "error.html", status, **texts)
    elif isinstance(error, HTTPException):
        status = error.status_code
    elif isinstance(error, RequestValidationError):
        status = HTTPStatus.NOT_FOUND  # of the path or query alone: forms are read by hand
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log(request, console, error)
    return page(request, "error.html", status, title=_title(status), text=_text(status))


def _log(request: Request, console: Console, error: Exception) -> None:
    log, request_id = console.service.telemetry.log, request.state.request_id
    if isinstance(error, TriageError):
        log.warning("request_failed", code=error.code, request_id=request_id)
    else:
        kind, where = type(error).__name__, place(error)
        log.error("request_crashed", request_id=request_id, error=kind, where=where)


def _title(status: int) -> str:
    return f"error.{status if status in _TITLED else 500}.title"


def _text(status: int) -> str:
    return f"error.{status if status in _TITLED else 500}.text"


_TITLED = frozenset({401, 403, 404, 409, 413, 415, 422, 429, 500, 503, 507})
