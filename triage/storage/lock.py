"""One server process per SQLite file; command lines may still open it for short writes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from triage.errors import StoreError


@contextmanager
def only_server(url: str) -> Iterator[None]:
    """Hold the right to serve a store; other databases than SQLite take any number of servers.

    Raises:
        StoreError: When another server holds it.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield
        return
    path = Path(f"{parsed.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"Another server serves the store {parsed.database} already.",
                fix="Stop it, set another TRIAGE_HOME, or use PostgreSQL for several servers.",
                field="TRIAGE_HOME",
            ) from error
        yield
