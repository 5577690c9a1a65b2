"""Fit a head where dates decide: measured on newer rows than it saw, then fitted on all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.datasets import Examples
from training.fit import Candidate, Design, FittedHead
from triage.labeling.heads import Floats, Head, HeadStack


class Fit(Protocol):
    """Fits one task on the rows that answer it: cross-validates candidates, takes the best."""

    def __call__(
        self, examples: Examples, /, *, candidates: Sequence[Candidate] = ...
    ) -> FittedHead:
        """Fit, comparing the usual candidates unless others are given."""
        ...


def fit_forward(
    fit: Fit, examples: Examples, matrices: Design, older: NDArray[np.bool_] | None
) -> FittedHead:
    """Choose and score by the older rows alone, then fit the chosen candidate on all rows.

    The scores are those of one head that was fitted on the older rows, so none of the rows after
    them is scored by a head that has seen it, its twin or its future. Without older rows told
    apart, the scores are out of fold.

    Args:
        fit: How one task is fitted.
        examples: Training rows, calibration among them, ``n`` of them.
        matrices: The run's matrices.
        older: The rows before calibration, shape ``(n,)``, where dates decide.
    """
    if older is None:
        return fit(examples)
    first = fit(_only(examples, older))
    last = fit(examples, candidates=[first.chosen])
    scores = {
        profile: _scores(first.head, examples, matrices, profile)[last.rows]
        for profile in last.scores
    }
    return replace(last, scores=scores, table=first.table)


def _only(examples: Examples, rows: NDArray[np.bool_]) -> Examples:
    """Take the answers of all other rows away; the rows stay, so that matrices fit."""
    labels = {
        task: tuple(label if kept else "" for label, kept in zip(values, rows, strict=True))
        for task, values in examples.labels.items()
    }
    return replace(examples, labels=labels)


def _scores(head: Head, examples: Examples, matrices: Design, profile: str) -> Floats:
    """Score all rows as a profile would see them, shape ``(n, labels)``."""
    vectors = matrices.copies.vectors[matrices.copies.routed[profile]]
    stack = HeadStack([head], matrices.ngrams)
    return stack.scores(vectors, examples.texts)[head.task]
