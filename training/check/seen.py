"""A row as a check sees it, and what is kept of all rows: numbers, never texts."""

import hashlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
EMPTY = 0
"""Key of a text with nothing in it."""
NO_DAY = -(2**31)
NO_LABEL, UNTRACKED = -1, -2
MAX_TRACKED = 50_000
"""Labels of a task told apart; a column with more holds no labels."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One row.

    Args:
        at: Number of the row from 0, over all exports.
        raw: Subject and message as exported, cut where serving would refuse more.
        text: The same, cleaned as serving would clean it.
        labels: Task to label, empty where the row does not answer.
        cells: Task to the cell that the label was made from.
        time: Cell of the date.
        declared: Language code of the export, if any.
        length: Characters of the whole message.
        too_long: Whether serving would refuse the message for its length.
        automatic: Whether the message looks like automatic mail.
    """

    at: int
    raw: str
    text: str
    labels: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)
    time: str = ""
    declared: str = ""
    length: int = 0
    too_long: bool = False
    automatic: bool = False


class Codes:
    """Labels of one task as numbers: 4 bytes a row."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._rows = array("i")

    def add(self, label: str) -> None:
        """Note the label of the next row."""
        if not label:
            self._rows.append(NO_LABEL)
            return
        code = self.names.get(label)
        if code is None:
            code = len(self.names) if len(self.names) < MAX_TRACKED else UNTRACKED
            if code != UNTRACKED:
                self.names[label] = code
        self._rows.append(code)

    def rows(self) -> NDArray[np.int32]:
        """Return the code of each row, shape ``(n,)``; below zero without a label told apart."""
        return np.frombuffer(self._rows, np.int32) if self._rows else np.empty(0, np.int32)

    def counts(self) -> Ints:
        """Count the rows of each label, shape ``(labels,)``, by code."""
        rows = self.rows()
        return np.bincount(rows[rows >= 0], minlength=len(self.names)).astype(np.int64)


class Kept:
    """Columns that several looks share: per row one key, one day and a code a task.

    Args:
        tasks: Tasks of the run.
    """

    def __init__(self, tasks: Iterable[str]) -> None:
        self.codes = {task: Codes() for task in tasks}
        self._keys = array("Q")
        self._days = array("i")

    def add(self, seen: Seen, day: int) -> None:
        """Keep what is needed of the next row."""
        self._keys.append(key_of(seen.text))
        self._days.append(day)
        for task, codes in self.codes.items():
            codes.add(seen.labels.get(task, ""))

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._keys)

    def keys(self) -> NDArray[np.uint64]:
        """Return a hash of each text, ``EMPTY`` where there is none, shape ``(n,)``."""
        return np.frombuffer(self._keys, np.uint64) if self._keys else np.empty(0, np.uint64)

    def days(self) -> NDArray[np.int32]:
        """Return the day of each row, ``NO_DAY`` without a date, shape ``(n,)``."""
        return np.frombuffer(self._days, np.int32) if self._days else np.empty(0, np.int32)


def key_of(text: str) -> int:
    """Hash a text to 64 bits; a million texts share a key with a chance below 1 in 10 million."""
    if not text:
        return EMPTY
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little") or 1
