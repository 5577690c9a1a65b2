"""One server process per SQLite file; command lines may still open it for short writes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from triage.errors import StoreError


@contextmanager
def only_server(url: str) -> Iterator[None]:
    """Hold the right to serve a store; other databases than SQLite take any number of servers.

    Raises:
        StoreError: When another server holds it, or its folder cannot be written.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield
        return
    path = Path(f"{parsed.database}.lock")
    descriptor = _locked(path, parsed.database)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path, database: str) -> int:
    """Open and lock a file; the lock goes with the descriptor."""
    descriptor = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if descriptor is not None:
            os.close(descriptor)
        raise _refusal(path, database, error) from error
    return descriptor


def _refusal(path: Path, database: str, error: OSError) -> StoreError:
    if isinstance(error, BlockingIOError):
        return StoreError(
            f"Another server serves the store {database} already.",
            fix="Stop it, set another TRIAGE_HOME, or use PostgreSQL for several servers.",
            field="TRIAGE_HOME",
        )
    return StoreError(
        f"The lock {path} of the store cannot be made: {error.strerror}.",
        fix="Point TRIAGE_HOME to a folder that may be written.",
        field="TRIAGE_HOME",
    )
