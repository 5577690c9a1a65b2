"""Sign in with a name and a password or with a key, and sign out."""

from http import HTTPStatus
from math import ceil
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.accounts import fold_name, verify
from triage.access.doors import open_to_all
from triage.access.keys import present
from triage.access.roles import role_of
from triage.access.sites import network_of
from triage.console.context import Console, console_of, visit_of
from triage.console.door import SIGN_IN, ConsoleRoute, form_of, place_after
from triage.console.rendering import page
from triage.console.visits import keep_token
from triage.errors import UnauthorizedError
from triage.storage.people import Kind

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


class Proved(NamedTuple):
    """Who somebody proved to be; without a holder the reason why it did not do."""

    kind: Kind
    holder: str
    reason: str = ""


@router.get(SIGN_IN)
@open_to_all
async def sign_in_page(request: Request) -> Response:
    """Show the form; whoever is in already goes on."""
    after = place_after(request.query_params.get("next", ""))
    if visit_of(request).caller is not None:
        return RedirectResponse(after, HTTPStatus.SEE_OTHER)
    return page(request, "sign_in.html", after=after, reason="", wait=0, name="")


@router.post(SIGN_IN)
@open_to_all
async def sign_in(request: Request) -> Response:
    """Let somebody in; what was wrong is not told, only that something was."""
    console, form = console_of(request), form_of(request)
    key = form.get("key", "").strip()
    name = fold_name(form.get("name", ""))[:200]
    counted = (f"from {_network(request)}", f"as {key[:12] if key else name}")
    wait = console.attempts.take(*counted)
    if wait > 0:
        return _again(request, HTTPStatus.TOO_MANY_REQUESTS, "sign_in.wait", ceil(wait))
    proved = _by_key(console, key) if key else await _by_password(request, console, name)
    if proved.reason:
        status = HTTPStatus.FORBIDDEN if proved.holder else HTTPStatus.UNAUTHORIZED
        return _again(request, status, proved.reason)
    console.attempts.forgive(*counted)
    token = await console.stored(console.visits.begin, proved.kind, proved.holder)
    after = place_after(form.get("next", ""))
    response = RedirectResponse(after, HTTPStatus.SEE_OTHER)
    keep_token(response, request, "session", token)
    keep_token(response, request, "visit", "")
    console.service.telemetry.log.info("signed_in", key=proved.holder)
    return response


@router.post("/console/sign-out")
@open_to_all
async def sign_out(request: Request) -> Response:
    """End the session, on the server too."""
    console = console_of(request)
    await console.stored(console.visits.end, visit_of(request))
    response = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    keep_token(response, request, "session", "")
    return response


def _by_key(console: Console, text: str) -> Proved:
    try:
        caller = console.service.keyring.who(text).caller
    except UnauthorizedError:
        return Proved("key", "", "sign_in.wrong")
    # Only who holds the whole key learns what it lacks.
    reason = "" if role_of(caller.scopes, caller.brand) else "sign_in.no_role"
    found = present(text)
    return Proved("key", found.id if found else "", reason)


async def _by_password(request: Request, console: Console, name: str) -> Proved:
    given = form_of(request).get("password", "")
    account = await console.stored(console.service.store.accounts.find, name=name)
    good = await console.hashed(verify, given, account.password if account else None)
    if account is None or not good:
        return Proved("account", "", "sign_in.wrong")
    return Proved("account", account.id)


def _again(request: Request, status: HTTPStatus, reason: str, wait: int = 0) -> Response:
    form = form_of(request)
    after, name = place_after(form.get("next", "")), form.get("name", "")
    shown = page(request, "sign_in.html", status, after=after, reason=reason, wait=wait, name=name)
    if wait:
        shown.headers["Retry-After"] = str(wait)
    return shown


def _network(request: Request) -> str:
    """Name the network that a request came from."""
    return network_of(request.client.host) if request.client else ""
