"""Agents who send feedback, and desks that send messages, at a steady rate over real sockets."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Event
from time import monotonic, sleep
from uuid import uuid4

from tests.api.asking import PARCEL
from tests.serving import Asker, Reply, Server

LOST = (OSError, HTTPException, ValueError)
"""What a connection that is cut in the middle leads to."""


@dataclass(frozen=True, slots=True)
class Took:
    """A reply, and when and how long it was waited for, in seconds."""

    reply: Reply
    at: float
    seconds: float


@dataclass
class Ledger:
    """What was asked to be written, by key, and the receipts that came back."""

    decisions: list[str] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    took: list[Took] = field(default_factory=list)

    def decide(self, server: Server, count: int = 20) -> None:
        """Have messages labelled that feedback can be about."""
        with server.ask() as asker:
            for _ in range(count):
                self.decisions.append(asker.post("/v1/classify", text=PARCEL).body["id"])

    def add(self, asker: Asker, key: str = "") -> None:
        """Send feedback under a new key, or once more under an old one."""
        if not key:
            key = uuid4().hex
            self.asked[key] = self.decisions[len(self.asked) % len(self.decisions)]
        begun = monotonic()
        given = {"id": self.asked[key], "labels": {"category": "service"}}
        reply = asker.write("/v1/feedback", given, key)
        self.took.append(Took(reply, begun, monotonic() - begun))
        if reply.status == 202:
            receipt = str(reply.body["receipt"])
            assert self.receipts.setdefault(key, receipt) == receipt

    def unanswered(self) -> list[str]:
        """List the keys that no receipt has come for."""
        return [key for key in list(self.asked) if key not in self.receipts]


def labelling(took: list[Took]) -> Callable[[Asker], None]:
    """Return what sends one message and keeps its reply."""

    def ask(asker: Asker) -> None:
        begun = monotonic()
        reply = asker.post("/v1/classify", text=PARCEL)
        took.append(Took(reply, begun, monotonic() - begun))

    return ask


@contextmanager
def steadily(
    server: Server, send: Callable[[Asker], None], rate: float, hands: int = 4
) -> Iterator[None]:
    """Have something sent at a rate by several hands until the block ends.

    A hand whose connection is cut stops when the server is gone, else connects anew.
    """
    stop = Event()

    def work() -> None:
        due = monotonic()
        while not stop.is_set() and server.process.poll() is None:
            try:
                with server.ask() as asker:
                    while not stop.is_set():
                        send(asker)
                        due += hands / rate
                        sleep(max(0.0, due - monotonic()))
            except LOST:
                sleep(0.01)

    with ThreadPoolExecutor(hands) as pool:
        running = [pool.submit(work) for _ in range(hands)]
        try:
            yield
        finally:
            stop.set()
        for one in running:
            one.result()
