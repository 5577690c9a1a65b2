"""Messages that champion and challenger label differently: the ones most worth a person's label."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from triage.domain import LabelResult, Message, Options
from triage.insights.texts import Kept
from triage.pipeline import Pipeline

READ = 400
"""Newest messages that both read."""
MOST = 100
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One task of one message on which the two differ; ``weight`` orders them."""

    number: int
    task: str
    champion: str
    champion_confidence: float
    challenger: str
    challenger_confidence: float

    @property
    def weight(self) -> float:
        """How sure the less sure of them is: where both are, one of them is surely wrong."""
        return min(self.champion_confidence, self.challenger_confidence)


@dataclass(frozen=True, slots=True)
class Contest:
    """What came of letting both read.

    Args:
        read: Messages that both read.
        agreed: Task to how many of them got one label from both.
        queue: Where they differ, what is most worth a label first.
    """

    read: int
    agreed: dict[str, int]
    queue: tuple[Disagreement, ...]


class Contests:
    """Lets two pipelines read kept texts and remembers their labels, not the texts."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, int], dict[str, LabelResult]] = {}
        self._lock = Lock()

    def hold(self, champion: Pipeline, challenger: Pipeline, kept: Sequence[Kept]) -> Contest:
        """Compare the labels of both for some messages.

        Both read the text as it was kept: comparing the challenger's label for a redacted text with
        the champion's for the whole one would blame it for the redaction.
        """
        tasks = tuple(t for t in champion.labeler.tasks if t in challenger.labeler.tasks)
        sides = [self._of(one, kept, tasks) for one in (champion, challenger)]
        with self._lock:
            self._labels = {
                (pipeline.bundle.id, one.number): labels
                for pipeline, side in zip((champion, challenger), sides, strict=True)
                for one, labels in zip(kept, side, strict=True)
            }
        agreed = dict.fromkeys(tasks, 0)
        queue = []
        for one, mine, theirs in zip(kept, *sides, strict=True):
            for task in tasks:
                if mine[task].top_label == theirs[task].top_label:
                    agreed[task] += 1
                else:
                    queue.append(_differ(one.number, task, mine[task], theirs[task]))
        queue.sort(key=lambda one: (-one.weight, -one.number, one.task))
        return Contest(len(kept), agreed, tuple(queue[:MOST]))

    def _of(
        self, pipeline: Pipeline, kept: Sequence[Kept], tasks: tuple[str, ...]
    ) -> list[dict[str, LabelResult]]:
        with self._lock:
            known = self._labels
        found = {one.number: known.get((pipeline.bundle.id, one.number)) for one in kept}
        fresh = [one for one in kept if found[one.number] is None]
        options = Options(suggestions=0, tasks=tasks)
        for start in range(0, len(fresh), _BATCH):
            part = fresh[start : start + _BATCH]
            messages = [Message(one.text, str(one.number), language=one.language) for one in part]
            results = pipeline.run(messages, options)
            found |= {
                one.number: dict(result.labels) for one, result in zip(part, results, strict=True)
            }
        return [found[one.number] or {} for one in kept]


def _differ(number: int, task: str, champion: LabelResult, challenger: LabelResult) -> Disagreement:
    return Disagreement(
        number,
        task,
        champion.top_label,
        champion.confidence,
        challenger.top_label,
        challenger.confidence,
    )
