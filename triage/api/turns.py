"""Who works, who waits, and who is refused at once; short work is done together.

Handing a message to a thread and back costs as much as labelling it, and two threads that compute
disturb each other. So short work is done on the event loop, a few messages at a time: computed
together they take a fifth less, and between two groups the loop reads what has arrived, so that it
still refuses at once what is too much.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect

from triage.errors import OverloadedError
from triage.telemetry import Metrics

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")
Gone = Callable[[], Awaitable[bool]]
"""Tells whether the caller has gone away."""
PATIENCE_S = 0.2
"""Wait after which it is asked whether the caller is still there."""
TOGETHER, TOGETHER_SIZE = 8, 2_000
"""Most items of one group, and their size in characters: about 10 ms of the event loop."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One item of short work.

    Args:
        work: Gives a result for each of several items, in order.
        item: What it is to be given.
        group: Items are done together when this and the work are equal.
        size: Characters.
    """

    work: Callable[[Sequence[Any]], Sequence[Any]]
    item: object
    group: Hashable = None
    size: int = 0

    def joins(self, other: "Job") -> bool:
        """Tell whether both may be done together."""
        return self.work == other.work and self.group == other.group


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    job: Job
    gone: Gone | None
    since: float
    result: "asyncio.Future[Any]"


class Turns:
    """Lets a few requests work, some wait, and refuses the rest at once.

    Args:
        threads: Requests that work at once in threads.
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
        self._short: deque[_Waiting] = deque()
        self._leader: asyncio.Task[None] | None = None
        metrics.in_flight.set_function(lambda: self._in_flight)

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
                if await _has_left(gone, begun):
                    raise ClientDisconnect
                return await anyio.to_thread.run_sync(work, limiter=self._threads)
            finally:
                self._free.release()

    async def run_short_for(self, gone: Gone | None, job: Job) -> Any:  # noqa: ANN401 - the job's
        """Do a job on the event loop in the order of arrival, with others that wait like it.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
            ClientDisconnect: When the caller has gone away.
        """
        with self._admitted():
            loop = asyncio.get_running_loop()
            waiting = _Waiting(job, gone, monotonic(), loop.create_future())
            self._short.append(waiting)
            if self._leader is None:
                self._leader = loop.create_task(self._lead())
            return await waiting.result

    async def _lead(self) -> None:
        """Do short work until none is left."""
        try:
            while self._short:
                there = [one for one in self._next_group() if await self._is_wanted(one)]
                if there:
                    _do(there)
                # The loop counts all who have arrived meanwhile, and refuses whom it must.
                await asyncio.sleep(0)
        finally:
            self._leader = None

    def _next_group(self) -> list[_Waiting]:
        short = self._short
        group = [short.popleft()]
        first, size = group[0].job, group[0].job.size
        while short and len(group) < TOGETHER and short[0].job.joins(first):
            size += short[0].job.size
            if size > TOGETHER_SIZE:
                break
            group.append(short.popleft())
        return group

    async def _is_wanted(self, one: _Waiting) -> bool:
        """Tell whether somebody still waits for a result; who has waited too long is told so."""
        if one.result.done():
            return False
        if monotonic() - one.since > self._timeout_s:
            one.result.set_exception(self._overloaded("timeout", "No turn came in time."))
            return False
        left = await _has_left(one.gone, one.since)
        if left and not one.result.done():
            one.result.set_exception(ClientDisconnect())
        return not one.result.done()

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        if self._in_flight >= self._max_in_flight:
            raise self._overloaded("queue_full", "Too many requests wait already.")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

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

    async def run_short(
        self,
        work: Callable[[Sequence[Item]], Sequence[T]],
        item: Item,
        group: Hashable,
        size: int,
    ) -> T:
        """Do a job on the event loop when its turn comes; see ``Turns.run_short_for``."""
        result: T = await self.turns.run_short_for(self.gone, Job(work, item, group, size))
        return result


def _do(group: Sequence[_Waiting]) -> None:
    """Give each of a group its result; where one fails, the others are done without it."""
    try:
        results = group[0].job.work([one.job.item for one in group])
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
        if len(group) == 1:
            group[0].result.set_exception(error)
            return
        for one in group:
            _do([one])
        return
    for one, result in zip(group, results, strict=True):
        one.result.set_result(result)


async def _has_left(gone: Gone | None, since: float) -> bool:
    return gone is not None and monotonic() - since > PATIENCE_S and await gone()
