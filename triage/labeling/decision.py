"""From a confidence to a decision: automate, suggest, or abstain with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from triage.domain import DecisionKind, LabelResult, Reason, Score
from triage.encoders.base import Vectors
from triage.labeling.calibration import Probabilities
from triage.labeling.taxonomy import Costs

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
        """Decide on the chosen label and its confidence."""
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


def choose(
    probabilities: Probabilities, costs: Costs | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose the label of least expected cost for each row of ``(n, labels)``.

    Every wrong answer costs what missing the true label costs, so the expected cost is least where
    probability times that cost is largest (Elkan 2001, "The Foundations of Cost-Sensitive
    Learning", section 1). Ties go to the first label.

    Args:
        probabilities: Shape ``(n, labels)``.
        costs: What missing each label costs, shape ``(labels,)``; all the same where None.

    Returns:
        The chosen columns and their own probabilities, each of shape ``(n,)``.
    """
    weighted = probabilities if costs is None else probabilities * costs
    columns = np.asarray(weighted.argmax(axis=1), np.int64)
    return columns, probabilities[np.arange(len(columns)), columns]


def result(
    labels: tuple[str, ...],
    probabilities: Probabilities,
    thresholds: Thresholds,
    refusal: Reason | None,
    costs: Costs | None = None,
) -> LabelResult:
    """Build the answer of one task from one row of probabilities ``(labels,)``.

    A refusal (wrong language, too short, ...) overrules any confidence. Alternatives are sorted by
    confidence: where labels differ in what missing them costs, shape ``(labels,)``, an alternative
    may be more confident than the label.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked = [Score(labels[i], float(probabilities[i])) for i in order]
    columns, confidence = choose(probabilities[None], costs)
    top = Score(labels[columns[0]], float(confidence[0]))
    others = [score for score in ranked if score.label != top.label]
    decision = "abstain" if refusal else thresholds.decide(top.label, top.confidence)
    reason: Reason | None = refusal or ("low_confidence" if decision == "abstain" else None)
    return LabelResult(
        label=None if decision == "abstain" else top.label,
        confidence=top.confidence,
        decision=decision,
        reason=reason,
        alternatives=tuple(ranked if decision == "abstain" else others),
        top_label=top.label,
    )
