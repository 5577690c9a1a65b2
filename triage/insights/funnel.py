"""How far the service carries a message: received, labelled, suggested, used, corrected."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from triage.insights.frame import NONE, Column, Decisions, Ints, Mask, Uses, places

LABELLED = ("automate", "suggest")
TOLD = ("labelled", "closed")
OUTCOMES = ("displayed", "rejected", "edited", "used")
"""What becomes of a suggestion, the most telling last: used once is used."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """Messages that came so far; each but ``received`` is a part of it.

    Args:
        received: All of them.
        labelled: At least one task has a label to suggest or to act on.
        automated: At least one task has a label that is sure enough to act on.
        suggested: At least one article was suggested.
        told: An agent told what became of a suggestion.
        used: A suggestion was sent unchanged.
        edited: None was sent unchanged, and one was edited and sent.
        rejected: None was sent, and one was rejected.
        corrected: An agent, or the closed ticket, had another label than the answer.
    """

    received: int = 0
    labelled: int = 0
    automated: int = 0
    suggested: int = 0
    told: int = 0
    used: int = 0
    edited: int = 0
    rejected: int = 0
    corrected: int = 0


def funnel(decisions: Decisions, uses: Uses) -> Funnel:
    """Count how far messages came; feedback about other messages is left out."""
    mine = uses.of(decisions)
    best = outcomes(decisions, mine)
    return Funnel(
        received=len(decisions),
        labelled=int(_any(decisions, LABELLED).sum()),
        automated=int(_any(decisions, ("automate",)).sum()),
        suggested=int(decisions.reason.is_(NONE).sum()),
        told=int((best >= 0).sum()),
        used=int((best == OUTCOMES.index("used")).sum()),
        edited=int((best == OUTCOMES.index("edited")).sum()),
        rejected=int((best == OUTCOMES.index("rejected")).sum()),
        corrected=int(corrected(decisions, mine).sum()),
    )


def breakdown(decisions: Decisions, uses: Uses, column: Column) -> dict[str, Funnel]:
    """Count the same apart for each value of a column, the commonest value first."""
    mine = uses.of(decisions)
    return {name: funnel(decisions.where(column.is_(name)), mine) for name in column.counts()}


def outcomes(decisions: Decisions, uses: Uses) -> Ints:
    """Return the most telling of ``OUTCOMES`` for each message, -1 for none, shape ``(n,)``."""
    best = np.full(len(decisions), -1, np.int64)
    ranks = ranked(uses)
    told = ranks >= 0
    np.maximum.at(best, places(uses.decision[told], decisions), ranks[told])
    return best


def ranked(uses: Uses) -> Ints:
    """Return the place of each row in ``OUTCOMES``; one sent with changes was edited."""
    ranks = np.full(len(uses), -1, np.int64)
    for rank, name in enumerate(OUTCOMES):
        ranks[uses.kind.is_(name)] = rank
    changed = (ranks == OUTCOMES.index("used")) & (np.nan_to_num(uses.edit) > 0)
    ranks[changed] = OUTCOMES.index("edited")
    return ranks


def corrected(decisions: Decisions, uses: Uses) -> Mask:
    """Mark the messages of which a person said another label than the answer, shape ``(n,)``."""
    out = np.zeros(len(decisions), bool)
    told = uses.where(uses.kind.is_(TOLD[0]) | uses.kind.is_(TOLD[1]))
    rows = places(told.decision, decisions)
    for task, column in decisions.labels.items():
        said = _labels_of(task, told.what)
        about = said[told.what.codes] != None  # noqa: E711 - elementwise
        answered = np.array(column.names, object)[column.codes[rows[about]]]
        differs = said[told.what.codes[about]] != answered
        out[rows[about][differs & (answered != NONE)]] = True
    return out


def _labels_of(task: str, what: Column) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the label that each ``task=label`` names for one task, None for those of others."""
    begin = f"{task}="
    named = [name[len(begin) :] if name.startswith(begin) else None for name in what.names]
    out = np.empty(len(named), object)
    out[:] = named
    return out


def _any(decisions: Decisions, kinds: tuple[str, ...]) -> Mask:
    out = np.zeros(len(decisions), bool)
    for column in decisions.decided.values():
        for kind in kinds:
            out |= column.is_(kind)
    return out


def as_mapping(found: Funnel) -> Mapping[str, int]:
    """Return the steps by name, in their order."""
    return {name: getattr(found, name) for name in Funnel.__slots__}
