"""Ask at a fixed rate, whether answers come or not: what a server meets when it is overrun.

A client that waits for an answer before it asks again slows down with the server, and one that is
refused at once asks faster; neither is a flood of customers. Here each request has its moment, and
its time runs from that moment, so a late client counts against the server and not for it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.benchmarks.serving.children import HOST

OK, REFUSED = 200, 503
MOST_OPEN = 1000
"""Connections kept at most; a request that finds none free waits, on the clock."""
DRAIN_S = 15.0


@dataclass(slots=True)
class Tally:
    """Times to the answers of each status, in seconds, and what got none."""

    times: dict[int, list[float]] = field(default_factory=dict)
    lost: int = 0
    late: list[float] = field(default_factory=list)

    def add(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.times.setdefault(status, []).append(seconds)


def summarise(tally: Tally, seconds: float) -> dict[str, float | None]:
    """Tell shares, percentiles in ms, and how late the client itself was."""
    served, refused = tally.times.get(OK, []), tally.times.get(REFUSED, [])
    answered = sum(map(len, tally.times.values()))
    asked = answered + tally.lost
    return {
        "asked": asked,
        "asked_per_s": asked / seconds,
        "served": len(served),
        "refused": len(refused),
        "other": answered - len(served) - len(refused),
        "lost": tally.lost,
        "refused_share": len(refused) / asked if asked else 0.0,
        "refused_p50_ms": percentile(refused, 50),
        "refused_p99_ms": percentile(refused, 99),
        "served_p50_ms": percentile(served, 50),
        "served_p99_ms": percentile(served, 99),
        "client_late_p99_ms": percentile(tally.late, 99),
    }


def percentile(values: Sequence[float], share: int) -> float | None:
    """Return a percentile by nearest rank, in ms."""
    if not values:
        return None
    rank = max(1, -(-len(values) * share // 100))
    return sorted(values)[rank - 1] * 1000


class Answer(asyncio.Protocol):
    """One connection that is kept open; it has one request under way at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[int] | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """Send a request; the future gives the status of its answer."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._buffer.clear()
        if self._transport and self.open:
            self._transport.write(request)
        else:
            self._waiting.set_exception(ConnectionError("closed"))
        return self._waiting

    def data_received(self, data: bytes) -> None:
        """Collect an answer until it is whole."""
        self._buffer += data
        status = whole(self._buffer)
        if status and self._waiting and not self._waiting.done():
            self._waiting.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the request under way fail."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionError("closed"))

    @property
    def open(self) -> bool:
        """Tell whether it can still be used."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close the connection."""
        if self._transport:
            self._transport.close()


def whole(buffer: bytes | bytearray) -> int:
    """Return the status of an answer once all of it is there, else 0."""
    head, found, body = bytes(buffer).partition(b"\r\n\r\n")
    if not found:
        return 0
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return int(head.split(b" ", 2)[1]) if len(body) >= length else 0


def flood(port: int, path: str, bodies: Sequence[str], rate: float, seconds: float) -> Tally:
    """Ask so many times a second for so long, and wait for the answers."""
    requests = [_request(port, path, body.encode()) for body in bodies]
    return asyncio.run(_flood(port, requests, rate, seconds))


async def _flood(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Tally:
    tally, free, room = Tally(), list[Answer](), asyncio.Semaphore(MOST_OPEN)
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def one(due: float, request: bytes) -> None:
        async with room:
            try:
                answer = _usable(free) or (await loop.create_connection(Answer, HOST, port))[1]
                status = await asyncio.wait_for(answer.ask(request), seconds + DRAIN_S)
            except (OSError, TimeoutError):
                tally.lost += 1
                return
            tally.add(status, time.perf_counter() - due)
            free.append(answer)

    begun = time.perf_counter()
    for number in range(round(rate * seconds)):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tally.late.append(time.perf_counter() - due)
        task = asyncio.create_task(one(due, requests[number % len(requests)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks)
    for answer in free:
        answer.close()
    return tally


def _usable(free: list[Answer]) -> Answer | None:
    """Take a connection that the server has not closed for being idle."""
    while free:
        answer = free.pop()
        if answer.open:
            return answer
    return None


def _request(port: int, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
