"""Open pages hear of news, and cost little."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from triage.console.live import Heads, Hub, News
from triage.errors import OverloadedError, StoreError

FAST_S = 0.01


class Rows:
    """A store whose rows a test adds; it counts how often it is asked."""

    def __init__(self) -> None:
        self.heads: Heads = (0, 0)
        self.brands: frozenset[str | None] = frozenset()
        self.asked = 0
        self.broken = False

    async def look(self, since: Heads | None) -> News:
        """Tell the newest numbers."""
        del since
        self.asked += 1
        if self.broken:
            raise StoreError("The store is gone.")
        return self.heads, self.brands

    def add(self, brand: str | None = None) -> None:
        """Add a decision."""
        self.heads, self.brands = (self.heads[0] + 1, self.heads[1]), frozenset({brand})


async def news(stream: AsyncIterator[bytes]) -> bytes:
    """Wait for the next news of a stream, past its signs of life."""
    async for event in stream:
        if b"event: news" in event:
            return event
    return b""


def hub(rows: Rows, stopping: list[bool] | None = None, **given: float) -> Hub:
    """Open a hub that looks often."""
    mark = stopping if stopping is not None else []
    return Hub(rows.look, lambda: bool(mark), every_s=FAST_S, **given)  # type: ignore[arg-type] # numbers


async def begun(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Take the greeting of a stream and wait until the store was looked at once."""
    assert b"retry:" in await anext(stream)
    await asyncio.sleep(5 * FAST_S)
    return stream


def test_one_look_serves_all_pages() -> None:
    """Many streams ask the store no more often than one."""

    async def run() -> None:
        rows = Rows()
        one = hub(rows)
        streams = [await begun(one.listen(None)) for _ in range(20)]
        before, rounds = rows.asked, 10
        await asyncio.sleep(rounds * FAST_S)
        assert rows.asked - before <= rounds + 2
        rows.add()
        assert all(await asyncio.gather(*(news(stream) for stream in streams)))
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined] # it is a generator
        assert one.listening == 0
        quiet = rows.asked
        await asyncio.sleep(5 * FAST_S)
        assert rows.asked <= quiet + 1

    asyncio.run(run())


def test_a_brand_hears_of_its_own_rows_alone() -> None:
    """That another brand was written to is not told."""

    async def run() -> None:
        rows = Rows()
        one = hub(rows)
        mine = await begun(one.listen("kvistholm"))
        rows.add("nordlys")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(news(mine), 10 * FAST_S)

        rows = Rows()
        mine = await begun(hub(rows).listen("kvistholm"))
        rows.add("kvistholm")
        assert await news(mine)

    asyncio.run(run())


def test_streams_are_bounded_and_end() -> None:
    """One too many is refused; each ends after its life, and all when the server stops."""

    async def run() -> None:
        rows = Rows()
        stopping: list[bool] = []
        small = hub(rows, most=2)
        streams = [await begun(small.listen(None)) for _ in range(2)]
        with pytest.raises(OverloadedError):
            small.listen(None)
        assert [event async for event in hub(rows, life_s=0).listen(None)]
        last = hub(rows, stopping)
        stream = await begun(last.listen(None))
        stopping.append(True)
        assert await asyncio.wait_for(news(stream), 3) == b""
        with pytest.raises(OverloadedError):
            last.listen(None)
        for one in streams:
            await one.aclose()  # type: ignore[attr-defined] # it is a generator

    asyncio.run(run())


def test_a_store_that_fails_has_no_news() -> None:
    """Streams live on, and hear of what came meanwhile when it is back."""

    async def run() -> None:
        rows = Rows()
        stream = await begun(hub(rows).listen(None))
        rows.broken = True
        await asyncio.sleep(3 * FAST_S)
        rows.add()
        rows.broken = False
        assert await news(stream)

    asyncio.run(run())


def test_a_stream_nobody_reads_is_not_counted() -> None:
    """A caller that is gone before the first byte leaves nothing behind."""

    async def run() -> None:
        one = hub(Rows())
        one.listen(None)
        assert one.listening == 0

    asyncio.run(run())


def test_streams_that_begin_together_are_bounded_too() -> None:
    """Many that asked before the first of them was read are no more than are allowed."""

    async def run() -> int:
        small = hub(Rows(), most=2)
        streams = [small.listen(None) for _ in range(6)]
        for stream in streams:
            await anext(stream, b"")
        found = small.listening
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined] # it is a generator
        return found

    assert asyncio.run(run()) == 2
