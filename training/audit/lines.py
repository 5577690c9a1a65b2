"""Which messages and labels a person should look at, worst first, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from training.audit.audit import Audit

NOTHING = (9, 1.0)
TOLD = 5
"""Twins named in a sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    """One question to a person.

    Args:
        row: Position of the message.
        task: The task it asks about; empty where the message itself is the question.
        rank: Kind of issue, then its score; the smallest comes first.
        why: What is asked, in words.
    """

    row: int
    task: str
    rank: tuple[int, float] = NOTHING
    why: tuple[str, ...] = field(default=())


class Lines:
    """The questions of an audit.

    Args:
        audit: What was found.
        settled: Pairs of id and task that somebody has decided already; not asked again.
    """

    def __init__(self, audit: Audit, settled: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.audit = audit
        self.settled = settled
        self.members = audit.twins.members()
        self.several = len(set(audit.examples.sources)) > 1
        self.place: Mapping[str, Mapping[int, int]] = {
            task: {int(row): at for at, row in enumerate(item.rows)}
            for task, item in audit.labels.items()
        }

    def listed(self, *, everything: bool = False) -> list[Line]:
        """List label errors, contradictory twins, outliers and later copies, in this order.

        Args:
            everything: List every other labelled message and task after them.
        """
        found = [line for row in range(len(self.audit.examples)) for line in self._of(row)]
        if everything:
            have = {(line.row, line.task) for line in found}
            labels = self.audit.examples.labels
            found += [
                Line(row, task)
                for task, given in labels.items()
                for row, label in enumerate(given)
                if label and (row, task) not in have
            ]
        return sorted(found, key=lambda line: (line.rank, line.row, line.task))

    def twins_of(self, row: int) -> Sequence[int]:
        """List the other messages of a near-duplicate's set."""
        members = self.members.get(int(self.audit.twins.sets[row]), [])
        return [other for other in members if other != row]

    def name(self, row: int) -> str:
        """Name a message by its row in the export, with the file where there are several."""
        number = str(self.audit.examples.numbers[row])
        return f"{self.audit.examples.sources[row]}:{number}" if self.several else number

    def _of(self, row: int) -> Iterator[Line]:
        """Yield the lines of one message; what concerns it as a whole stands on each of them."""
        rank, message = self._message(row)
        asked = False
        for task in self.audit.examples.tasks:
            if (self.audit.examples.ids[row], task) in self.settled:
                continue
            own, why = self._label(row, task)
            if why:
                asked = True
                yield Line(row, task, min(own, rank), (*why, *message))
        if message and not asked:
            yield Line(row, "", rank, tuple(message))

    def _label(self, row: int, task: str) -> tuple[tuple[int, float], list[str]]:
        rank, why = NOTHING, []
        item, at = self.audit.labels.get(task), self.place.get(task, {}).get(row)
        if item is not None and at is not None and item.doubts.suspect[at]:
            rank = (0, float(item.doubts.score[at]))
            why.append(f"reads like {item.labels[item.doubts.suggested[at]]}")
        torn = self.audit.torn[task]
        if torn.flags[row]:
            rank = min(rank, (1, float(torn.score[row])))
            given = self.audit.examples.labels[task]
            others = [other for other in self.twins_of(row) if given[other] not in {"", given[row]}]
            why.append(f"labelled otherwise than its twin in {self._told(others)}")
        return rank, why

    def _message(self, row: int) -> tuple[tuple[int, float], list[str]]:
        rank, why = NOTHING, []
        if self.audit.outliers.flags[row]:
            rank = (2, float(self.audit.outliers.score[row]))
            why.append("unlike all other messages")
        others = self.twins_of(row)
        if others and others[0] < row:
            rank = min(rank, (3, float(self.audit.twins.score[row])))
            why.append(f"says the same as {self._told(others)}")
        return rank, why

    def _told(self, rows: Sequence[int]) -> str:
        names = ", ".join(self.name(row) for row in rows[:TOLD])
        more = f" and {len(rows) - TOLD} more" if len(rows) > TOLD else ""
        return f"row{'s' if len(rows) > 1 else ''} {names}{more}"
