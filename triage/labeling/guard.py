"""Whether a message is a customer's request at all: a head that refuses and never labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from triage.domain import Reason
from triage.labeling.calibration import Probabilities

GUARD = "_guard"
"""Name of the guard among the heads; tasks of a taxonomy never begin with an underscore."""
REASONS: tuple[Reason, ...] = ("auto_generated", "out_of_scope")
LABELS = ("in_scope", *REASONS)
"""Labels of the guard's head, in the order of its columns."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The temperature of the guard's head and the least probability that refuses, by reason."""

    temperature: float
    refuse_at: Mapping[Reason, float]

    def reasons(self, probabilities: Probabilities) -> list[Reason | None]:
        """Give the likeliest reason that reaches its cut, or None, for rows of shape ``(n, 3)``."""
        cuts = [self.refuse_at[reason] for reason in REASONS]
        rows: list[list[float]] = probabilities[:, 1:].tolist()
        return [_reason(row, cuts) for row in rows]


def _reason(probabilities: Sequence[float], cuts: Sequence[float]) -> Reason | None:
    held = [
        chance if chance >= cut else 0.0 for chance, cut in zip(probabilities, cuts, strict=True)
    ]
    return REASONS[held.index(max(held))] if any(held) else None
