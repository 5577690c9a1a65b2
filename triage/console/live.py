"""Tell open pages what is new, by server-sent events over one look at the store for all of them.

However many pages are open, one task asks the store every two seconds which rows came since, and
only while somebody listens. A stream holds no connection to the database, and ends by itself after
a while, when the browser comes back through the door; when the server is to stop, it ends at once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from fastapi.sse import format_sse_event

from triage.errors import OverloadedError, TriageError

EVERY_S = 2.0
"""Time between two looks at the store."""
BEAT_S = 1.0
"""Time between two looks at whether the server is to stop."""
ALIVE_S = 15.0
"""Time after which a stream without news says that it is there."""
LIFE_S = 300.0
"""Longest life of a stream; whoever listens on is looked at anew at the door."""
MAX_STREAMS = 200
RETRY_MS = 3000

Heads = tuple[int, int]
"""Numbers of the newest decision and of the newest feedback."""
News = tuple[Heads, frozenset[str | None]]
"""The newest numbers, and the brands of the rows since others."""
Look = Callable[[Heads | None], Awaitable[News]]


@dataclass(eq=False)
class _Listener:
    brand: str | None
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """Wakes the streams of all open pages; for the event loop alone.

    Args:
        look: Asks the store for the newest numbers and the brands of rows since others.
        stopping: Tells that the server is to stop.
        every_s: Time between two looks, in seconds.
        life_s: Longest life of a stream, in seconds.
        most: Streams at once.
    """

    def __init__(
        self,
        look: Look,
        stopping: Callable[[], bool],
        every_s: float = EVERY_S,
        life_s: float = LIFE_S,
        most: int = MAX_STREAMS,
    ) -> None:
        self._look, self._stopping = look, stopping
        self._every_s, self._life_s, self._most = every_s, life_s, most
        self._listeners: set[_Listener] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def listening(self) -> int:
        """How many streams are open."""
        return len(self._listeners)

    def listen(self, brand: str | None) -> AsyncIterator[bytes]:
        """Return a stream of events ``news``; a brand hears of its own rows alone.

        Raises:
            OverloadedError: When too many streams are open, or the server is to stop.
        """
        if len(self._listeners) >= self._most or self._stopping():
            raise OverloadedError("Too many pages are open.", fix="Reload the page by hand.")
        return self._stream(_Listener(brand))

    async def _stream(self, listener: _Listener) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end, alive = loop.time() + self._life_s, loop.time() + ALIVE_S
        if len(self._listeners) >= self._most:
            return
        # Not before somebody reads: a stream that is never begun is never ended either.
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._watch())
        try:
            yield format_sse_event(comment="here", retry=RETRY_MS)
            while loop.time() < end and not self._stopping():
                try:
                    await asyncio.wait_for(listener.woken.wait(), BEAT_S)
                except TimeoutError:
                    if loop.time() >= alive:
                        alive = loop.time() + ALIVE_S
                        yield format_sse_event(comment="here")
                    continue
                listener.woken.clear()
                yield format_sse_event(event="news", data_str="{}")
        finally:
            self._listeners.discard(listener)

    async def _watch(self) -> None:
        """Look while anybody listens; a store that cannot be read just has no news."""
        heads: Heads | None = None
        while self._listeners and not self._stopping():
            try:
                new, brands = await self._look(heads)
            except TriageError:
                pass
            else:
                if heads is not None and new != heads:
                    self._wake(brands)
                heads = new
            await asyncio.sleep(self._every_s)

    def _wake(self, brands: frozenset[str | None]) -> None:
        for listener in self._listeners:
            if listener.brand is None or listener.brand in brands:
                listener.woken.set()
