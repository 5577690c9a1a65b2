"""What routes are given: the service, a turn to do work in, and who asks."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar, cast

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from triage.domain import Caller
from triage.errors import OverloadedError
from triage.service import Service
from triage.telemetry import Metrics

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """Lets a few requests work in threads, some wait, and refuses the rest at once.

    The event loop never computes, so that it can still say no when all threads are busy.

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
        if self._in_flight >= self._max_in_flight:
            raise self._overloaded("queue_full", "Too many requests wait already.")
        self._in_flight += 1
        self._metrics.in_flight.set(self._in_flight)
        try:
            await self._turn()
            try:
                return await anyio.to_thread.run_sync(
                    lambda: work(*args, **kwargs), limiter=self._threads
                )
            finally:
                self._free.release()
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


def get_service(request: Request) -> Service:
    """Return the service that the app was built over."""
    return cast("Service", request.app.state.service)


def get_turns(request: Request) -> Turns:
    """Return the app's queue."""
    return cast("Turns", request.app.state.turns)


async def get_caller(request: Request) -> Caller:
    """Return who asks, as the gate found."""
    return cast("Caller", request.state.caller)


CallerDep = Annotated[Caller, Depends(get_caller)]
ServiceDep = Annotated[Service, Depends(get_service)]
TurnsDep = Annotated[Turns, Depends(get_turns)]
