"""Who visits: a session kept in the store, or anybody at home as long as there is nothing to guard.

A cookie holds 256 random bits and the store their SHA-256, so that a copy of the store signs nobody
in. Every visitor has such a token, signed in or not, and the token of their forms is derived from
it: a form of another site cannot know it.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from triage.access.doors import ANYBODY, is_from_here
from triage.access.roles import Role, role_of, scopes_of_role
from triage.domain import Caller
from triage.service import Service
from triage.settings import is_loopback
from triage.storage.people import Kind, Session

IDLE, ABSOLUTE = timedelta(hours=2), timedelta(hours=12)
"""A session ends so long after its visitor did anything, and so long after it began."""
TOUCH = timedelta(minutes=1)
"""A session's last use is written no more often."""
LIVE = "x-triage-live"
"""Header of requests that a page sends by itself; as streams they keep no session alive."""
STREAM = "text/event-stream"
_LOCAL = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for a page.

    Args:
        token: Secret of the visitor's cookie.
        kind: How they came in: with a session, at home with nothing to guard, or not at all.
        caller: What they may do; None where they are not signed in.
        role: Of the caller.
        fresh: Their browser does not keep the token yet.
    """

    token: str
    kind: Literal["account", "key", "open", "none"] = "none"
    caller: Caller | None = None
    role: Role | None = None
    fresh: bool = False

    @property
    def csrf(self) -> str:
        """The token that the visitor's forms must carry."""
        return hashlib.sha256(f"form {self.token}".encode()).hexdigest()

    @property
    def who(self) -> Caller:
        """The caller, on pages that only signed-in visitors reach."""
        if self.caller is None:
            raise AssertionError("a page without a scope asked who is there")
        return self.caller

    @property
    def agent(self) -> str:
        """The name under which the journal keeps what the visitor does."""
        return self.who.name or "console"


class Visits:
    """Finds out who visits, and lets people in and out.

    Its methods wait for the store; call them in a thread.

    Args:
        service: Knows keys, accounts and sessions.
        clock: Tells the time.
    """

    def __init__(self, service: Service, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._keyring = service.keyring
        self._accounts, self._sessions = service.store.accounts, service.store.sessions
        settings = service.settings
        self._always = settings.require_keys or not is_loopback(settings.host)
        self._clock = clock

    def find(self, request: Request) -> Visit:
        """Tell who sent a request.

        Raises:
            StoreError: When the store cannot be read.
        """
        token = _cookie(request, "session")
        if token:
            live = LIVE in request.headers or STREAM in request.headers.get("accept", "")
            found = self._signed_in(token, live=live)
            if found:
                return found
        kept = _cookie(request, "visit")
        token = kept or new_token()
        if self._is_open(request):
            return Visit(token, "open", ANYBODY, "admin", fresh=not kept)
        return Visit(token, fresh=not kept)

    def begin(self, kind: Kind, holder: str) -> str:
        """Begin a session and return its token, which is new whoever visited before.

        Raises:
            StoreError: When it cannot be written.
        """
        token, now = new_token(), self._clock()
        self._sessions.begin(_digest(token), Session(kind, holder, now, now), now - ABSOLUTE)
        return token

    def end(self, visit: Visit) -> None:
        """End a session.

        Raises:
            StoreError: When it cannot be written.
        """
        self._sessions.end(_digest(visit.token))

    def _signed_in(self, token: str, *, live: bool) -> Visit | None:
        digest, now = _digest(token), self._clock()
        session = self._sessions.find(digest)
        if session is None or now >= min(session.seen_at + IDLE, session.created_at + ABSOLUTE):
            return None
        known = self._key(session) if session.kind == "key" else self._account(session)
        if known is None:
            return None
        if not live and now - session.seen_at >= TOUCH:
            self._sessions.touch(digest, now)
        return Visit(token, session.kind, *known)

    def _key(self, session: Session) -> tuple[Caller, Role] | None:
        holder = self._keyring.holder(session.holder)
        role = role_of(holder.caller.scopes, holder.caller.brand) if holder else None
        return (holder.caller, role) if holder and role else None

    def _account(self, session: Session) -> tuple[Caller, Role] | None:
        account = self._accounts.find(id_=session.holder)
        if account is None:
            return None
        scopes = scopes_of_role(account.role, account.brand)
        return Caller(account.id, scopes, account.brand, account.name), account.role

    def _is_open(self, request: Request) -> bool:
        """Tell whether there is nothing to guard: the same rule as the API's, and no account."""
        if self._always or self._keyring.known or not is_from_here(request.scope):
            return False
        return not self._accounts.any()


def keep_token(response: Response, request: Request, name: str, token: str) -> None:
    """Give a visitor's browser a token to keep; an empty one takes it away."""
    secure = _is_remote(request)
    response.set_cookie(
        _name(request, name),
        token,
        max_age=None if token else 0,
        path="/" if secure else "/console",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def new_token() -> str:
    """Make a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def _cookie(request: Request, name: str) -> str:
    value = request.cookies.get(_name(request, name), "")
    return value if _TOKEN.fullmatch(value) else ""


def _name(request: Request, name: str) -> str:
    """Name a cookie; with the prefix browsers take it from nobody but this host over TLS."""
    return f"__Host-triage_{name}" if _is_remote(request) else f"triage_{name}"


def _is_remote(request: Request) -> bool:
    return not _LOCAL.fullmatch(request.headers.get("host", ""))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
