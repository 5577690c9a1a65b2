"""A real server process over a checkout, and how it is asked."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

START_S = 60.0
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: also whether the server wants to close the connection, or to be asked later."""

    status: int
    body: Any
    closing: bool
    retry_after: str = ""


class Asker:
    """One connection that is kept, and opened anew when the server asked for it."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def get(self, path: str) -> Reply:
        """Get a path."""
        self.connection.request("GET", path)
        return self._read()

    def post(self, path: str, **fields: object) -> Reply:
        """Send a JSON object."""
        return self.write(path, fields)

    def write(self, path: str, fields: Mapping[str, object], key: str = "") -> Reply:
        """Send a JSON object, with a key that lets it be written once."""
        headers = {"content-type": "application/json", **({"idempotency-key": key} if key else {})}
        self.connection.request("POST", path, json.dumps(fields), headers)
        return self._read()

    def _read(self) -> Reply:
        response = self.connection.getresponse()
        body = json.loads(response.read())
        later = response.getheader("retry-after", "")
        return Reply(response.status, body, response.getheader("connection") == "close", later)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    begun: float

    def ask(self) -> Asker:
        """Open a connection."""
        return Asker(self.port)

    def end(self) -> tuple[int, float]:
        """Ask it to stop; return its exit code and the seconds that it took."""
        begun = monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S), monotonic() - begun


@contextmanager
def serving(
    checkout: Path, home: Path, *, within: Sequence[str] = (), **settings: object
) -> Iterator[Server]:
    """Run ``triage serve`` over a checkout until the block ends.

    Args:
        checkout: With ``models`` and ``data``.
        home: Its store and its log.
        within: Command that runs the command behind it, such as ``unshare``.
        settings: By name.
    """
    home.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), home / "server.log"
    chosen = {
        "home": home,
        "models": checkout / "models",
        "data": checkout / "data",
        "profile": "tiny",
        "port": port,
        **settings,
    }
    given = {f"TRIAGE_{name.upper()}": str(value) for name, value in chosen.items()}
    command = [*within, sys.executable, "-c", "from triage.cli import main; main()", "serve"]
    begun = monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=stream, stderr=stream, env={**os.environ, **given}
        )
    server = Server(process, port, log, begun)
    try:
        _await(server)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _await(server: Server) -> None:
    end = monotonic() + START_S
    while monotonic() < end and server.process.poll() is None:
        try:
            with server.ask() as asker:
                if asker.get("/readyz").status == 200:
                    return
        except OSError:
            sleep(0.05)
    raise RuntimeError(server.log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
