"""What a report is about: a labelling step, the rows it is measured on, and how it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets import Examples, Rows
from training.design import Design
from training.fit import FittedHead
from triage.bundle.store import Bundle
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.labeling.calibration import Probabilities
from triage.labeling.decision import choose
from triage.labeling.labeler import Labeler
from triage.labeling.taxonomy import Taxonomy

Json = dict[str, Any]
Strings = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One bundle in one profile, with its answers to labelled rows.

    Args:
        bundle: Its identifier.
        taxonomy: Its tasks and labels.
        labeler: Its labelling step.
        encoders: Its encoders.
        profile: The profile measured.
        examples: Labelled rows that it was not trained on, ``n`` of them.
        vectors: Their embeddings, shape ``(n, dim)``.
        probabilities: Task to calibrated probabilities, each of shape ``(n, labels)``.
    """

    bundle: str
    taxonomy: Taxonomy
    labeler: Labeler
    encoders: EncoderSet
    profile: Profile
    examples: Examples
    vectors: Vectors
    probabilities: Mapping[str, Probabilities]

    def answers(self, task: str) -> "Answers":
        """Return what is answered to the rows that carry a label of the task."""
        rows = np.flatnonzero(self.examples.answered(task))
        given = self.probabilities[task][rows]
        labels = np.asarray(self.labeler.labels(task))
        top, confidence = choose(given, self.labeler.costs.get(task))
        cuts = self.labeler.thresholds[task]
        kinds = [cuts.decide(*pair) for pair in zip(labels[top], confidence, strict=True)]
        truth = np.asarray([self.examples.labels[task][i] for i in rows])
        return Answers(rows, truth, labels[top], confidence, np.asarray(kinds), given)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks that both the rows and the bundle have, and that some row answers."""
        both = [task for task in self.examples.tasks if task in self.probabilities]
        return tuple(task for task in both if self.examples.answered(task).any())


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to the rows of one task, ``m`` of them.

    Args:
        rows: Numbers of the examples, shape ``(m,)``.
        truth: Their labels.
        given: Labels that would be served.
        confidence: Their calibrated probabilities, shape ``(m,)``.
        kinds: ``automate``, ``suggest`` or ``abstain``.
        probabilities: Shape ``(m, labels)``.
    """

    rows: Rows
    truth: Strings
    given: Strings
    confidence: NDArray[np.float64]
    kinds: Strings
    probabilities: Probabilities

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Tell which rows got their label, shape ``(m,)``."""
        return np.asarray(self.truth == self.given)


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """The training side of a run, where the report is made by it.

    Args:
        train: Training rows.
        fitted: Heads with their out-of-fold scores.
        matrices: What the heads were fitted on.
        jobs: Processes, as joblib counts them.
        seed: Of the draws of the learning curve.
    """

    train: Examples
    fitted: Sequence[FittedHead]
    matrices: Design
    jobs: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of a bundle beside its answers; all of it may be shown.

    Args:
        created: When it was made, ISO 8601.
        command: Command that made it, empty where unknown.
        metrics: Its recorded figures, as ``metrics.json`` keeps them.
        asked: Precision that automatic decisions must keep, by task.
        sizes: Part of the bundle to bytes.
        encoders: Encoder name to fingerprint.
        fingerprint: SHA-256 of all that decides its answers.
        recorded: The report that the bundle carries, where it has one and this run has no training.
    """

    created: str
    command: str
    metrics: Json
    asked: Mapping[str, float]
    sizes: Mapping[str, int]
    encoders: Mapping[str, str]
    fingerprint: str
    recorded: Json | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """The champion to compare with, or why there is none."""

    bundle: Bundle | None = None
    missing: str = "There is no champion yet."
