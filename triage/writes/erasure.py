"""Erase a person from the store, and see to it that they stay erased."""

from pathlib import Path

from triage.errors import StoreError
from triage.storage.erasure import Erased, Kind, bury, note, scrub, tombstone_of
from triage.storage.work import done, done_apart
from triage.telemetry import Telemetry
from triage.writes.base import Desk

SCRUB_S = 60.0
"""Longest wait for the file to be written anew after an erasure."""


class Eraser:
    """Deletes what is recorded about people.

    Args:
        desk: Where writes are handed in.
        home: Folder of the file that notes erasures.
        telemetry: Hears of erasures, never of whom.
    """

    def __init__(self, desk: Desk, home: Path, telemetry: Telemetry) -> None:
        self._desk = desk
        self._home = home
        self._log = telemetry.log

    def erase(self, kind: Kind, person: str) -> tuple[Erased, bool]:
        """Delete all that is recorded about somebody, and tell whether the file is clean of it.

        Raises:
            StoreError: When it cannot be noted or written; then nothing is deleted.
        """
        stone = tombstone_of(kind, person)
        note(self._home, stone)
        erased = done(self._desk.writer, lambda connection: bury(connection, stone))
        try:
            done_apart(self._desk.writer, scrub, SCRUB_S)
        except StoreError as error:
            self._log.error("erasure_not_scrubbed", reason=error.problem)
            return erased, False
        self._log.info("person_erased", count=erased.total)
        return erased, True
