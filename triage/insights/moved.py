"""Whether messages still look like those that the champion was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from triage.bundle.baseline import Baseline, stability
from triage.insights.frame import NONE, Decisions

LEAST = 200
"""Fewer messages tell nothing: chance alone gives them an index like that of a real change."""
LITTLE, MUCH = 0.1, 0.25
"""Siddiqi 2006, "Credit Risk Scorecards"."""

Verdict = Literal["same", "somewhat", "moved"]


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one thing moved.

    Args:
        what: ``language``, ``channel`` or a task.
        index: Population stability index against the training rows.
        count: Messages that were compared.
    """

    what: str
    index: float
    count: int

    @property
    def verdict(self) -> Verdict:
        """What the index means."""
        if self.index < LITTLE:
            return "same"
        return "somewhat" if self.index < MUCH else "moved"


def moved(decisions: Decisions, bundle: str, baseline: Baseline) -> list[Moved]:
    """Compare what one bundle answered with what it was trained on, as far as enough is known.

    The journal tells neither lengths of texts nor, for answers out of scope, a label of the bundle.
    """
    mine = decisions.where(decisions.bundle.is_(bundle))
    columns = [("language", baseline.language, mine.language)]
    columns.append(("channel", baseline.channel, mine.channel))
    columns += [
        (task, baseline.labels[task], column)
        for task, column in mine.labels.items()
        if task in baseline.labels
    ]
    out = []
    for what, shares, column in columns:
        counts = {name: count for name, count in column.counts().items() if name != NONE}
        total = sum(counts.values())
        if shares and total >= LEAST:
            out.append(Moved(what, stability(shares, counts), total))
    return out


def worst(found: Sequence[Moved]) -> Moved | None:
    """Return what moved most."""
    return max(found, key=lambda one: one.index, default=None)
