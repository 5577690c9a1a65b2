"""Figures of tasks that ask for the labels of one message together: sets, not single answers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from training.datasets import Examples
from training.metrics import expected_calibration_error
from triage.labeling.calibration import Probabilities
from triage.labeling.decision import choose
from triage.labeling.groups import ANSWERS, groups
from triage.labeling.labeler import Labeler


def joint(
    examples: Examples, probabilities: Mapping[str, Probabilities], labeler: Labeler
) -> dict[str, Any]:
    """Measure every group of yes-or-no tasks on the rows that answer all of it.

    The answer chosen for every label is scored, whether or not it would be given. ``accuracy`` is
    the share of messages whose labels are all right, ``ece`` that of the single answers.

    Args:
        examples: The rows.
        probabilities: Task to probabilities, each of shape ``(n, 2)``.
        labeler: What gave them.
    """
    tasks = [task for task in labeler.tasks if task in examples.tasks and task in probabilities]
    found: dict[str, Any] = {}
    for group, members in groups({task: labeler.labels(task) for task in tasks}).items():
        answered = np.logical_and.reduce([examples.answered(task) for task in members.values()])
        rows = np.flatnonzero(answered)
        if len(rows):
            found[group] = _measure(examples, probabilities, labeler, members, rows)
    return found


def told(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a run's figures that tells of groups; nothing where there are none."""
    return {"together": figures} if figures else {}


def _measure(
    examples: Examples,
    probabilities: Mapping[str, Probabilities],
    labeler: Labeler,
    members: Mapping[str, str],
    rows: np.ndarray[Any, Any],
) -> dict[str, Any]:
    truth, given, sure = [], [], []
    for task in members.values():
        columns, confidence = choose(probabilities[task][rows], labeler.costs.get(task))
        given.append(np.asarray(labeler.labels(task))[columns] == ANSWERS[1])
        truth.append(np.asarray([examples.labels[task][i] == ANSWERS[1] for i in rows]))
        sure.append(confidence)
    actual, predicted = np.column_stack(truth), np.column_stack(given)
    figures = precision_recall_fscore_support(actual, predicted, average=None, zero_division=0)
    right = actual == predicted
    return {
        "n": len(rows),
        "labels_per_message": float(actual.sum(axis=1).mean()),
        "without_label": float((~actual.any(axis=1)).mean()),
        "accuracy": float(right.all(axis=1).mean()),
        "micro_f1": float(f1_score(actual, predicted, average="micro", zero_division=0)),
        "macro_f1": float(f1_score(actual, predicted, average="macro", zero_division=0)),
        "ece": expected_calibration_error(np.column_stack(sure).ravel(), right.ravel()),
        "per_label": {
            label: {
                key: float(values[place])
                for key, values in zip(
                    ("precision", "recall", "f1", "support"), figures, strict=True
                )
            }
            for place, label in enumerate(members)
        },
    }
