"""What one model says of the rows of one period, by the code that serves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from training.backtest.history import History
from training.backtest.periods import Period
from triage.domain import DecisionKind, Reason
from triage.encoders.base import Vectors
from triage.labeling.decision import Thresholds
from triage.labeling.labeler import Labeler
from triage.text.language import LanguageIdentifier


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A labeller with what is known of its making.

    Args:
        labeler: As serving builds it.
        languages: Languages that it supports.
        trained_on: Task to the rows it was fitted on; empty where nobody knows.
        chosen: Task to the candidate that was taken.
    """

    labeler: Labeler
    languages: tuple[str, ...]
    trained_on: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One task in one period; sequences run over the period's rows that answer the task.

    Args:
        period: When.
        task: Name of the task.
        truth: True labels.
        given: Labels that the model holds for likeliest, or cheapest where misses have costs.
        confidence: Of these, shape ``(m,)``.
        decisions: What it would have done.
        reasons: Why it would have abstained.
        labels: Labels that the model knows.
        before: Label to its number of older rows.
        cuts: Its thresholds.
        trained_on: Rows it was fitted on, if known.
        chosen: The candidate that was taken, if known.
    """

    period: Period
    task: str
    truth: tuple[str, ...]
    given: tuple[str, ...]
    confidence: NDArray[np.float64]
    decisions: tuple[DecisionKind, ...]
    reasons: tuple[Reason | None, ...]
    labels: tuple[str, ...]
    before: Mapping[str, int]
    cuts: Thresholds
    trained_on: int | None
    chosen: str | None


def judge(model: Model, history: History, period: Period, vectors: Vectors) -> list[Judged]:
    """Label the rows of a period; a task that no row answers is left out.

    Args:
        model: Whom to ask.
        history: All rows.
        period: Which of them.
        vectors: Embeddings of all rows in the profile judged, shape ``(n, dim)``.
    """
    at = slice(period.first, period.stop)
    texts = history.examples.texts[at]
    read, refusals = model.labeler.read(vectors[at], texts, _standing(model, history, at))
    out = []
    for task, labels in history.examples.labels.items():
        rows = [i for i, label in enumerate(labels[at]) if label]
        if task not in read or not rows:
            continue
        answers = [model.labeler.decide(task, read[task][i], refusals[i]) for i in rows]
        out.append(
            Judged(
                period=period,
                task=task,
                truth=tuple(labels[period.first + i] for i in rows),
                given=tuple(answer.top_label for answer in answers),
                confidence=np.asarray([answer.confidence for answer in answers]),
                decisions=tuple(answer.decision for answer in answers),
                reasons=tuple(answer.reason for answer in answers),
                labels=model.labeler.labels(task),
                before=Counter(label for label in labels[: period.first] if label),
                cuts=model.labeler.thresholds[task],
                trained_on=model.trained_on.get(task),
                chosen=model.chosen.get(task),
            )
        )
    return out


def _standing(model: Model, history: History, at: slice) -> list[Reason | None]:
    """Say what stands against labelling before anything is encoded, as the pipeline would."""
    examples, known = history.examples, set(model.languages)
    identifier = _identifier(model.languages)
    out: list[Reason | None] = []
    for i in range(at.start, at.stop):
        if history.automatic[i]:
            out.append("auto_generated")
        elif examples.languages[i] in known:
            out.append(None)
        else:
            found = identifier.identify(examples.texts[i], examples.declared[i])
            out.append(None if found.supported else "unsupported_language")
    return out


@cache
def _identifier(languages: Sequence[str]) -> LanguageIdentifier:
    return LanguageIdentifier(languages)
