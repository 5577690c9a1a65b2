"""How hard the tests try to break it, and the table of what came of it."""

import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass

FORM = os.environ.get("TRIAGE_FAULTS", "")
"""Empty in the suite; ``full``, or a share of it such as ``0.2``, by ``make faults``."""
SHARE = 1.0 if FORM == "full" else float(FORM or 0)
HEAD = ("fault", "load", "asked", "got", "passed")


@dataclass(frozen=True, slots=True)
class Line:
    """One fault, and how the service bore it."""

    fault: str
    load: str
    asked: str
    got: str
    passed: str


LINES: list[Line] = []
"""Those of this session."""


def chosen(short: int, full: int) -> int:
    """Return how much is asked in this form, never less than in the suite."""
    return max(short, round(SHARE * full))


def bore(fault: str, load: str, asked: str, got: str, *, passed: bool) -> None:
    """Note a line and demand that the service bore the fault."""
    LINES.append(Line(fault, load, asked, got, "yes" if passed else "NO"))

    assert passed, f"{fault}, {load}: {asked} were asked, {got} were got"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(lines: Sequence[Line]) -> str:
    """Write lines as a table in Markdown."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(astuple(line) for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
