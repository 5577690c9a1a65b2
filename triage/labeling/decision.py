"""From a confidence to a decision: automate, suggest, or abstain with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from triage.domain import DecisionKind, LabelResult, Reason, Score
from triage.encoders.base import Vectors
from triage.labeling.calibration import Probabilities

MIN_LETTERS = 3
MIN_IDEOGRAPHS = 2
_IDEOGRAPHS = ("\u3400", "\u9fff")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence cuts of one task.

    ``automate_at`` is None where the calibration rows cannot support the precision asked for;
    ``suggest_at`` above one means that even suggestions cannot be supported.
    """

    suggest_at: float
    automate_at: float | None = None
    per_label: Mapping[str, "Thresholds"] = field(default_factory=dict)

    def decide(self, label: str, confidence: float) -> DecisionKind:
        """Decide on a top label and its confidence."""
        cuts = self.per_label.get(label, self)
        if cuts.automate_at is not None and confidence >= cuts.automate_at:
            return "automate"
        return "suggest" if confidence >= cuts.suggest_at else "abstain"


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What the training messages covered: centroids ``(k, dim)`` and the least cosine to one."""

    centroids: Vectors
    min_cosine: float

    def outside(self, vectors: Vectors) -> list[bool]:
        """Tell for each row of ``(n, dim)`` whether it lies far from all training messages."""
        nearest = (vectors @ self.centroids.T).max(axis=1)
        return [bool(value) for value in nearest < self.min_cosine]


def too_short(text: str) -> bool:
    """Tell whether a text has too few letters to mean anything."""
    letters = list(islice(filter(str.isalpha, text), MIN_LETTERS))
    ideographs = sum(_IDEOGRAPHS[0] <= char <= _IDEOGRAPHS[1] for char in letters)
    return len(letters) < MIN_LETTERS and ideographs < MIN_IDEOGRAPHS


def result(
    labels: tuple[str, ...],
    probabilities: Probabilities,
    thresholds: Thresholds,
    refusal: Reason | None,
) -> LabelResult:
    """Build the answer of one task from one row of probabilities ``(labels,)``.

    A refusal (wrong language, too short, ...) overrules any confidence.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked = [Score(labels[i], float(probabilities[i])) for i in order]
    top = ranked[0]
    decision = "abstain" if refusal else thresholds.decide(top.label, top.confidence)
    reason: Reason | None = refusal or ("low_confidence" if decision == "abstain" else None)
    return LabelResult(
        label=None if decision == "abstain" else top.label,
        confidence=top.confidence,
        decision=decision,
        reason=reason,
        alternatives=tuple(ranked if decision == "abstain" else ranked[1:]),
        top_label=top.label,
    )
