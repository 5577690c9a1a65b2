"""What a check finds: level, code, one sentence, the rows to look at, and what to do."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, Protocol

from training.check.seen import Seen
from triage.errors import ExportError

Level = Literal["blocker", "warning", "note"]
LEVELS: tuple[Level, ...] = ("blocker", "warning", "note")
KEPT = 1_000
"""Rows kept of one finding; the others are counted."""
LEAST = 0.1
"""Smallest share that is told in figures, in percent."""
SHOWN = 5
"""Rows shown on one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of an export, counted from one, the header not counted."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in exports. It never quotes a message.

    Args:
        level: A blocker stops ``fit``; a warning weakens it; a note is worth knowing.
        code: Stable name of the kind of finding.
        message: One sentence saying what is wrong, with figures.
        fix: What to do about it: an option or an action.
        count: Rows that it concerns.
        positions: The first of them, counted from 0 over all exports.
        places: The same rows, as people look them up.
    """

    level: Level
    code: str
    message: str
    fix: str = ""
    count: int = 0
    positions: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()

    def located(self, where: Callable[[int], Place]) -> "Finding":
        """Return the finding with the places of its rows."""
        return replace(self, places=tuple(where(position) for position in self.positions))

    def rows(self) -> str:
        """Name the first rows, and how many more there are."""
        shown = self.places[:SHOWN]
        several = len({place.file for place in self.places}) > 1
        named = (
            "; ".join(
                f"{file} {', '.join(str(place.row) for place in group)}"
                for file, group in groupby(shown, key=lambda place: place.file)
            )
            if several
            else ", ".join(str(place.row) for place in shown)
        )
        more = f" and {self.count - len(shown):,} more" if self.count > len(shown) else ""
        return named + more if shown else ""

    def line(self) -> str:
        """Write the finding on one line."""
        rows = self.rows()
        return " ".join(
            part
            for part in (
                f"{self.level}: {self.message}",
                f"Rows {rows}." if rows else "",
                f"Fix: {self.fix}" if self.fix else "",
            )
            if part
        )


class Marks:
    """Rows of one kind: all are counted, the first are kept."""

    __slots__ = ("_kept", "count")

    def __init__(self) -> None:
        self._kept = array("q")
        self.count = 0

    def add(self, position: int) -> None:
        """Mark a row."""
        self.count += 1
        if self.count <= KEPT:
            self._kept.append(position)

    def finding(self, level: Level, code: str, message: str, fix: str) -> Finding:
        """Build a finding of the rows marked."""
        return Finding(level, code, message, fix, self.count, tuple(self._kept))


class Probe(Protocol):
    """Looks at rows one after the other and keeps little of each."""

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        ...

    def findings(self) -> Iterable[Finding]:
        """Tell what was found."""
        ...


def about(level: Level, code: str, message: str, fix: str, positions: Sequence[int]) -> Finding:
    """Build a finding of all rows it concerns."""
    kept = tuple(int(position) for position in positions[:KEPT])
    return Finding(level, code, message, fix, len(positions), kept)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: blockers first, then warnings, then notes."""
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def refuse(findings: Iterable[Finding]) -> None:
    """Raise the first blocker, if there is one.

    Raises:
        ExportError: Naming the row and how many more blockers there are.
    """
    blockers = [finding for finding in findings if finding.level == "blocker"]
    if blockers:
        first, more = blockers[0], len(blockers) - 1
        rows = f" Rows {first.rows()}." if first.places else ""
        told = f" {more} more blockers: see `triage-train check`." if more else ""
        raise ExportError(
            f"{first.message}{rows}",
            fix=f"{first.fix}{told}",
            row=first.places[0].row if first.places else None,
            blocker=first.code,
        )


def percent(part: int, whole: int) -> str:
    """Write a share so that something is never shown as nothing."""
    share = 100 * part / max(1, whole)
    return f"under {LEAST} %" if 0 < share < LEAST else f"{share:.1f} %"
