"""What all pages share: the service, who visits, and turns to do work in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar, cast

import anyio
import anyio.to_thread
from starlette.requests import Request

from triage.access.attempts import Attempts
from triage.console.assets import Assets
from triage.console.languages import Locale, choose
from triage.console.live import Hub
from triage.console.similar import Memory
from triage.console.visits import Visit, Visits
from triage.console.waiting import Targets
from triage.errors import TriageError
from triage.service import Service

P = ParamSpec("P")
T = TypeVar("T")
LANGUAGE = "triage_language"
"""Cookie of the language that somebody chose."""
HASHING = 2
"""Passwords verified at once; each takes 19 MiB."""


class Turns(Protocol):
    """A queue for work in threads."""

    def run(self, work: Callable[..., T], *args: object, **kwargs: object) -> Awaitable[T]:
        """Run work in a thread when its turn comes."""


@dataclass(frozen=True, slots=True, eq=False)
class Console:
    """The console of one app.

    Args:
        service: What answers and records.
        turns: Turns to label messages in.
        store_turns: Turns to wait for the store in.
        status_of: Gives an error its HTTP status.
        assets: Static files.
        visits: Knows who visits.
        attempts: Counts attempts to sign in.
        hub: Tells open pages what is new.
        memory: Finds similar messages.
        targets: Longest waits by priority.
        hashing: Bounds the passwords verified at once.
    """

    service: Service
    turns: Turns
    store_turns: Turns
    status_of: Callable[[TriageError], int]
    assets: Assets
    visits: Visits
    attempts: Attempts
    hub: Hub
    memory: Memory
    targets: Targets
    hashing: anyio.CapacityLimiter

    async def stored(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that waits for the store.

        Raises:
            OverloadedError: When too many wait already.
        """
        return await self.store_turns.run(work, *args, **kwargs)

    async def labelled(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that labels messages, in the queue of all who ask for labels.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
        """
        return await self.turns.run(work, *args, **kwargs)

    async def hashed(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that verifies a password."""
        return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), limiter=self.hashing)


def console_of(request: Request) -> Console:
    """Return the console that a request came to."""
    return cast("Console", request.app.state.console)


def visit_of(request: Request) -> Visit:
    """Tell who sent a request."""
    return cast("Visit", request.state.visit)


def locale_of(request: Request) -> Locale:
    """Return the language of a request's visitor."""
    return choose(request.cookies.get(LANGUAGE), request.headers.get("accept-language", ""))
