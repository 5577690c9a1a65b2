"""Cells that list several labels: told where they are read as one, and which nobody asked for."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping

from training.check.finding import Finding, percent
from training.members import FORBIDDEN, MOST, column_of, member_of, parts_of
from triage.labeling.groups import NONE, SEPARATOR

SHARE = 0.01
"""Share of the cells that list several labels from which it is told."""
SHOWN = 8
LONGEST = 60
MOST_PARTS = 10_000
"""Different parts of the cells of one column that are counted."""


class Several:
    """Counts the labels that the cells of each column list.

    Args:
        places: Task to column, or to column and the label asked for.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._first: dict[str, str] = {}
        for task, place in places.items():
            self._first.setdefault(column_of(place), task)
        self._parts: dict[str, Counter[str]] = {column: Counter() for column in self._first}
        self._cells: Counter[str] = Counter()
        self._several: Counter[str] = Counter()

    def see(self, cells: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Look at the cells of a row, by task; where they are not at hand, at its labels."""
        for column, task in self._first.items():
            if cells or not member_of(self._places[task]):
                self.add(column, cells.get(task, labels.get(task, "")))

    def add(self, column: str, cell: str) -> None:
        """Look at one cell."""
        parts, seen = parts_of(cell), self._parts[column]
        self._cells[column] += bool(parts)
        self._several[column] += len(parts) > 1
        for part in parts:
            if part in seen or len(seen) < MOST_PARTS:
                seen[part] += 1

    def met(self, cells: Mapping[str, frozenset[str]]) -> None:
        """Look at the different cells that were met elsewhere, by task, for labels unasked for."""
        for column, task in self._first.items():
            for cell in cells.get(task, ()) if member_of(self._places[task]) else ():
                self.add(column, cell)

    def findings(self) -> Iterator[Finding]:
        """Tell what was found, column by column."""
        for column, seen in self._parts.items():
            asked = {member_of(p) for p in self._places.values() if column_of(p) == column}
            if "" in asked:
                yield from self._unread(column, seen)
            if asked - {""}:
                yield from self._unasked(column, seen, asked)

    def _unread(self, column: str, seen: Counter[str]) -> Iterator[Finding]:
        several, cells = self._several[column], self._cells[column]
        if not several or several < SHARE * cells:
            return
        task = self._first[column]
        listed = [part for part, _ in seen.most_common(MOST) if not set(part) & set(FORBIDDEN)]
        option = f"{task}={column}{SEPARATOR}{SEPARATOR.join(sorted(listed[:SHOWN]))}"
        more = f" (and {len(listed) - SHOWN} more)" if len(listed) > SHOWN else ""
        yield Finding(
            "warning",
            "several_labels",
            f"{percent(several, cells)} of the cells of task {task} hold '{SEPARATOR}': each "
            "different cell is taken for one label.",
            f"If they list several labels of a message: --label {shlex.quote(option)}{more}",
            several,
        )

    def _unasked(self, column: str, seen: Counter[str], asked: set[str]) -> Iterator[Finding]:
        other = [(part, n) for part, n in seen.most_common() if part not in asked | {NONE}]
        if other:
            named = ", ".join(f"{part[:LONGEST]!r} {n:,}" for part, n in other[:SHOWN])
            more = f" and {len(other) - SHOWN:,} more" if len(other) > SHOWN else ""
            yield Finding(
                "note",
                "unlisted_label",
                f"The cells of column {column!r} also hold {named}{more}; no --label asks for it.",
                "Add it to the list after the column, or leave it out for good.",
                sum(n for _, n in other),
            )
