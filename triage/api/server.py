"""Run the app, and stop it so that nobody who asks notices.

At SIGTERM ``/readyz`` answers 503 at once while requests are answered as before, so that a balancer
can look and send them elsewhere; after the pause the socket closes, what runs is finished, the
journal is written, and the process ends with exit code 0.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGINT
from time import monotonic
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from triage.api.bounded import BoundedProtocol
from triage.memory import settle
from triage.service import Service
from triage.settings import DRAINED_S

KEEP_ALIVE_S = 30
"""How long an idle connection is kept."""
JOURNAL_S = 4.0
"""Kept for the journal and the threads behind it."""
STOP_S = DRAINED_S + JOURNAL_S
"""Longest time from SIGTERM to the end of the process, the pause included."""


class DrainingServer(uvicorn.Server):
    """A server that tells before it stops.

    Args:
        config: Of uvicorn.
        service: What is told.
        pause_s: Time between not being ready and taking no more requests, in seconds.
    """

    def __init__(self, config: uvicorn.Config, service: Service, pause_s: float) -> None:
        super().__init__(config)
        self._service = service
        self._pause_s = pause_s
        self._stop_at: float | None = None
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second signal, or ^C on a terminal, ends the pause.

        A signal may come while a log line is written, so nothing is logged here.
        """
        if self._stop_at is None and sig != SIGINT:
            self._stop_at = monotonic() + self._pause_s
            self._service.drain(monotonic() + STOP_S)
            return
        self._stop_at = monotonic()
        self._service.drain(monotonic() + STOP_S - self._pause_s)
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Tell whether it is time to stop."""
        if self._stop_at is not None:
            if not self._told:
                self._told = True
                self._service.telemetry.log.info("draining", seconds=self._pause_s)
            if monotonic() >= self._stop_at:
                self.should_exit = True
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Keep a signal that was obeyed from ending the process once more, with its exit code."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def run(app: FastAPI, service: Service) -> None:
    """Serve an app until the process is told to stop."""
    settings = service.settings
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=BoundedProtocol,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(DRAINED_S - settings.drain_pause_s),
    )
    server = DrainingServer(config, service, settings.drain_pause_s)
    settle()
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
