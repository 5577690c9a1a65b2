"""Keep a running service on the bundle that its alias names."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from triage.bundle.registry import CHAMPION
from triage.errors import TriageError
from triage.telemetry import Telemetry

EVERY_S = 1.0
"""Time between two looks at the alias; loading a bundle takes the rest of the five seconds."""
RETRY_S = 30.0
"""Time until a bundle that could not be loaded is tried again, as it may have been repaired."""
STOP_S = 2.0
"""Longest wait for a look in progress when the service stops."""
UNEXPECTED = "internal_error"


class AliasWatch:
    """Follows an alias in a thread of its own; what cannot be followed changes nothing.

    Args:
        find: Returns the folder that the alias names now.
        serving: The folder that answers.
        follow: Puts another folder in its place, or raises and leaves everything as it is.
        telemetry: Hears of each bundle followed, and once of each that could not be.
        every_s: Time between two looks, in seconds.
        retry_s: Time until a refused folder is tried again, in seconds.
        alias: What it is called in logs and metrics.
    """

    def __init__(
        self,
        find: Callable[[], Path],
        serving: Path,
        follow: Callable[[Path], None],
        telemetry: Telemetry,
        every_s: float = EVERY_S,
        retry_s: float = RETRY_S,
        alias: str = CHAMPION,
    ) -> None:
        self._alias = alias
        self._find = find
        self._serving = serving
        self._follow = follow
        self._telemetry = telemetry
        self._every_s, self._retry_s = every_s, retry_s
        self._refused: Path | None = None
        self._retry_at = 0.0
        self.fault: str | None = None
        """Code of the error that keeps the old bundle in place, if one does."""
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="aliases", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                self._look()
            except TriageError as error:
                self._fail(error.code, error.problem)
            except Exception as error:  # noqa: BLE001 - the old bundle serves on, whatever it was
                self._fail(UNEXPECTED, type(error).__name__)

    def _look(self) -> None:
        folder = self._find()
        if folder == self._serving:
            self._refused = self.fault = None
            return
        if folder == self._refused and monotonic() < self._retry_at:
            return
        if folder != self._refused:
            self.fault = None
        self._refused, self._retry_at = folder, monotonic() + self._retry_s
        self._follow(folder)
        self._serving, self._refused, self.fault = folder, None, None
        self._telemetry.metrics.bundle_moves.labels(self._alias, "followed").inc()

    def _fail(self, code: str, reason: str) -> None:
        if self.fault != code:
            self.fault = code
            self._telemetry.metrics.bundle_moves.labels(self._alias, "refused").inc()
            self._telemetry.log.error(
                "bundle_not_followed", alias=self._alias, code=code, reason=reason
            )
