"""One way for all writes: through the one writer, at most once where the attempt has a name."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from triage.storage.idempotency import Attempt, InFlight, Reply, once
from triage.storage.store import Store
from triage.storage.work import Writer, done

OK, ACCEPTED = 200, 202


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a write, and what names the attempt; a brand of None is every brand.

    ``name`` is that of the key, for the versions of articles.
    """

    brand: str | None = None
    attempt: Attempt | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Where writes are handed in.

    Args:
        store: The open store.
        writer: Its one writer.
        in_flight: Attempts that are worked on.
    """

    store: Store
    writer: Writer
    in_flight: InFlight

    def once(self, asker: Asker, write: Callable[[Connection], Reply]) -> Reply:
        """Write durably, or give the answer that the attempt got before.

        Raises:
            KeyReusedError: When the key came with another request.
            StoreError: When it cannot be written.
            TriageError: What the write raises; then nothing is written.
        """
        return done(self.writer, lambda connection: once(connection, asker.attempt, write))
