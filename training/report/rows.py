"""Single rows that a report shows: worst errors, doubtful labels, answers that flip."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.datasets import Examples
from training.fit import FittedHead
from training.report.private import excerpt, named, printable
from training.report.subject import Answers, Json, Subject
from triage.labeling.calibration import Probabilities, softmax
from triage.labeling.evidence import Span, segments

ERRORS, SUSPECTS, FLIPPED = 12, 15, 6
"""Rows shown of each kind."""
EXPLAINED = 60_000
"""Characters encoded to explain the errors of one task: a second or two on the slowest encoder."""


def worst_errors(subject: Subject, task: str, answers: Answers) -> list[Json]:
    """Show the errors that were surest of themselves, with the words that spoke for them."""
    wrong = np.flatnonzero(~answers.correct)
    order = wrong[np.argsort(-answers.confidence[wrong], kind="stable")][:ERRORS]
    left = EXPLAINED
    table = []
    for at in order:
        row, given = int(answers.rows[at]), str(answers.given[at])
        text = subject.examples.texts[row]
        cost = len(text) * (1 + len(segments(text)))
        spans = _evidence(subject, task, given, row) if cost <= left else []
        left -= cost if cost <= left else 0
        table.append(
            {
                **_row(subject.examples, row, spans),
                "true": printable(str(answers.truth[at])),
                "given": printable(given),
                "confidence": float(answers.confidence[at]),
                "kind": str(answers.kinds[at]),
            }
        )
    return table


def _evidence(subject: Subject, task: str, label: str, row: int) -> Sequence[Span]:
    language = subject.examples.languages[row]

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return subject.encoders.encode(texts, [language] * len(texts), subject.profile)

    return subject.labeler.evidence({task: label}, subject.examples.texts[row], encode)[task]


def _row(examples: Examples, row: int, spans: Sequence[Span] = ()) -> Json:
    return {
        "id": named(examples.ids[row]),
        "row": examples.numbers[row],
        "language": examples.declared[row],
        "pieces": excerpt(examples.texts[row], spans),
    }


def out_of_fold(
    item: FittedHead, profile: str, temperature: float, train: Examples
) -> tuple[NDArray[np.int64], NDArray[np.int64], Probabilities]:
    """Return training rows, columns of their labels, and what the folds that missed them said."""
    rank = {label: i for i, label in enumerate(item.head.labels)}
    truth = np.asarray([rank[train.labels[item.head.task][i]] for i in item.rows], np.int64)
    return item.rows, truth, softmax(item.scores[profile], temperature)


def suspects(
    examples: Examples,
    labels: Sequence[str],
    rows: NDArray[np.int64],
    truth: NDArray[np.int64],
    probabilities: Probabilities,
) -> Json:
    """Rank rows by the confidence in their own label, least first, and estimate the wrong ones.

    A label counts as likely wrong where another label is as probable as rows of that other label
    are on average, and likelier than all others that are (Northcutt et al. 2021, "Confident
    Learning", section 3.1).

    Args:
        examples: Rows of the export.
        labels: Labels in the order of the columns.
        rows: Numbers of the examples looked at, ``m`` of them.
        truth: Column of the label of each, shape ``(m,)``.
        probabilities: Of a labeller that did not see the row, shape ``(m, labels)``.
    """
    own = probabilities[np.arange(len(truth)), truth]
    usual = np.asarray([_mean(probabilities[truth == j, j]) for j in range(len(labels))])
    confident = np.where(probabilities >= usual, probabilities, -1.0)
    other = confident.argmax(axis=1)
    likely = (confident.max(axis=1) >= 0) & (other != truth)
    order = np.argsort(own, kind="stable")
    chosen = [at for at in order if likely[at]][:SUSPECTS]
    return {
        "rows": len(rows),
        "likely": int(likely.sum()),
        "suspects": [
            {
                **_row(examples, int(rows[at])),
                "label": printable(labels[truth[at]]),
                "own": float(own[at]),
                "other": printable(labels[other[at]]),
                "confidence": float(probabilities[at, other[at]]),
            }
            for at in chosen
        ],
    }


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 1.01


def flipped(
    examples: Examples,
    ids: Mapping[str, Sequence[str]],
    sides: Mapping[str, tuple[str, str]],
    truth: Mapping[str, str],
) -> dict[str, list[Json]]:
    """Show some rows of each kind of flip.

    Args:
        examples: The rows compared.
        ids: Kind of flip to the ids of its rows.
        sides: Id to the labels of champion and challenger.
        truth: Id to the true label.
    """
    place = {id_: i for i, id_ in enumerate(examples.ids)}
    return {
        kind: [
            {
                **_row(examples, place[id_]),
                "true": printable(truth[id_]),
                "champion": printable(sides[id_][0]),
                "challenger": printable(sides[id_][1]),
            }
            for id_ in chosen[:FLIPPED]
        ]
        for kind, chosen in ids.items()
    }
