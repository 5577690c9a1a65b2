"""From a confidence to a decision: automate, suggest, or abstain with a reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from triage.domain import DecisionKind, LabelResult, Reason, Score
from triage.encoders.base import Vectors
from triage.labeling.calibration import Probabilities
from triage.labeling.costs import ROUNDING, Costs

MIN_LETTERS = 3
MIN_IDEOGRAPHS = 2
_IDEOGRAPHS = ("\u3400", "\u9fff")
_THREE_LETTERS = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence cuts of one task.

    ``automate_at`` is None where the calibration rows cannot support the precision asked for;
    ``suggest_at`` above one means that even suggestions cannot be supported. The cuts of a label or
    a language stand in the place of the task's; where both have their own, each must be passed.
    """

    suggest_at: float
    automate_at: float | None = None
    per_label: Mapping[str, "Thresholds"] = field(default_factory=dict)
    per_language: Mapping[str, "Thresholds"] = field(default_factory=dict)

    def decide(
        self, label: str, confidence: float, language: str = "", *, affordable: bool = True
    ) -> DecisionKind:
        """Decide on the chosen label.

        Args:
            label: The label.
            confidence: Its probability.
            language: Language code of the message.
            affordable: Whether giving it is expected to cost less than a person's work; what costs
                as much is not automated.
        """
        own = (self.per_label.get(label), self.per_language.get(language))
        cuts = [part for part in own if part] or [self]
        sure = [part.automate_at is not None and confidence >= part.automate_at for part in cuts]
        if affordable and all(sure):
            return "automate"
        likely = [confidence >= part.suggest_at for part in cuts]
        return "suggest" if all(likely) else "abstain"


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What the training messages covered: centroids ``(k, dim)`` and the least cosine to one."""

    centroids: Vectors
    min_cosine: float

    def outside(self, vectors: Vectors) -> list[bool]:
        """Tell for each row of ``(n, dim)`` whether it lies far from all training messages."""
        nearest = np.maximum.reduce(np.vecmat(vectors, self.centroids.T), axis=1)
        outside: list[bool] = (nearest < self.min_cosine).tolist()
        return outside


def too_short(text: str) -> bool:
    """Tell whether a text has too few letters to mean anything."""
    if _THREE_LETTERS.match(text):
        return False
    letters = list(islice(filter(str.isalpha, text), MIN_LETTERS))
    ideographs = sum(_IDEOGRAPHS[0] <= char <= _IDEOGRAPHS[1] for char in letters)
    return len(letters) < MIN_LETTERS and ideographs < MIN_IDEOGRAPHS


def choose(
    probabilities: Probabilities, costs: Costs | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose the label of least expected cost for each row of ``(n, labels)``.

    The expected cost of a label is what giving it costs where another is true, weighted by the
    probability of each (Elkan 2001, "The Foundations of Cost-Sensitive Learning", section 1).
    Ties go to the likelier label, then to the first.

    Args:
        probabilities: Shape ``(n, labels)``.
        costs: The cost matrix; every mistake costs the same where None.

    Returns:
        The chosen columns and their own probabilities, each of shape ``(n,)``.
    """
    likely = probabilities
    if costs is not None:
        expected = costs.expected(probabilities)
        least, most = (limit(axis=1, keepdims=True) for limit in (expected.min, expected.max))
        likely = np.where(expected <= least + ROUNDING * most, probabilities, -1.0)
    columns = np.asarray(likely.argmax(axis=1), np.int64)
    return columns, probabilities[np.arange(len(columns)), columns]


def result(
    labels: tuple[str, ...],
    probabilities: Probabilities,
    thresholds: Thresholds,
    refusal: Reason | None,
    costs: Costs | None = None,
    language: str = "",
) -> LabelResult:
    """Build the answer of one task from one row of probabilities ``(labels,)``.

    A refusal (wrong language, too short, ...) overrules any confidence. Alternatives are sorted by
    confidence: where mistakes differ in cost, an alternative may be more confident than the label.
    """
    chances = probabilities.tolist()
    # A sort is stable: labels of equal confidence keep their order.
    order = sorted(range(len(chances)), key=chances.__getitem__, reverse=True)
    ranked = [Score(labels[i], chances[i]) for i in order]
    place, affordable = 0, True
    if costs is not None:
        # As ``choose`` does: of the labels that cost least, the likeliest, and then the first.
        expected = costs.expected_of(chances)
        limit = min(expected) + ROUNDING * max(expected)
        place = next(rank for rank, column in enumerate(order) if expected[column] <= limit)
        affordable = costs.is_affordable(expected[order[place]])
    top, others = ranked[place], [*ranked[:place], *ranked[place + 1 :]]
    decided = thresholds.decide(top.label, top.confidence, language, affordable=affordable)
    decision = "abstain" if refusal else decided
    reason: Reason | None = refusal or ("low_confidence" if decision == "abstain" else None)
    return LabelResult(
        label=None if decision == "abstain" else top.label,
        confidence=top.confidence,
        decision=decision,
        reason=reason,
        alternatives=tuple(ranked if decision == "abstain" else others),
        top_label=top.label,
    )
