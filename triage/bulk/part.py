"""The unfinished file and its journal, from which the same command goes on after a kill.

``OUT.part`` grows by whole units. ``OUT.part.journal`` says in its first line what the work is, and
in each further line how many rows are on disk and how many bytes they take; a line is written only
when these bytes are. What stands behind the last line is cut off before the work goes on.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import IO

from triage.bulk.survey import Survey
from triage.errors import ExportError

EVERY_S = 1.0
"""Seconds of work that a kill may cost, beside the units in progress."""
Key = Mapping[str, object]
"""What must be the same for the work to go on, each thing under the name people call it by."""


class Part:
    """An unfinished file; one process at a time holds it.

    Args:
        out: The file that it becomes.
        key: What the work is, as JSON.
        restart: Throw away what is there.

    Attributes:
        survey: What the file to label holds; None until the work has begun.
        rows: Rows that are on disk for good.

    Raises:
        ExportError: When another process holds it, when it belongs to other work, or when it is
            damaged.
    """

    def __init__(self, out: Path, key: Key, *, restart: bool = False) -> None:
        self.out, self.path = out, out.with_name(f"{out.name}.part")
        self.survey: Survey | None = None
        self.rows = self._ahead = self._bytes = 0
        self._key = json.loads(json.dumps(key))
        self._place = out.with_name(f"{out.name}.part.journal")
        self._last = monotonic()
        self._journal = _locked(self._place, out)
        self._file: IO[bytes] | None = None
        if restart:
            return
        try:
            self._resume()
        except BaseException:
            self._journal.close()
            raise

    @property
    def delivered(self) -> bool:
        """Tell whether a kill left nothing to do but to remove the journal."""
        whole = self.survey is not None and self.rows == self.survey.rows
        return whole and not self.path.exists() and self.out.exists()

    def begin(self, survey: Survey, head: bytes) -> None:
        """Begin the file anew."""
        self.survey, self.rows, self._bytes = survey, 0, len(head)
        self._file = self.path.open("wb")
        self._file.write(head)
        self._journal.seek(0)
        self._journal.truncate()
        self._note({"work": self._key, "columns": survey.columns, "rows": survey.rows})
        self.commit()

    def append(self, content: bytes, rows: int) -> None:
        """Add rows, and every second make those that were added last."""
        stream = self._opened()
        stream.write(content)
        self._bytes += len(content)
        self._ahead += rows
        if monotonic() - self._last >= EVERY_S:
            self.commit()

    def commit(self) -> None:
        """Make all rows last that were added."""
        stream = self._opened()
        stream.flush()
        os.fsync(stream.fileno())
        self.rows, self._ahead = self.rows + self._ahead, 0
        self._note({"rows": self.rows, "bytes": self._bytes})
        self._last = monotonic()

    def finish(self, whole: Path | None = None) -> None:
        """Let the file appear under its name, and remove what is left beside it.

        Args:
            whole: The file that was made of this one; itself where None.
        """
        if self._file is not None:
            self._file.close()
        ready = whole or self.path
        _sync(ready)
        ready.replace(self.out)
        _sync(self.out.parent)
        self.path.unlink(missing_ok=True)
        self._place.unlink()

    def discard(self) -> None:
        """Remove the journal of a file that was delivered."""
        self._place.unlink()

    def close(self) -> None:
        """Let go; what is on disk stays for the next run."""
        if self._file is not None:
            self._file.close()
        if self.survey is None:
            self._place.unlink(missing_ok=True)
        self._journal.close()

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self.path.open("ab")
        return self._file

    def _note(self, line: Mapping[str, object]) -> None:
        self._journal.write(json.dumps(line).encode() + b"\n")
        self._journal.flush()
        os.fsync(self._journal.fileno())

    def _resume(self) -> None:
        """Take up what a journal says; one without a whole first line says nothing."""
        lines = self._journal.read().split(b"\n")[:-1]
        if len(lines) < _BEGUN:
            return
        begun, last = json.loads(lines[0]), json.loads(lines[-1])
        self._check(begun["work"])
        survey = Survey(tuple(begun["columns"]), begun["rows"])
        complete = last["rows"] == survey.rows
        if not self.path.exists():
            if complete and self.out.exists():
                self.survey, self.rows = survey, survey.rows
            return
        if self.path.stat().st_size < last["bytes"]:
            raise ExportError(
                f"{self.path}: shorter than its journal says.", fix="Begin anew with --restart."
            )
        os.truncate(self.path, last["bytes"])
        self._journal.truncate(sum(len(line) + 1 for line in lines))
        self._journal.seek(0, os.SEEK_END)
        self.survey, self.rows, self._bytes = survey, last["rows"], last["bytes"]

    def _check(self, work: Key) -> None:
        differs = [name for name in self._key if work.get(name) != self._key[name]]
        if differs:
            raise ExportError(
                f"{self.path}: begun with another {differs[0]}.",
                fix="Run the command as before to go on, or add --restart to begin anew.",
                field=differs[0],
            )


_BEGUN = 2
"""Lines of a journal with which the work has begun: what it is, and what stands on disk."""


def _locked(place: Path, out: Path) -> IO[bytes]:
    """Open a journal that nobody else holds; the lock goes with the process."""
    while True:
        stream = os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise ExportError(
                f"{out}: another process is writing this file.",
                fix="Wait for it, or give another --out.",
            ) from None
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        # Its holder finished and removed it in between.
        stream.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
