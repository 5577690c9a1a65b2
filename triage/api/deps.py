"""What routes are given: the service, a turn to do work in, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, ParamSpec, TypeVar, cast

import anyio
import anyio.to_thread
from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from triage.domain import Caller
from triage.errors import OverloadedError
from triage.service import Service
from triage.telemetry import Metrics

P = ParamSpec("P")
T = TypeVar("T")
Gone = Callable[[], Awaitable[bool]]
"""Tells whether the caller has gone away."""
FEW = 8
"""Requests in flight from which short work is not done on the event loop any more."""
PATIENCE_S = 0.02
"""Wait after which it is asked whether the caller is still there."""


class Turns:
    """Lets a few requests work, some wait, and refuses the rest at once.

    Long work is done in threads. Short work is done on the event loop, since handing it to a thread
    and back costs as much as the work; whoever comes is counted before anybody works, so that the
    loop still says no at once.

    Args:
        threads: Requests that work at once.
        max_in_flight: Requests that work or wait.
        timeout_s: Longest wait; work whose time is over is never begun.
        metrics: Counts refusals.
    """

    def __init__(
        self, threads: int, max_in_flight: int, timeout_s: float, metrics: Metrics
    ) -> None:
        self._free = anyio.Semaphore(threads)
        self._threads = anyio.CapacityLimiter(threads)
        self._max_in_flight = max_in_flight
        self._timeout_s = timeout_s
        self._metrics = metrics
        self._in_flight = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a thread when its turn comes.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
        """
        return await self.run_for(None, lambda: work(*args, **kwargs))

    async def run_for(self, gone: Gone | None, work: Callable[[], T]) -> T:
        """Run work in a thread when its turn comes, unless the caller went away meanwhile.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
            ClientDisconnect: When the caller has gone away.
        """
        with self._admitted():
            begun = monotonic()
            await self._turn()
            try:
                await _check_there(gone, begun)
                return await anyio.to_thread.run_sync(work, limiter=self._threads)
            finally:
                self._free.release()

    async def run_short_for(self, gone: Gone | None, work: Callable[[], T]) -> T:
        """Run short work on the event loop, in the order of arrival, while few others are there.

        Behind a queue it goes to a thread as all other work does: a loop that is busy with one
        message after another would let later ones wait unseen instead of refusing them.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
            ClientDisconnect: When the caller has gone away.
        """
        if self._in_flight >= FEW:
            return await self.run_for(gone, work)
        with self._admitted():
            begun = monotonic()
            # The loop counts all who have arrived meanwhile, and refuses whom it must.
            await asyncio.sleep(0)
            if monotonic() - begun > self._timeout_s:
                raise self._overloaded("timeout", "No turn came in time.")
            await _check_there(gone, begun)
            return work()

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        if self._in_flight >= self._max_in_flight:
            raise self._overloaded("queue_full", "Too many requests wait already.")
        self._in_flight += 1
        self._metrics.in_flight.set(self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.set(self._in_flight)

    async def _turn(self) -> None:
        try:
            with anyio.fail_after(self._timeout_s):
                await self._free.acquire()
        except TimeoutError:
            raise self._overloaded("timeout", "No turn came in time.") from None

    def _overloaded(self, reason: str, problem: str) -> OverloadedError:
        self._metrics.overloaded.labels(reason).inc()
        return OverloadedError(problem, fix="Try again after the seconds of Retry-After.")


@dataclass(frozen=True, slots=True)
class Turn:
    """The queue as one request sees it: its work is left undone when its caller goes away."""

    turns: Turns
    gone: Gone

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a thread when its turn comes; see ``Turns.run_for``."""
        return await self.turns.run_for(self.gone, lambda: work(*args, **kwargs))

    async def run_short(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work on the event loop when its turn comes; see ``Turns.run_short_for``."""
        return await self.turns.run_short_for(self.gone, lambda: work(*args, **kwargs))


async def _check_there(gone: Gone | None, begun: float) -> None:
    if gone is not None and monotonic() - begun > PATIENCE_S and await gone():
        raise ClientDisconnect


# Coroutines, since FastAPI hands plain functions to a thread each.
async def get_service(request: Request) -> Service:
    """Return the service that the app was built over."""
    return cast("Service", request.app.state.service)


async def get_turns(request: Request) -> Turn:
    """Return the app's queue as this request sees it."""
    return Turn(cast("Turns", request.app.state.turns), request.is_disconnected)


async def get_caller(request: Request) -> Caller:
    """Return who asks, as the gate found."""
    return cast("Caller", request.state.caller)


CallerDep = Annotated[Caller, Depends(get_caller)]
ServiceDep = Annotated[Service, Depends(get_service)]
TurnsDep = Annotated[Turn, Depends(get_turns)]
