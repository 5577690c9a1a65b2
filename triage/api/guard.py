"""At the door of every route: who asks, with which key, and how often.

A route says with ``needs`` which scope it takes, or with ``open_to_all`` that it takes none; one
that says nothing is refused when the app is built. A request is looked at before a byte of its body
is read.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from limits import RateLimitItem
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from triage.access.doors import ANYBODY, is_from_here, needs, open_to_all, scope_of
from triage.access.keyring import Keyring
from triage.access.rates import Rates, Turn
from triage.api.errors import instance_of, problem_of, respond
from triage.domain import Caller
from triage.errors import (
    ConfigError,
    MissingScopeError,
    RateLimitedError,
    TriageError,
    UnauthorizedError,
)

__all__ = ["Gate", "GuardedRoute", "check_routes", "needs", "open_to_all", "scopes_of"]

REALM = 'Bearer realm="triage"'
_FIX = "Send the header Authorization: Bearer trg_..., with a key made by triage keys create."
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([!-~]+) *")
ENTRY = "triage.entry"
"""Key of a scope whose request the gate has looked at."""
Headers = Mapping[str, str]


class Entry(NamedTuple):
    """What came of a look at a request: who asks, if that is known, and what stands against it."""

    caller: Caller | None
    error: TriageError | None
    headers: Headers


class Gate:
    """Looks at requests; for the thread of the event loop alone.

    Args:
        keyring: Knows the keys.
        rates: Counts the requests of each key.
        rate: How often a key may ask that has no rate of its own.
        always: Ask for a key even before one is made.
    """

    def __init__(
        self, keyring: Keyring, rates: Rates, rate: RateLimitItem, *, always: bool
    ) -> None:
        self._keyring = keyring
        self._rates = rates
        self._rate = rate
        self._always = always

    def look(self, scope: Scope, need: str) -> Entry:
        """Decide whether a request may go on."""
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if not shown:
            return self._without_key(scope)
        found = _BEARER.fullmatch(shown[0]) if len(shown) == 1 else None
        if found is None:
            problem = "The header Authorization is not of the form Bearer trg_..."
            return _unauthorized(UnauthorizedError(problem, fix=_FIX), "invalid_request")
        try:
            holder = self._keyring.who(found[1].decode("ascii"))
        except UnauthorizedError as error:
            return _unauthorized(error, "invalid_token")
        caller, rate = holder.caller, holder.rate or self._rate
        turn = self._rates.take(rate, caller.key_id)
        headers = _rate_headers(rate, turn)
        if not turn.granted:
            return Entry(caller, _too_often(rate), headers | {"Retry-After": str(turn.reset_s)})
        if need not in caller.scopes:
            return Entry(caller, _missing(need), headers | {"WWW-Authenticate": _challenge(need)})
        return Entry(caller, None, headers)

    def _without_key(self, scope: Scope) -> Entry:
        if self._always or self._keyring.known:
            return _unauthorized(UnauthorizedError("No key was shown.", fix=_FIX))
        if not is_from_here(scope):
            problem = (
                "Without a key only callers on this machine are answered, asking for localhost and "
                "through no proxy."
            )
            return _unauthorized(UnauthorizedError(problem, fix=_FIX))
        return Entry(ANYBODY, None, {})


def entered(scope: Scope, need: str) -> Entry:
    """Return what the gate said of a request, and ask it where nobody has; it counts who asks."""
    entry: Entry | None = scope.get(ENTRY)
    if entry is None:
        gate: Gate = scope["app"].state.gate
        entry = scope[ENTRY] = gate.look(scope, need)
        scope.setdefault("state", {})["caller"] = entry.caller
    return entry


class GuardedRoute(APIRoute):
    """A route that only those reach whom the gate lets in; ``request.state.caller`` is who."""

    heeds_scope = True

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        need = scope_of(self.endpoint)
        if not need:
            await super().handle(scope, receive, send)
            return
        entry = entered(scope, need)
        if entry.error is not None:
            problem = problem_of(entry.error, instance_of(Request(scope)))
            await respond(problem, entry.headers)(scope, receive, send)
            return
        added = [(name.lower().encode(), value.encode()) for name, value in entry.headers.items()]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await super().handle(scope, receive, told if added else send)


def check_routes(app: FastAPI) -> None:
    """Refuse an app with a route that does not say who may reach it.

    Raises:
        ConfigError: Naming the route.
    """
    for context in iter_route_contexts(app.routes):
        path = getattr(context, "path", "")
        if path == app.openapi_url:
            continue
        need = scope_of(getattr(context, "endpoint", None))
        guarded = getattr(context.original_route, "heeds_scope", False)
        if need is None or (need and not guarded):
            raise ConfigError(
                f"The route {path or context.original_route} has no scope.",
                fix="Mark it with needs or open_to_all, in a router of GuardedRoute or JsonRoute.",
            )


def scopes_of(app: FastAPI) -> dict[tuple[str, str], str]:
    """Return the scope of every method and path; empty for those open to all."""
    return {
        (method, str(context.path)): scope_of(context.endpoint) or ""
        for context in iter_route_contexts(app.routes)
        for method in sorted(context.methods or ())
    }


def _unauthorized(error: UnauthorizedError, kind: str = "") -> Entry:
    detail = f', error="{kind}"' if kind else ""
    return Entry(None, error, {"WWW-Authenticate": REALM + detail})


def _challenge(need: str) -> str:
    return f'{REALM}, error="insufficient_scope", scope="{need}"'


def _missing(need: str) -> MissingScopeError:
    return MissingScopeError(
        f"The key does not have the scope {need}.", fix="Use a key that has it."
    )


def _too_often(rate: RateLimitItem) -> RateLimitedError:
    return RateLimitedError(
        f"The key may ask {rate.amount} times in {rate.get_expiry()} seconds.",
        fix="Wait as Retry-After says, or send several messages in one batch.",
    )


def _rate_headers(rate: RateLimitItem, turn: Turn) -> dict[str, str]:
    """Tell quota and what is left of it (draft-ietf-httpapi-ratelimit-headers-10)."""
    return {
        "RateLimit-Policy": f'"key";q={rate.amount};w={rate.get_expiry()}',
        "RateLimit": f'"key";r={turn.remaining};t={turn.reset_s}',
    }
