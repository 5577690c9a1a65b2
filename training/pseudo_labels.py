"""Give public messages the labels that a head fitted on the others is sure of.

Pseudo-labelling (Lee 2013, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method
for Deep Neural Networks"): a public set answers one task; what it says of the others is filled in.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.calibrate import fit_temperature
from training.candidates import Candidate
from training.datasets import Examples
from training.encoders import Resolved
from training.features import embed
from training.fit import Design, design, fit_head
from training.split import cluster
from triage.encoders.lexical import HashedNgrams
from triage.labeling.calibration import softmax
from triage.labeling.heads import Head, HeadStack
from triage.labeling.taxonomy import Taxonomy

SURE = 0.8
"""Least calibrated probability, in every profile, of a label that is filled in."""
TEACHER = Candidate(4, 2.0)


def fill(  # noqa: PLR0913 - what decides a head
    examples: Examples,
    tasks: Sequence[str],
    taxonomy: Taxonomy,
    resolved: Resolved,
    cache: Path,
    bits: int,
    *,
    seed: int,
    jobs: int,
) -> Examples:
    """Label the rows that do not answer a task, where a head is sure of their label.

    The head never sees the rows that confidences are measured on, so that its labels cannot carry
    theirs into training; its own confidence is calibrated on them.

    Args:
        examples: Training rows, ``target`` marking those that confidences are measured on.
        tasks: Tasks to fill in.
        taxonomy: Their labels.
        resolved: Encoders and profiles; all profiles must agree.
        cache: Folder where embeddings are kept.
        bits: Buckets of n-grams, as a power of two.
        seed: Seed of the folds.
        jobs: Processes, as joblib counts them.
    """
    copies = embed(examples, resolved.encoders, resolved.profiles, cache)
    matrices = design(examples, copies, HashedNgrams(bits=bits))
    clusters = cluster(examples)
    labels = dict(examples.labels)
    for task in tasks:
        head = fit_head(
            task,
            taxonomy.labels(task),
            _without_target(examples, task),
            matrices,
            clusters,
            fold_count=2,
            seed=seed,
            jobs=jobs,
            candidates=(TEACHER,),
        ).head
        sure = _sure(head, examples, matrices)
        labels[task] = tuple(
            label or (head.labels[column] if column >= 0 else "")
            for label, column in zip(labels[task], sure.tolist(), strict=True)
        )
    return replace(examples, labels=labels)


def _without_target(examples: Examples, task: str) -> Examples:
    answers = tuple(
        "" if measured else label
        for label, measured in zip(examples.labels[task], examples.target.tolist(), strict=True)
    )
    return replace(examples, labels={task: answers})


def _sure(head: Head, examples: Examples, matrices: Design) -> NDArray[np.int64]:
    """Find the column of the label that all profiles are sure of, -1 for none, shape ``(n,)``."""
    stack = HeadStack([head], matrices.ngrams)
    rank = {label: column for column, label in enumerate(head.labels)}
    truth = np.asarray([rank.get(label, -1) for label in examples.labels[head.task]])
    measured = examples.target & (truth >= 0)
    least = np.ones((len(examples), len(head.labels)))
    for at in matrices.copies.routed.values():
        scores = stack.scores(matrices.copies.vectors[at], examples.texts)[head.task]
        temperature = fit_temperature(scores[measured], truth[measured])
        least = np.minimum(least, softmax(scores, temperature))
    return np.where(least.max(axis=1) >= SURE, least.argmax(axis=1), -1)
