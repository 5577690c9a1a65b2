"""How long requesters wait for an answer, measured from the journal while the service runs."""

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from threading import Event, Lock, Thread

from sqlalchemy import Engine, select

from triage.domain import Waiting
from triage.errors import StoreError
from triage.storage.engine import transaction
from triage.storage.tables import decisions, feedback

WINDOW = timedelta(hours=2)
"""How far back sent replies are looked at."""
LEAST = 20
"""Fewest replies that a waiting time is told from."""
SHARE = 0.8
"""Share of the replies that took no longer than what is told."""
MOST_ROWS = 5_000
"""Most rows of feedback that one look reads."""
SENT = frozenset({"used", "edited"})
EVERY_S, STOP_S = 60.0, 2.0


class ResponseTimes:
    """Looks at the journal once a minute, in a thread that the first question starts.

    A reply counts from the decision about its message to the first feedback that says it was sent.
    What nobody has answered yet is not in it, so the figure is told as one of sent replies.

    Args:
        engine: The database.
        every_s: Time between two looks, in seconds.
    """

    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s
        self._known: dict[str | None, Waiting] = {}
        self._stopped, self._start = Event(), Lock()
        self._thread: Thread | None = None

    def of(self, brand: str | None) -> Waiting | None:
        """Return what was measured last for a brand; None until enough replies are known."""
        if self._thread is None:
            self._begin()
        return self._known.get(brand)

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._thread:
            self._thread.join(STOP_S)

    def _begin(self) -> None:
        with self._start:
            if self._thread is None and not self._stopped.is_set():
                self._thread = Thread(target=self._run, name="response-times", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            # Where it fails, what was measured before grows old and is then no longer told.
            with suppress(StoreError):
                self._known = measure(self._engine, datetime.now(UTC))
            if self._stopped.wait(self._every_s):
                return


def measure(engine: Engine, now: datetime) -> dict[str | None, Waiting]:
    """Measure each brand's waiting time, of all brands together under None.

    Raises:
        StoreError: When the store cannot be read.
    """
    columns = (
        *(feedback.c.number, feedback.c.decision, feedback.c.received_at, feedback.c.suggestions),
        *(decisions.c.decided_at, decisions.c.brand),
    )
    query = (
        select(*columns)
        .join(decisions, decisions.c.number == feedback.c.decision)
        .where(feedback.c.received_at > now - WINDOW, feedback.c.received_at <= now)
        .order_by(feedback.c.number.desc())
        .limit(MOST_ROWS)
    )
    with transaction(engine) as connection:
        rows = connection.execute(query).all()
    first: dict[int, tuple[str | None, float]] = {}
    for row in rows:
        # The newest come first, so what stays is the first reply to a message.
        if any(use["event"] in SENT for use in row.suggestions):
            minutes = (row.received_at - row.decided_at).total_seconds() / 60
            first[row.decision] = (row.brand, max(0.0, minutes))
    taken: dict[str | None, list[float]] = defaultdict(list)
    for brand, minutes in first.values():
        for name in {None, brand}:
            taken[name].append(minutes)
    return {brand: Waiting(_told(found), now) for brand, found in taken.items() if _enough(found)}


def _enough(minutes: list[float]) -> bool:
    return len(minutes) >= LEAST


def _told(minutes: list[float]) -> int:
    """Return the time that four of five replies were sent in, in whole minutes."""
    return ceil(sorted(minutes)[ceil(SHARE * len(minutes)) - 1])
