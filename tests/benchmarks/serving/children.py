"""Start servers, wait for their first answer, and end them: these processes and no others."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.benchmarks.serving.machine import cpu_seconds, pinned, tree
from triage.settings import CHECKOUT

HOST = "127.0.0.1"
START_S, STOP_S, ANSWER_S = 600.0, 25.0, 60.0
"""Longest waits for a first answer, for an end, and for one answer, in seconds."""
POLL_S, STILL_S, SETTLE_S = 0.01, 0.25, 30.0
STILL_SHARE = 0.04
"""Share of a processor below which a server counts as idle."""
TAIL = 15
OK = 200


class NotMeasuredError(Exception):
    """Something cannot be measured here; the message says why."""


class Child:
    """A server of ours or of others, in a process tree of its own.

    Args:
        command: What to run, without a shell.
        env: The whole environment.
        port: Where it will listen.
        cores: Processors it may use.
        log: File of what it prints.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        port: int,
        cores: tuple[int, ...],
        log: Path,
    ) -> None:
        self.port, self.log = port, log
        with log.open("wb") as stream, pinned(cores):
            self.begun = time.perf_counter()
            self.process = subprocess.Popen(  # noqa: S603 - the commands of this benchmark
                command, env=env, cwd=CHECKOUT, stdout=stream, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Root of the process tree."""
        return self.process.pid

    def first_answer(self, path: str, body: object) -> float:
        """Wait for the first answer with 200; return the seconds since the start.

        Raises:
            NotMeasuredError: When the server ends or takes too long.
        """
        while time.perf_counter() - self.begun < START_S:
            if self.process.poll() is not None:
                raise NotMeasuredError(f"ended with {self.process.returncode}: {self._tail()}")
            with suppress(OSError, HTTPException):
                if ask(self.port, path, body)[0] == OK:
                    return time.perf_counter() - self.begun
            time.sleep(POLL_S)
        raise NotMeasuredError(f"no answer within {START_S:.0f} s: {self._tail()}")

    def settle(self) -> None:
        """Wait until what was asked before is worked off, so that the next figure is free of it."""
        end = time.perf_counter() + SETTLE_S
        before = cpu_seconds(self.pid)
        while time.perf_counter() < end:
            time.sleep(STILL_S)
            now = cpu_seconds(self.pid)
            if now - before <= STILL_S * STILL_SHARE:
                return
            before = now

    def stop(self) -> None:
        """Ask the server to end; after a while end it and what it started."""
        known = [one.pid for one in tree(self.pid)]
        if self.process.poll() is None:
            self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_S)
        left = {one.pid for one in tree(self.pid)} | {pid for pid in known if _same(pid, self.pid)}
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP_S)

    def _tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(line.strip() for line in lines[-TAIL:] if line.strip())


@contextmanager
def running(
    command: Sequence[str],
    env: Mapping[str, str],
    port: int,
    cores: tuple[int, ...],
    log: Path,
) -> Iterator[Child]:
    """Keep a server while it is needed."""
    child = Child(command, env, port, cores, log)
    try:
        yield child
    finally:
        child.stop()


def ask(port: int, path: str, body: object) -> tuple[int, bytes]:
    """Post a body on a connection of its own; return status and answer."""
    connection = HTTPConnection(HOST, port, timeout=ANSWER_S)
    try:
        content = json.dumps(body).encode()
        connection.request("POST", path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _same(pid: int, session: int) -> bool:
    """Tell whether a process still belongs to the session that a server began."""
    with suppress(OSError):
        return os.getsid(pid) == session
    return False
