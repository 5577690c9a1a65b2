"""The labelling step of one profile: scores, confidence, decision, evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from triage.domain import LabelResult, Reason
from triage.encoders.base import Vectors
from triage.labeling.calibration import Calibrator, Probabilities, SideBySide
from triage.labeling.costs import Costs
from triage.labeling.decision import Scope, Thresholds, result, too_short
from triage.labeling.evidence import Span, explain, segments, versions
from triage.labeling.groups import groups
from triage.labeling.guard import GUARD, Guard
from triage.labeling.heads import HeadStack


@dataclass(frozen=True, eq=False)
class Labeler:
    """Heads with the temperatures, thresholds and scope of one profile.

    ``costs`` has the cost matrix of each task; a task without one gives its likeliest label.
    """

    heads: HeadStack
    calibrator: Calibrator
    thresholds: Mapping[str, Thresholds]
    scope: Scope
    guard: Guard | None = None
    costs: Mapping[str, Costs] = field(default_factory=dict)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Tasks in their order, without the guard."""
        return tuple(task for task in self.heads.tasks if task != GUARD)

    @property
    def groups(self) -> dict[str, dict[str, str]]:
        """Groups of tasks that ask for the labels of one message: name to {label: task}."""
        return groups({task: self.labels(task) for task in self.tasks})

    def labels(self, task: str) -> tuple[str, ...]:
        """List the labels of a task in the order of its probabilities."""
        return self.heads.heads[task].labels

    def probabilities(self, vectors: Vectors, texts: Sequence[str]) -> dict[str, Probabilities]:
        """Compute calibrated probabilities of every task, each of shape ``(n, labels)``."""
        given = self._calibrated(vectors, texts)
        return {task: given[task] for task in self.tasks}

    def read(
        self, vectors: Vectors, texts: Sequence[str], given: Sequence[Reason | None]
    ) -> tuple[dict[str, Probabilities], list[Reason | None]]:
        """Compute the probabilities, and say for each message why no label may be given, or None.

        Args:
            vectors: Shape ``(n, dim)``.
            texts: The cleaned texts.
            given: Reasons found before encoding; they stand unless the text is too short.
        """
        chances = self._calibrated(vectors, texts)
        far = self.scope.outside(vectors)
        guarded: list[Reason | None] = [None] * len(texts)
        if self.guard is not None:
            guarded = self.guard.reasons(chances[GUARD])
        refusals = [
            _refusal(text, reason, seen or ("out_of_scope" if outside else None))
            for text, reason, seen, outside in zip(texts, given, guarded, far, strict=True)
        ]
        return {task: chances[task] for task in self.tasks}, refusals

    def _calibrated(self, vectors: Vectors, texts: Sequence[str]) -> dict[str, Probabilities]:
        """Compute the probabilities of every task and of the guard."""
        found = self._side_by_side.probabilities(self.heads.table(vectors, texts))
        return dict(zip(self.heads.heads, found, strict=True))

    @cached_property
    def _side_by_side(self) -> SideBySide:
        guarding = {GUARD: self.guard.temperature if self.guard else 1.0}
        temperatures = {**self.calibrator.temperatures, **guarding}
        heads = self.heads.heads
        sizes = [len(head.labels) for head in heads.values()]
        return SideBySide([temperatures[task] for task in heads], sizes)

    def decide(
        self, task: str, probabilities: Probabilities, refusal: Reason | None, language: str = ""
    ) -> LabelResult:
        """Build the answer of one task from one row of probabilities ``(labels,)``.

        A language with cuts of its own has them applied where its code is given.
        """
        cuts, costs = self.thresholds[task], self.costs.get(task)
        return result(self.labels(task), probabilities, cuts, refusal, costs, language)

    def evidence(
        self,
        labels: Mapping[str, str],
        text: str,
        encode: Callable[[Sequence[str]], Vectors],
    ) -> dict[str, list[Span]]:
        """Find the stretches of a cleaned text that spoke for each task's label.

        Args:
            labels: Task to the label to explain.
            text: The cleaned text.
            encode: Called once with the text and every version that lacks a stretch.
        """
        parts = segments(text)
        changed = versions(text, parts)
        scores = self.heads.scores(encode(changed), changed)
        return {
            task: explain(text, parts, scores[task], self.labels(task).index(label))
            for task, label in labels.items()
        }


def _refusal(text: str, given: Reason | None, found: Reason | None) -> Reason | None:
    if given == "auto_generated":
        return given
    return "too_short" if too_short(text) else given or found
