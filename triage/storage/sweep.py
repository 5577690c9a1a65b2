"""Delete what is too old while the service runs, a little at a time."""

from threading import Event, Thread
from time import monotonic

from triage.errors import TriageError
from triage.storage.erasure import BATCH, Erased, expire_some
from triage.storage.work import Writer, done
from triage.telemetry import Telemetry

FIRST_S = 30.0
"""Time from the start of the service to the first sweep."""
EVERY_S = 3600.0
"""Time between two sweeps."""
PAUSE_S = 0.2
"""Time between two batches, for everybody else who writes."""
STOP_S = 2.0
"""Longest wait for a batch in progress when the service stops."""


class Sweep:
    """Deletes old rows through the one writer, in a thread of its own.

    Args:
        writer: Of the store.
        retention_days: Age at which decisions and feedback go; 0 keeps them.
        telemetry: Hears how many rows went, and once of each row of failures.
        first_s: Time to the first sweep, in seconds.
        every_s: Time between two sweeps, in seconds.
    """

    def __init__(
        self,
        writer: Writer,
        retention_days: int,
        telemetry: Telemetry,
        first_s: float = FIRST_S,
        every_s: float = EVERY_S,
    ) -> None:
        self._writer = writer
        self._days = retention_days
        self._log = telemetry.log
        self._first_s, self._every_s = first_s, every_s
        self._failing = False
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the batch in progress."""
        self._stopped.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._stopped.wait(wait_s):
            wait_s = self._every_s
            try:
                self._sweep()
            except TriageError as error:
                self._fail(error.problem)
            except Exception as error:  # noqa: BLE001 - the thread must outlive any fault of a sweep
                self._fail(type(error).__name__)
            else:
                self._failing = False

    def _sweep(self) -> None:
        begun, gone = monotonic(), Erased()
        while not self._stopped.is_set():
            more = done(self._writer, lambda connection: expire_some(connection, self._days))
            gone += more
            if more.most < BATCH:
                break
            self._stopped.wait(PAUSE_S)
        if gone:
            count = gone.total
            self._log.info("rows_expired", count=count, seconds=round(monotonic() - begun, 2))

    def _fail(self, reason: str) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("rows_not_expired", reason=reason)
