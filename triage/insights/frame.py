"""The journal and the feedback as columns: everything that is counted is counted in these.

No text and no name stands in them. They are numbers of rows, moments, labels, and what was done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NONE = ""
"""Stands for what is not known, and for a task that an answer does not have."""
DAY_S = 86_400.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on until another, which it does not hold; seconds since 1970."""

    since: float
    until: float

    @classmethod
    def last(cls, days: float, now: datetime) -> Self:
        """Return the days that end now."""
        return cls((now - timedelta(days=days)).timestamp(), now.timestamp())

    @property
    def days(self) -> tuple[str, ...]:
        """Days of the period in UTC, the first and last perhaps in part."""
        first, last = int(self.since // DAY_S), int((self.until - 1e-6) // DAY_S)
        return tuple(day_name(day) for day in range(first, last + 1))


def day_name(day: int) -> str:
    """Name a day by its number since 1970."""
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values of few kinds: ``codes`` of shape ``(n,)`` point into ``names``."""

    codes: Ints
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Self:
        """Code values; None is the same as empty."""
        known: dict[str, int] = {}
        codes = [known.setdefault(one or NONE, len(known)) for one in values]
        return cls(np.array(codes, np.int64), tuple(known))

    def taken(self, rows: Ints | Mask) -> "Column":
        """Return some rows."""
        return Column(self.codes[rows], self.names)

    def joined(self, other: "Column") -> "Column":
        """Put the rows of another below these."""
        known = {name: code for code, name in enumerate(self.names)}
        place = [known.setdefault(name, len(known)) for name in other.names]
        moved = np.array(place, np.int64)[other.codes] if len(other.codes) else other.codes
        return Column(np.concatenate([self.codes, moved]), tuple(known))

    def is_(self, name: str) -> Mask:
        """Mark the rows of a value."""
        if name not in self.names:
            return np.zeros(len(self.codes), bool)
        return np.asarray(self.codes == self.names.index(name), bool)

    def counts(self, rows: Mask | None = None) -> dict[str, int]:
        """Count the rows of each value, the commonest first; those without any are left out."""
        codes = self.codes if rows is None else self.codes[rows]
        found = np.bincount(codes, minlength=len(self.names))
        order = sorted(range(len(self.names)), key=lambda code: (-found[code], self.names[code]))
        return {self.names[code]: int(found[code]) for code in order if found[code]}


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Answered messages, the oldest first, each column of shape ``(n,)``.

    Attributes:
        number: Of the row in the journal.
        at: Seconds since 1970.
        language: Code that was identified.
        channel: Where it came from.
        bundle: Which answered.
        reason: Why nothing was suggested; empty where something was.
        text: Whether a text is kept.
        labels: Task to the top label of each answer, whatever was decided.
        decided: Task to automate, suggest or abstain.
        offered: Row, within this frame, of each suggestion, ``(m,)``.
        passage: Of each suggestion, ``(m,)``.
    """

    number: Ints
    at: Floats
    language: Column
    channel: Column
    bundle: Column
    reason: Column
    text: Mask
    labels: Mapping[str, Column]
    decided: Mapping[str, Column]
    offered: Ints
    passage: Column

    def __len__(self) -> int:
        return len(self.number)

    def where(self, kept: Mask) -> "Decisions":
        """Return the rows that a mask keeps."""
        place = np.cumsum(kept) - 1
        stays = kept[self.offered] if len(self.offered) else np.zeros(0, bool)
        return Decisions(
            self.number[kept],
            self.at[kept],
            self.language.taken(kept),
            self.channel.taken(kept),
            self.bundle.taken(kept),
            self.reason.taken(kept),
            self.text[kept],
            {task: one.taken(kept) for task, one in self.labels.items()},
            {task: one.taken(kept) for task, one in self.decided.items()},
            place[self.offered[stays]],
            self.passage.taken(stays),
        )

    def within(self, period: Period) -> "Decisions":
        """Return the rows of a period."""
        return self.where((self.at >= period.since) & (self.at < period.until))

    def joined(self, other: "Decisions") -> "Decisions":
        """Put newer rows below these."""
        return Decisions(
            np.concatenate([self.number, other.number]),
            np.concatenate([self.at, other.at]),
            self.language.joined(other.language),
            self.channel.joined(other.channel),
            self.bundle.joined(other.bundle),
            self.reason.joined(other.reason),
            np.concatenate([self.text, other.text]),
            {task: one.joined(other.labels[task]) for task, one in self.labels.items()},
            {task: one.joined(other.decided[task]) for task, one in self.decided.items()},
            np.concatenate([self.offered, other.offered + len(self)]),
            self.passage.joined(other.passage),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """What agents did, one row for each thing done, each column of shape ``(n,)``.

    Attributes:
        number: Of the row in the store.
        decision: Number of the decision it is about.
        at: Seconds since 1970.
        kind: displayed, used, edited or rejected for a passage; ``labelled`` for a label that an
            agent set or left, ``closed`` for one that the ticket was closed with.
        what: The passage, or ``task=label``.
        edit: Edit distance where a text was sent, else nan.
    """

    number: Ints
    decision: Ints
    at: Floats
    kind: Column
    what: Column
    edit: Floats

    def __len__(self) -> int:
        return len(self.number)

    def where(self, kept: Mask) -> "Uses":
        """Return the rows that a mask keeps."""
        return Uses(
            self.number[kept],
            self.decision[kept],
            self.at[kept],
            self.kind.taken(kept),
            self.what.taken(kept),
            self.edit[kept],
        )

    def of(self, decisions: Decisions) -> "Uses":
        """Return the rows that are about these decisions."""
        return self.where(np.isin(self.decision, decisions.number))

    def joined(self, other: "Uses") -> "Uses":
        """Put newer rows below these."""
        return Uses(
            np.concatenate([self.number, other.number]),
            np.concatenate([self.decision, other.decision]),
            np.concatenate([self.at, other.at]),
            self.kind.joined(other.kind),
            self.what.joined(other.what),
            np.concatenate([self.edit, other.edit]),
        )


def places(numbers: Ints, decisions: Decisions) -> Ints:
    """Return the row of each decision number in a frame that holds all of them, shape ``(n,)``."""
    order = np.argsort(decisions.number, kind="stable")
    found: Ints = order[np.searchsorted(decisions.number[order], numbers)]
    return found
