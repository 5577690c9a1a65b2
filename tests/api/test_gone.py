"""Whether a caller is still there is known without waiting."""

import asyncio
import socket
from threading import Event, Thread
from time import sleep
from typing import Any

import uvicorn
from starlette.requests import Request

from triage.api.bounded import BoundedProtocol
from triage.api.deps import get_turns
from triage.api.turns import Turns
from triage.telemetry import Metrics

STARTED_S, LEFT_S = 10.0, 5.0


class App:
    """Looks at its caller until that one is gone."""

    def __init__(self) -> None:
        self.seen, self.left = Event(), Event()
        self.state = self
        self.turns = Turns(1, 8, 1.0, Metrics())

    async def __call__(self, scope: Any, receive: Any, _send: Any) -> None:  # noqa: ANN401 - ASGI
        """Handle a request."""
        if scope["type"] != "http":
            return
        scope["app"] = self
        gone = (await get_turns(Request(scope, receive))).gone
        assert gone is not None
        if not gone():
            self.seen.set()
        while not gone():  # noqa: ASYNC110 - nobody sets an event then
            await asyncio.sleep(0.01)
        self.left.set()


def test_caller_who_hangs_up_is_known_to_be_gone() -> None:
    """A real server tells so from the moment that the connection ends."""
    app = App()
    config = uvicorn.Config(app, port=0, log_level="critical", http=BoundedProtocol, lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            sleep(0.01)
        address = server.servers[0].sockets[0].getsockname()
        with socket.create_connection(address[:2]) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")

            assert app.seen.wait(STARTED_S)
            assert not app.left.is_set()

        assert app.left.wait(LEFT_S)
    finally:
        server.should_exit = True
        thread.join(STARTED_S)


def test_other_servers_cannot_tell() -> None:
    """Without our protocol nobody is taken for gone."""
    app = App()
    scope = {"type": "http", "app": app, "headers": []}
    turn = asyncio.run(get_turns(Request(scope)))

    assert turn.gone is None
