"""Callers who take too long are told so and cut off; those in time notice nothing."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from time import monotonic, sleep

import pytest
import uvicorn

from tests.api.asking import PARCEL, check_shape
from triage.api import bounded
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

HEADER_S, BODY_S = 0.6, 0.9
IDLE_S = 2
BODY = json.dumps({"text": PARCEL}).encode()
HEAD = b"POST /v1/classify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


class Hurried(bounded.BoundedProtocol):
    """Waits for less than a second."""

    header_s, body_s = HEADER_S, BODY_S


@dataclass
class Line:
    """A connection spoken by hand."""

    socket: socket.socket

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def read(self) -> tuple[int, dict[str, object]]:
        """Read one response."""
        stream = self.socket.makefile("rb")
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        return status, json.loads(stream.read(int(headers[b"content-length"])))

    def ends(self, within_s: float = 5.0) -> float:
        """Wait for the server to close; return the seconds it took."""
        begun = monotonic()
        self.socket.settimeout(within_s)
        try:
            while self.socket.recv(65_536):
                pass
        except ConnectionResetError:
            pass
        return monotonic() - begun


@pytest.fixture
def port(served: Settings) -> Iterator[int]:
    """Serve with short bounds."""
    service = Service.open(served, Telemetry("error"))
    config = uvicorn.Config(
        create_app(service),
        port=0,
        log_level="critical",
        http=Hurried,
        timeout_keep_alive=IDLE_S,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def line(port: int) -> Iterator[Line]:
    """Connect."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as opened:
        yield Line(opened)


@pytest.mark.parametrize("pieces", [1, 2])
def test_idle_connection_ends_though_its_answer_came_before_the_body(
    port: int, pieces: int
) -> None:
    """What is refused before it is read leaves no connection open for ever."""
    request = HEAD.replace(b"application/json", b"text/plain") + b"content-length: 4\r\n\r\n{}  "
    with socket.create_connection(("127.0.0.1", port), timeout=5) as opened:
        line = Line(opened)
        line.send(request if pieces == 1 else request[:-4])
        status, _ = line.read()
        if pieces > 1:
            line.send(request[-4:])

        assert status == 415
        assert IDLE_S / 2 < line.ends() < IDLE_S + 2


def whole() -> bytes:
    """Write a request that is answered."""
    return HEAD + f"content-length: {len(BODY)}\r\n\r\n".encode() + BODY


@pytest.mark.parametrize("begin", [b"", b"\r\n", b"POST /v1/cl", HEAD])
def test_headers_that_do_not_end_are_refused(line: Line, begin: bytes) -> None:
    """408 in the one shape, whether nothing, line ends or half a request came; then the end."""
    begun = monotonic()
    line.send(begin)
    status, problem = line.read()
    waited = monotonic() - begun
    check_shape(problem)

    assert (status, problem["code"]) == (408, "request_timeout")
    assert HEADER_S * 0.8 < waited < HEADER_S + 2
    assert line.ends() < 1


def test_trickled_headers_gain_no_time(line: Line) -> None:
    """The bound is on the whole, not on the pause between two bytes."""
    begun = monotonic()
    with suppress(OSError):
        while monotonic() < begun + 5:
            line.send(b"x")
            sleep(0.1)

    assert monotonic() - begun < HEADER_S + 2


def test_body_that_does_not_end_is_refused(line: Line) -> None:
    """408 names the request as its log line does."""
    line.send(HEAD + b"content-length: 100\r\n\r\n{")
    status, problem = line.read()
    check_shape(problem)

    assert (status, problem["code"]) == (408, "request_timeout")
    assert str(problem["instance"]).startswith("urn:uuid:")
    assert line.ends() < 1


def test_body_of_an_answered_request_is_waited_for_no_longer(line: Line) -> None:
    """A route that reads no body answers at once; its body must end in time all the same."""
    line.send(HEAD.replace(b"classify", b"nothing") + b"content-length: 100\r\n\r\n{")

    assert line.read()[0] == 404
    assert line.ends() < BODY_S + 2


def test_body_that_nobody_wants_is_not_read_on(line: Line) -> None:
    """Beyond 64 kB after the answer the caller is cut off; a short rest costs no connection."""
    refused = HEAD.replace(b"json", b"xml") + b"content-length: 3\r\n\r\n"
    line.send(refused)
    assert line.read()[0] == 415
    line.send(b"<a>" + whole())
    assert line.read()[0] == 200

    line.send(HEAD + b"content-length: 50000000\r\n\r\n")
    assert line.read()[0] == 413
    sent = 0
    with suppress(OSError):
        while sent < 50_000_000:
            line.send(b"x" * 65_536)
            sent += 65_536

    assert sent < 40_000_000  # of which the kernel's buffers take most


def test_requests_in_time_share_a_connection(line: Line) -> None:
    """Pieces, pauses between requests, and two requests at once are all answered."""
    for _ in range(2):
        line.send(HEAD)
        sleep(HEADER_S / 2)
        line.send(f"content-length: {len(BODY)}\r\n\r\n".encode() + BODY[:5])
        sleep(BODY_S / 2)
        line.send(BODY[5:])
        assert line.read()[0] == 200
        sleep(HEADER_S * 1.5)
    line.send(whole())
    assert line.read()[0] == 200
    line.send(whole() + HEAD)
    assert line.read()[0] == 200
    assert line.read()[0] == 408


def test_what_is_no_http_is_refused_in_the_one_shape(line: Line) -> None:
    """400 as a problem, as everywhere else."""
    line.send(b"\x16\x03\x01 hello\r\n\r\n")
    status, problem = line.read()
    check_shape(problem)

    assert (status, problem["code"]) == (400, "bad_request")
