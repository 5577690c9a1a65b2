"""Callers who send a byte at a time are cut off, and others hardly notice them."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from tests.faults.figures import bore, chosen, quantile
from tests.faults.load import Took, labelling, steadily
from tests.serving import Server, serving
from triage.api.bounded import BODY_S, HEADER_S

pytestmark = pytest.mark.faults

RATE = 50.0
TRIES = 3
QUIET_S = 0.05
"""A p99 below this is no harm, whatever it was before; a busy machine alone doubles a few ms."""
_LINE = b"POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
BEGUN = (_LINE + b"x-", _LINE + b"content-length: 1000\r\n\r\n")
"""Half of them never end their headers, half their body."""


class Drip:
    """Connections that send a byte a second, until the server ends them.

    Args:
        server: Where to.
        count: How many.
    """

    def __init__(self, server: Server, count: int) -> None:
        self.lasted: list[float] = []
        self._stop = Event()
        self._open = selectors.DefaultSelector()
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            one.sendall(BEGUN[number % 2])
            one.setblocking(False)
            self._open.register(one, selectors.EVENT_READ, monotonic())
        self._thread = Thread(target=self._run)
        self._thread.start()

    @property
    def left(self) -> int:
        """How many are still connected."""
        return len(self._open.get_map())

    def close(self) -> None:
        """Stop, and end those that the server did not."""
        self._stop.set()
        self._thread.join()
        for key in list(self._open.get_map().values()):
            self._end(key)

    def _run(self) -> None:
        while not self._stop.is_set() and self.left:
            for key, _ in self._open.select(0.0):
                self._end(key)
            for key in list(self._open.get_map().values()):
                try:
                    key.fileobj.send(b"x")  # type: ignore[union-attr] # a socket
                except OSError:
                    self._end(key)
            self._stop.wait(1.0)

    def _end(self, key: selectors.SelectorKey) -> None:
        self.lasted.append(monotonic() - key.data)
        self._open.unregister(key.fileobj)
        key.fileobj.close()  # type: ignore[union-attr] # a socket


@contextmanager
def dripping(server: Server, count: int) -> Iterator[Drip]:
    """Keep slow connections open until the block ends."""
    drip = Drip(server, count)
    try:
        yield drip
    finally:
        drip.close()


def measured(server: Server, count: int, seconds: float) -> tuple[list[Took], list[Took]]:
    """Have messages labelled alone, and beside slow connections."""
    alone, beside = list[Took](), list[Took]()
    with steadily(server, labelling(alone), RATE):
        sleep(seconds)
    with dripping(server, count), steadily(server, labelling(beside), RATE):
        sleep(seconds)
    return alone, beside


def test_slow_callers_cost_others_little(checkout: Path, tmp_path: Path) -> None:
    """Headers have 10 seconds, bodies 15; meanwhile others are answered about as fast.

    What the slow ones cost shows every time; what the machine is busy with does not.
    """
    count, alone, slow, failed = chosen(50, 500), 0.0, 1.0, 0
    with serving(checkout, tmp_path / "home", drain_pause_s=0) as server:
        with steadily(server, labelling([]), RATE):
            sleep(1.0)
        for _ in range(TRIES):
            took = measured(server, count, chosen(2, 6))
            alone, slow = (quantile([one.seconds for one in part], 0.99) for part in took)
            failed += sum(one.reply.status != 200 for one in took[1])
            if slow < max(2 * alone, QUIET_S):
                break
        with dripping(server, count) as drip:
            end = monotonic() + BODY_S + 5
            while drip.left and monotonic() < end:
                sleep(0.1)
            left, last = drip.left, max(drip.lasted, default=0.0)

    bore(
        "slow clients",
        f"{count} connections of a byte a second, {RATE:.0f} messages/s beside them",
        f"cut off after {HEADER_S:.0f} s (headers) and {BODY_S:.0f} s (bodies), others answered, "
        f"p99 < 2x or < {1000 * QUIET_S:.0f} ms",
        f"{left} left, last cut off after {last:.1f} s, {failed} others failed, p99 "
        f"{1000 * slow:.0f} ms for {1000 * alone:.0f} ms",
        passed=not left and last < BODY_S + 3 and not failed and slow < max(2 * alone, QUIET_S),
    )
