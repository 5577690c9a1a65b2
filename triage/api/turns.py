"""Who works, who waits, and who is refused at once; messages that wait are done together.

Handing a message to a thread and back costs as much as labelling it, and beside a thread that
computes the event loop waits for the interpreter at every step it takes. So short work is done on
the event loop itself, a few messages at a time, which together take a fifth less; between groups
the loop hears all who have arrived meanwhile, and refuses at once what is too much. Longer work
goes to threads, in groups too.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
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
Gone = Callable[[], bool]
"""Tells whether the caller has gone away."""
TOGETHER, TOGETHER_SIZE = 8, 2_000
"""Most items of one group, and their size in characters: some 10 ms of short work."""
QUIET = 4
"""Passes of the event loop without a request after which none is waiting to be heard. A pass takes
in one connection at most, and from there to the queue it takes three."""
HEARING, LEAST_S = 4.0, 0.001
"""Longest time spent on hearing who has arrived, as a multiple of that of the group before, and at
least: at four times the capacity all are still refused in time, and no flood stops the work."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One item of work that may be done together with others.

    Args:
        work: Gives a result for each of several items, in order.
        item: What it is to be given.
        group: Items are done together when this and the work are equal.
        size: Characters.
        short: Whether it takes about a millisecond, and is done on the event loop where it can be.
    """

    work: Callable[[Sequence[Any]], Sequence[Any]]
    item: object
    group: Hashable = None
    size: int = 0
    short: bool = True

    def joins(self, other: "Job") -> bool:
        """Tell whether both may be done together."""
        return self.work == other.work and self.group == other.group


@dataclass(slots=True, eq=False)
class _Waiting:
    job: Job
    gone: Gone | None
    since: float
    result: "asyncio.Future[Any]"
    begun: bool = False


class _Queue:
    """Jobs that wait, in the order of arrival, and how many groups of them are done at once."""

    def __init__(self, most: int) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.most = most
        self.leaders = 0

    def next_group(self) -> list[_Waiting]:
        """Take what may be done together, leaving their share to the other leaders."""
        waiting = self.waiting
        most = min(TOGETHER, -(-len(waiting) // self.most))
        group: list[_Waiting] = []
        size = 0
        while len(group) < most:
            job = waiting[0].job
            size += job.size
            if group and (size > TOGETHER_SIZE or not job.joins(group[0].job)):
                break
            group.append(waiting.popleft())
        return group


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
        self._in_flight = self._heard = 0
        self._short, self._long = _Queue(1), _Queue(threads)
        self._tasks: set[asyncio.Task[None]] = set()
        metrics.in_flight.set_function(lambda: self._in_flight)

    def check_room(self) -> None:
        """Refuse a request at once that there is no room for, before anything of it is read.

        Raises:
            OverloadedError: When too many wait already.
        """
        if self._in_flight >= self._max_in_flight:
            self._heard += 1
            raise self._overloaded("queue_full", "Too many requests wait already.")

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
            await self._turn()
            try:
                if gone is not None and gone():
                    raise ClientDisconnect
                return await anyio.to_thread.run_sync(work, limiter=self._threads)
            finally:
                self._free.release()

    async def do_for(self, gone: Gone | None, job: Job) -> Any:  # noqa: ANN401 - the job's
        """Do a job in the order of arrival, together with others that wait like it.

        Raises:
            OverloadedError: When too many wait already, or the turn did not come in time.
            ClientDisconnect: When the caller has gone away.
        """
        with self._admitted():
            loop = asyncio.get_running_loop()
            queue = self._short if job.short else self._long
            one = _Waiting(job, gone, monotonic(), loop.create_future())
            timer = loop.call_later(self._timeout_s, self._expire, one)
            queue.waiting.append(one)
            if queue.leaders < queue.most:
                queue.leaders += 1
                self._tasks.add(leader := loop.create_task(self._lead(queue)))
                leader.add_done_callback(self._tasks.discard)
            try:
                return await one.result
            finally:
                timer.cancel()

    async def _lead(self, queue: _Queue) -> None:
        """Do what waits in a queue until nothing is left."""
        try:
            while queue.waiting:
                if queue is self._short:
                    begun = monotonic()
                    await self._do(queue, here=True)
                    await self._hear(max(LEAST_S, HEARING * (monotonic() - begun)))
                else:
                    async with self._free:
                        await self._do(queue)
        finally:
            queue.leaders -= 1

    async def _hear(self, longest_s: float) -> None:
        """Let the loop count all who arrived during work on it, and refuse whom it must."""
        until, quiet = monotonic() + longest_s, 0
        while quiet < QUIET and monotonic() < until:
            heard = self._heard
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._heard == heard else 0

    async def _do(self, queue: _Queue, *, here: bool = False) -> None:
        """Do the next group; whatever happens, each of it is told, and the next ones are done."""
        taken = queue.next_group() if queue.waiting else []
        try:
            group = self._wanted(taken)
            if here or not group:
                _tell(group, _outcomes(group))
            else:
                run = anyio.to_thread.run_sync
                _tell(group, await run(_outcomes, group, limiter=self._threads))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            _tell(taken, [error] * len(taken))
        finally:
            for one in taken:
                # Left where the loop stops meanwhile.
                one.result.cancel()

    def _wanted(self, taken: Sequence[_Waiting]) -> list[_Waiting]:
        """Keep those of a group for whom somebody waits, and whose time is not over."""
        group = []
        for one in taken:
            if monotonic() - one.since > self._timeout_s:
                self._expire(one)
            elif one.gone is not None and one.gone():
                _tell([one], [ClientDisconnect()])
            if not one.result.done():
                one.begun = True
                group.append(one)
        return group

    def _expire(self, one: _Waiting) -> None:
        """Refuse a job whose turn did not come in time."""
        if not (one.begun or one.result.done()):
            one.result.set_exception(self._overloaded("timeout", "No turn came in time."))

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        self.check_room()
        self._heard += 1
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
    gone: Gone | None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work in a thread when its turn comes; see ``Turns.run_for``."""
        return await self.turns.run_for(self.gone, lambda: work(*args, **kwargs))

    async def do(
        self,
        work: Callable[[Sequence[Item]], Sequence[T]],
        item: Item,
        group: Hashable,
        *,
        size: int,
        short: bool,
    ) -> T:
        """Do a job when its turn comes, with others like it; see ``Turns.do_for`` and ``Job``."""
        result: T = await self.turns.do_for(self.gone, Job(work, item, group, size, short))
        return result


def _outcomes(group: Sequence[_Waiting]) -> list[object]:
    """Do jobs together; where one fails, the others are done without it."""
    if not group:
        return []
    try:
        return list(group[0].job.work([one.job.item for one in group]))
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
        if len(group) == 1:
            return [error]
    return [outcome for one in group for outcome in _outcomes([one])]


def _tell(group: Sequence[_Waiting], outcomes: Sequence[object]) -> None:
    for one, outcome in zip(group, outcomes, strict=True):
        if one.result.done():
            continue
        if isinstance(outcome, StopIteration):
            # No future takes it.
            one.result.set_exception(RuntimeError("StopIteration"))
        elif isinstance(outcome, Exception):
            one.result.set_exception(outcome)
        else:
            one.result.set_result(outcome)
