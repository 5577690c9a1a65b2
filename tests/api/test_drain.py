"""A server that is told to stop loses no request, no journal row, and no time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from sqlite3 import connect
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn

from tests.api.asking import PARCEL
from tests.faults.figures import bore, chosen
from tests.serving import Asker, Reply, serving
from triage.api.app import create_app
from triage.api.server import DrainingServer
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

ASKERS, RATE = 8, 200


def ask_while(ready: Event, server_port: int, replies: list[Reply]) -> None:
    """Ask at a steady rate as long as the balancer says that the server is ready."""
    due = monotonic()
    with Asker(server_port) as asker:
        while ready.is_set():
            replies.append(asker.post("/v1/classify", text=PARCEL, suggestions=1))
            due += ASKERS / RATE
            sleep(max(0.0, due - monotonic()))


def ask_slowly(port: int) -> Reply:
    """Ask once, for what a thread works on: the signal must find the event loop free."""
    with Asker(port) as asker:
        return asker.post("/v1/classify", text=PARCEL, explain=True)


@dataclass(frozen=True, slots=True)
class Stop:
    """What came of one SIGTERM."""

    replies: list[Reply]
    meanwhile: int
    rows: int
    probe: Reply
    alive: Reply
    noticed_s: float
    code: int
    seconds: float
    log: str


def stop_under_load(checkout: Path, home: Path) -> Stop:
    """Serve a load, and end the server in the middle of it."""
    ready, replies = Event(), list[Reply]()
    ready.set()
    with (
        serving(checkout, home, drain_pause_s=2) as server,
        ThreadPoolExecutor(ASKERS + 1) as pool,
        server.ask() as balancer,
    ):
        asking = [pool.submit(ask_while, ready, server.port, replies) for _ in range(ASKERS)]
        sleep(1.0)
        ended = pool.submit(server.end)
        told = monotonic()
        while (probe := balancer.get("/readyz")).status == 200 and monotonic() < told + 5:
            sleep(0.02)
        noticed = monotonic() - told
        alive, before = balancer.get("/livez"), len(replies)
        sleep(0.3)
        ready.clear()
        for one in asking:
            one.result()
        code, seconds = ended.result()
        log, meanwhile = server.log.read_text(), len(replies) - before
    with connect(home / "triage.db") as store:
        (rows,) = store.execute("SELECT count(*) FROM decisions").fetchone()
    return Stop(replies, meanwhile, rows, probe, alive, noticed, code, seconds, log)


@pytest.mark.faults
def test_sigterm_under_load_drops_nothing(checkout: Path, tmp_path: Path) -> None:
    """Readiness turns at once, all asked meanwhile is answered and recorded, and it ends with 0."""
    stops = [stop_under_load(checkout, tmp_path / str(n)) for n in range(chosen(1, 20))]
    for stop in stops:
        assert stop.probe.body["code"] == "overloaded"
        assert stop.alive.status == 200
        assert stop.meanwhile > 0
        assert any(reply.closing for reply in stop.replies)
        assert not stop.replies[0].closing
        assert '"event": "draining"' in stop.log
    asked = sum(len(stop.replies) for stop in stops)
    failed = sum(reply.status != 200 for stop in stops for reply in stop.replies)
    unrecorded = sum(len(stop.replies) - stop.rows for stop in stops)
    noticed, seconds = max(one.noticed_s for one in stops), max(one.seconds for one in stops)

    bore(
        "SIGTERM under load",
        f"{len(stops)} times at {RATE} messages/s",
        "all answered and recorded, not ready within 1 s, ended with 0 within 25 s",
        f"{failed} of {asked} failed, {unrecorded} unrecorded, not ready after {noticed:.2f} s, "
        f"ended in {seconds:.1f} s with {sorted({stop.code for stop in stops})}",
        passed=not failed
        and not unrecorded
        and noticed < 1
        and seconds < 25
        and all((stop.code, stop.probe.status) == (0, 503) for stop in stops),
    )


class Gate:
    """Holds the first message back until it is opened."""

    def __init__(self, identify: Callable[..., Any]) -> None:
        self.identify_ = identify
        self.entered, self.opened = Event(), Event()

    def identify(self, *given: object) -> object:
        """Wait, then identify."""
        self.entered.set()
        assert self.opened.wait(20)
        return self.identify_(*given)


@pytest.fixture
def service(served: Settings) -> Service:
    """Open a service that pauses for half a second."""
    settings = served.model_copy(update={"drain_pause_s": 0.5})
    return Service.open(settings, Telemetry("error"))


def started(service: Service) -> tuple[DrainingServer, Thread, int]:
    """Run a draining server in a thread, which signals do not reach."""
    config = uvicorn.Config(create_app(service), port=0, log_level="critical")
    server = DrainingServer(config, service, service.settings.drain_pause_s)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        sleep(0.01)
    return server, thread, int(server.servers[0].sockets[0].getsockname()[1])


@pytest.mark.parametrize("sig", [SIGTERM, SIGINT])
def test_request_in_progress_is_finished(service: Service, sig: int) -> None:
    """A request that takes longer than the pause is answered; ^C leaves the pause out."""
    gate = Gate(service.pipeline.identifier.identify)
    service.pipeline.identifier = gate  # type: ignore[assignment] # it identifies as well
    server, thread, port = started(service)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask_slowly, port)
        assert gate.entered.wait(10)
        begun = monotonic()
        server.handle_exit(sig, None)
        ready = service.readiness()
        while server.servers[0].is_serving() and monotonic() < begun + 10:
            sleep(0.01)
        closed = monotonic() - begun
        assert not slow.done()
        gate.opened.set()
        reply = slow.result()
    thread.join(20)

    assert not thread.is_alive()
    assert not ready.serving
    assert reply.status == 200
    assert (closed >= 0.5) == (sig == SIGTERM)


def test_second_signal_ends_the_pause(served: Settings) -> None:
    """Whoever asks twice does not want to wait."""
    settings = served.model_copy(update={"drain_pause_s": 10.0})
    service = Service.open(settings, Telemetry("error"))
    server, thread, _ = started(service)
    begun = monotonic()
    server.handle_exit(SIGTERM, None)
    sleep(0.3)
    assert thread.is_alive()
    server.handle_exit(SIGTERM, None)
    thread.join(20)

    assert not thread.is_alive()
    assert monotonic() - begun < 8
