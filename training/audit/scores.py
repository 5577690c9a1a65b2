"""Scores of every row by a model that has not seen it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.audit.confident import Doubts, find_doubts
from training.audit.twins import join_pairs
from training.calibrate import fit_temperature
from training.candidates import Candidate
from training.datasets import Examples, Rows
from training.design import Design, design
from training.features import Copies
from training.fit import FittedHead, fit_head
from training.split import cluster
from triage.encoders.lexical import HashedNgrams
from triage.errors import ExportError
from triage.labeling.calibration import softmax

DENSE = (Candidate(0, 1.0), Candidate(0, 10.0))
WITH_WORDS = (*DENSE, Candidate(4, 2.0))
FEW_LABELS = 16
"""Tasks up to so many labels are also tried with n-grams, which then help most and cost seconds."""
BITS = 16
FOLDS = 5
LEAST_ROWS, LEAST_LABEL_ROWS = 50, 5
"""Labelled rows that a task needs, and a label, before a doubt says more about the label than about
the model: every fold then holds at least one row of the label."""
PARALLEL_ROWS = 2_000
"""Rows below which starting processes takes longer than the folds."""
COMMON = 5
"""Pairs of labels that are told."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskAudit:
    """Label errors of one task; rows are positions in all examples.

    Args:
        task: Its name.
        labels: Its labels, in the order of columns.
        rows: Rows that answer it, shape ``(m,)``.
        given: Column of their labels, shape ``(m,)``.
        doubts: What confident learning says of them.
        predicted: Column of the likeliest label, shape ``(m,)``.
        unaudited: Labels with too few rows.
    """

    task: str
    labels: tuple[str, ...]
    rows: Rows
    given: NDArray[np.int64]
    doubts: Doubts
    predicted: NDArray[np.int64]
    unaudited: tuple[str, ...] = field(default=())

    @property
    def accuracy(self) -> float:
        """Share of rows where the likeliest label is the given one."""
        return float((self.predicted == self.given).mean())

    def common(self) -> list[tuple[str, str, int]]:
        """List the commonest pairs of given and suggested label among suspects, with counts."""
        suspect = self.doubts.suspect
        pairs = np.column_stack([self.given[suspect], self.doubts.suggested[suspect]])
        kinds, counts = np.unique(pairs, axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:COMMON]
        return [(self.labels[kinds[i][0]], self.labels[kinds[i][1]], int(counts[i])) for i in order]


def audit_labels(
    examples: Examples,
    copies: Copies,
    profile: str,
    twins: NDArray[np.int64],
    seed: int,
    jobs: int,
    progress: Callable[[str], None],
) -> tuple[dict[str, TaskAudit], list[str]]:
    """Audit the labels of every task that has enough rows.

    Args:
        examples: The rows, ``n`` of them.
        copies: Their embeddings.
        profile: Whose routing of languages to encoders the scores follow.
        twins: Set of near-duplicates of each row, -1 for none; a set is never cut, shape ``(n,)``.
        seed: Of the folds.
        jobs: Processes, as joblib counts them.
        progress: Takes one line a task.

    Returns:
        The audits by task, and a sentence for each task that cannot be audited.
    """
    matrices = design(examples, copies, HashedNgrams(bits=BITS))
    clusters = merged(cluster(examples), twins)
    audits: dict[str, TaskAudit] = {}
    refusals: list[str] = []
    for task in examples.tasks:
        audited = _audited(examples.labels[task])
        problem = _too_few(task, examples.labels[task], audited)
        if problem:
            refusals.append(problem)
            continue
        progress(f"{task}: scoring rows by models that have not seen them ({FOLDS} folds)")
        try:
            head = _fit(task, examples, matrices, clusters, seed, jobs)
        except ExportError as error:
            refusals.append(f"{task}: labels cannot be audited. {error.problem}")
            continue
        audits[task] = _judge(examples, head, profile, audited)
    return audits, refusals


def _fit(
    task: str,
    examples: Examples,
    matrices: Design,
    clusters: NDArray[np.int64],
    seed: int,
    jobs: int,
) -> FittedHead:
    labels = tuple(sorted(set(examples.labels[task]) - {""}))
    return fit_head(
        task,
        labels,
        examples,
        matrices,
        clusters,
        fold_count=FOLDS,
        seed=seed,
        jobs=jobs if len(examples) >= PARALLEL_ROWS else 1,
        candidates=WITH_WORDS if len(labels) <= FEW_LABELS else DENSE,
    )


def _judge(
    examples: Examples, fitted: FittedHead, profile: str, audited: frozenset[str]
) -> TaskAudit:
    task, labels = fitted.head.task, fitted.head.labels
    given = np.asarray([labels.index(examples.labels[task][row]) for row in fitted.rows])
    scores = fitted.scores[profile]
    chances = softmax(scores, fit_temperature(scores, given))
    doubts = find_doubts(chances, given, np.asarray([name in audited for name in labels]))
    rare = tuple(name for name in labels if name not in audited)
    return TaskAudit(task, labels, fitted.rows, given, doubts, chances.argmax(axis=1), rare)


def merged(clusters: NDArray[np.int64], twins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the clusters that arise when clusters and sets of twins are joined, ``(n,)``."""
    rows = np.flatnonzero(twins >= 0)
    groups = int(clusters.max()) + 1
    size = groups + (int(twins.max()) + 1 if len(rows) else 0)
    pairs = np.column_stack([clusters[rows], groups + twins[rows]])
    return join_pairs(size, pairs)[clusters]


def _audited(labels: Sequence[str]) -> frozenset[str]:
    names, counts = np.unique([label for label in labels if label], return_counts=True)
    return frozenset(names[counts >= LEAST_LABEL_ROWS].tolist())


def _too_few(task: str, labels: Sequence[str], audited: frozenset[str]) -> str:
    """Say why the labels of a task cannot be audited, or nothing."""
    answered = [label for label in labels if label]
    distinct = len(set(answered))
    if distinct < 2:  # noqa: PLR2004 - one label cannot be doubted in favour of another
        return f"{task}: labels cannot be audited, {'one label' if distinct else 'no label'} only"
    if len(answered) < LEAST_ROWS:
        return (
            f"{task}: labels cannot be audited, {len(answered)} labelled rows are too few; "
            f"{LEAST_ROWS} are needed"
        )
    if len(audited) < 2:  # noqa: PLR2004 - same
        return (
            f"{task}: labels cannot be audited, fewer than two labels have {LEAST_LABEL_ROWS} rows"
        )
    return ""
