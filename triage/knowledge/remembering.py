"""Keep what a running service remembers of suggestions at what its store holds."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Protocol

import numpy as np

from triage.encoders.base import Vectors
from triage.errors import EncoderError, TriageError
from triage.knowledge.rankers import Rankers
from triage.suggest.embedding import Embedder
from triage.suggest.history import History, Ranker
from triage.suggest.suggester import Suggester
from triage.suggest.verdicts import Handled, fair_share
from triage.telemetry import Telemetry

EVERY_S = 10.0
"""Time between two looks at the store: a click counts for the messages after it."""
ANEW_S = 600.0
"""Time after which all is read again though nothing came: rows age and expire."""
AT_ONCE, PAUSE_S = 16, 0.02
"""Messages embedded at a time, and the pause between, for the messages that are answered."""
FORGOTTEN = 8
"""Half-lives after which feedback is not read any more: it counts less than 1 in 200."""
STOP_S = 2.0
"""Longest wait for a look in progress when the service stops."""


class WatchedUses(Protocol):
    """Feedback that grows and is erased."""

    def state(self) -> object:
        """Return a value that differs after every feedback and every erasure."""

    def read(self, since: datetime) -> Sequence[Handled]:
        """List messages with a verdict, oldest first."""


class HistoryWatch:
    """Gives a suggester its history, in a thread of its own; without a ranker it gives none.

    Vectors of messages stay in memory, those alone that are remembered. Where history cannot be
    read, what was known goes on counting, for ``ANEW_S`` at most: nobody who was erased is kept.

    Args:
        uses: The store's feedback.
        rankers: Tells which ranker is in use.
        suggester: Gets a new history, put in place at once.
        telemetry: Hears of each ranker taken into use, and once of each row of failures.
        every_s: Time between two looks, in seconds.
        before: Of the bundle that answered before; its vectors are taken over where they fit.
        now: Tells the time.
    """

    def __init__(
        self,
        uses: WatchedUses,
        rankers: Rankers,
        suggester: Suggester,
        telemetry: Telemetry,
        every_s: float = EVERY_S,
        before: "HistoryWatch | None" = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._uses, self._rankers, self._suggester = uses, rankers, suggester
        self._log = telemetry.log
        self._every_s, self._now = every_s, now
        self._embedder: Embedder = suggester.index.embedder
        self._fingerprint = self._embedder.fingerprint()
        self._vectors: dict[int, Vectors] = {}
        self._ranker: tuple[str, Ranker] | None = None
        self._seen: object = None
        self._read_at = monotonic()
        self._failing = False
        if before and before._fingerprint == self._fingerprint:  # noqa: SLF001 - one of ours
            self._vectors = dict(before._vectors)  # noqa: SLF001
            suggester.history = before._suggester.history  # noqa: SLF001
            self._read_at = before._read_at  # noqa: SLF001
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    @property
    def held(self) -> int:
        """Number of messages whose vectors are in memory."""
        return len(self._vectors)

    def close(self) -> None:
        """Stop looking, and keep nothing: a bundle that was replaced is forgotten later only."""
        self._stopped.set()
        self._thread.join(STOP_S)
        self._drop()

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except TriageError as error:
                self._fail(error.problem)
            except Exception as error:  # noqa: BLE001 - search ranks on, whatever it was
                self._fail(type(error).__name__)
            else:
                self._failing = False
            if self._stopped.wait(self._every_s):
                return

    def _look(self) -> None:
        name = self._rankers.champion_id()
        if name is None:
            self._forget()
            return
        if self._ranker is None or self._ranker[0] != name:
            ranker, _ = self._rankers.find(name)
            self._ranker, self._seen = (name, ranker), None
            self._log.info("ranker_followed", ranker=name)
        ranker = self._ranker[1]
        if ranker.encoders != self._fingerprint:
            self._drop()
            raise EncoderError(
                f"the ranker {name} was made for other encoders", fix="Run triage-train ranking."
            )
        # Taken before the rows: what comes in between is seen by the next look.
        state = self._uses.state()
        if state == self._seen and monotonic() - self._read_at < ANEW_S:
            return
        self._remember(ranker)
        self._seen, self._read_at = state, monotonic()

    def _remember(self, ranker: Ranker) -> None:
        now = self._now()
        handled = self._uses.read(now - timedelta(days=FORGOTTEN * ranker.half_life_days))
        kept = fair_share(handled)
        if not self._embed(kept) or self._stopped.is_set():
            return
        self._vectors = {one.message: self._vectors[one.message] for one in kept}
        if kept:
            rows = np.stack([self._vectors[one.message] for one in kept])
            self._suggester.history = History(ranker, kept, rows, now)
        else:
            self._suggester.history = None

    def _embed(self, kept: Sequence[Handled]) -> bool:
        """Embed messages that are new, a few at a time; False when the service stops meanwhile."""
        missing = {one.message: one for one in kept if one.message not in self._vectors}
        fresh = list(missing.values())
        for start in range(0, len(fresh), AT_ONCE):
            some = fresh[start : start + AT_ONCE]
            if start and self._stopped.wait(PAUSE_S):
                return False
            rows = embedded(self._embedder, some)
            self._vectors |= {one.message: row for one, row in zip(some, rows, strict=True)}
        return True

    def _forget(self) -> None:
        self._drop()
        self._ranker = None

    def _drop(self) -> None:
        self._suggester.history = self._seen = None
        self._vectors = {}

    def _fail(self, reason: str) -> None:
        if monotonic() - self._read_at > ANEW_S:
            self._drop()
        if not self._failing:
            self._failing = True
            self._log.error("history_not_refreshed", reason=reason)


def embedded(embedder: Embedder, handled: Sequence[Handled]) -> Vectors:
    """Embed the texts of messages, shape ``(n, dim)``; no text gives zeros, near nothing."""
    vectors = embedder.messages([one.text for one in handled], [one.language for one in handled])
    vectors[[not one.text.strip() for one in handled]] = 0
    return vectors
