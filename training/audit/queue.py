"""What the journal itself says should be looked at first."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.config import Columns
from training.ingest.export import open_export
from training.ingest.formats import JOURNAL
from training.ingest.journal import CONTRADICTION

WHY = "triage_why"
DISPUTED, TOUCHED = "disputed", "touched"
URGENCY: Mapping[str, float] = {CONTRADICTION: 1.0, DISPUTED: 0.5, TOUCHED: 0.25}
"""What each reason adds to a doubt, which goes from 0 to 1.

Agents who contradict each other come before whatever a model is unsure of, and models that
contradict each other before those that are merely unsure. A suggestion that was edited or rejected
says little about a label.
"""


def are_journals(exports: Sequence[Path], columns: Columns) -> bool:
    """Tell whether all exports are stores of this service."""
    return all(open_export(path, columns).format is JOURNAL for path in exports)


def reasons_of(
    exports: Sequence[Path], columns: Columns, tasks: Sequence[str]
) -> list[tuple[str, ...]]:
    """List the reasons to look at each row of journals, in order; other exports give none."""
    found = []
    for path in exports:
        for row in open_export(path, columns).rows():
            why = []
            if any(row.get(f"{task}.settled_by") == CONTRADICTION for task in tasks):
                why.append(CONTRADICTION)
            if set(row.get(DISPUTED, "").split("|")) & set(tasks):
                why.append(DISPUTED)
            if row.get(TOUCHED):
                why.append(TOUCHED)
            found.append(tuple(why))
    return found


def urgency(reasons: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Add up what the reasons of each row weigh, shape ``(n,)``."""
    return np.asarray([sum(URGENCY[one] for one in why) for why in reasons], np.float64)
