"""The whole audit of labelled rows, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.audit.groups import Group, clusters, find_groups, lengths
from training.audit.neighbours import nearest
from training.audit.outliers import LEAST_ROWS, Outliers, find_outliers
from training.audit.scores import TaskAudit, audit_labels
from training.audit.twins import Twins, distinct, find_twins
from training.datasets import Examples
from training.encoders import Resolved
from training.features import embed
from triage.errors import ExportError

NEIGHBOURS = 10
"""Neighbours whose wording is compared, and of which the closest decide on outliers."""


@dataclass(frozen=True, slots=True, eq=False)
class Torn:
    """Rows whose near-duplicates carry another label in one task.

    Args:
        flags: Shape ``(n,)``.
        score: Share of the set with the row's own label, 1 where nothing is torn, shape ``(n,)``.
    """

    flags: NDArray[np.bool_]
    score: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What was found in rows; arrays have one value for each of them.

    Args:
        examples: The rows.
        labels: Task to its likely label errors; tasks with too few rows are missing.
        outliers: Messages unlike all others.
        twins: Messages said in nearly the same words.
        torn: Task to twins that contradict each other.
        groups: Groups that are labelled worse.
        looked: How many groups were compared.
        notes: What could not be looked at, and why.
    """

    examples: Examples
    labels: Mapping[str, TaskAudit]
    outliers: Outliers
    twins: Twins
    torn: Mapping[str, Torn]
    groups: Sequence[Group]
    looked: int
    notes: Sequence[str]


def audit(
    examples: Examples,
    resolved: Resolved,
    *,
    kinds: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
    jobs: int = -1,
    cache: Path | None = None,
    progress: Callable[[str], None] = print,
) -> Audit:
    """Look for labels, messages and groups that deserve a person's eye.

    Args:
        examples: Rows as read; an empty text is left alone.
        resolved: Encoders; the first profile is used.
        kinds: Further divisions into groups, such as the channel, by name.
        seed: The same seed, rows and encoders give the same audit.
        jobs: Processes, as joblib counts them.
        cache: Folder where embeddings are kept between runs, or None.
        progress: Takes one line a step.

    Raises:
        ExportError: When fewer than two messages have any text.
    """
    written = np.asarray([bool(text) for text in examples.texts])
    if written.sum() < 2:  # noqa: PLR2004 - nothing to compare
        raise ExportError("Fewer than two messages have any text: there is nothing to audit.")
    profile = resolved.profiles[0]
    progress(f"encoding {len(examples)} rows ({', '.join(sorted(set(profile.routes.values())))})")
    copies = embed(examples, resolved.encoders, (profile,), cache)
    vectors = copies.vectors[copies.routed[profile.name]]
    progress("comparing neighbours")
    rows, number = distinct(examples.texts)
    near = nearest(vectors[rows], NEIGHBOURS, seed)
    twins = find_twins(examples.texts, rows, number, near)
    found = find_outliers(near, number, examples.declared)
    outliers = Outliers(found.flags & written, found.score, found.nearest)
    labels, notes = audit_labels(examples, copies, profile.name, twins.sets, seed, jobs, progress)
    divisions = {
        "language": examples.declared,
        "length": lengths(examples.texts),
        "source": examples.sources,
        "cluster": clusters(vectors, examples.texts, examples.numbers, seed),
        **(kinds or {}),
    }
    groups, looked = find_groups(_hits(labels, len(examples)), divisions)
    if len(examples) < LEAST_ROWS:
        notes.append(f"outliers: {len(examples)} rows are too few; {LEAST_ROWS} are needed")
    torn = {task: find_torn(twins, examples.labels[task]) for task in examples.tasks}
    return Audit(examples, labels, outliers, twins, torn, groups, looked, notes)


def find_torn(twins: Twins, labels: Sequence[str]) -> Torn:
    """Find near-duplicates that carry different labels; rows without a label are left alone."""
    flags, score = np.zeros(len(labels), bool), np.ones(len(labels))
    for members in twins.members().values():
        answered = [row for row in members if labels[row]]
        given = [labels[row] for row in answered]
        if len(set(given)) > 1:
            flags[answered] = True
            score[answered] = [given.count(label) / len(given) for label in given]
    return Torn(flags, score)


def _hits(labels: Mapping[str, TaskAudit], count: int) -> dict[str, NDArray[np.float64]]:
    """Tell per task which rows the held-out model labels as given; nan where it says nothing."""
    out = {}
    for task, item in labels.items():
        out[task] = np.full(count, np.nan)
        out[task][item.rows] = item.predicted == item.given
    return out
