"""Measure a labeller on labelled rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from training.datasets import Examples
from training.metrics import Report, measure
from triage.encoders.base import EncoderSet, Profile
from triage.errors import ExportError
from triage.labeling.calibration import Probabilities
from triage.labeling.labeler import Labeler
from triage.labeling.taxonomy import Taxonomy
from triage.shell import plain

SHOWN = 20
"""Labels named in one line."""
TIMED = 200
"""Messages that latency is measured on."""


def compare(examples: Examples, taxonomy: Taxonomy) -> list[str]:
    """List what of the rows cannot be scored: tasks and labels that the bundle does not have.

    Raises:
        ExportError: When the bundle has none of the tasks, or none of the labels of one.
    """
    lines = []
    missing = [task for task in examples.tasks if task not in taxonomy.tasks]
    if len(missing) == len(examples.tasks):
        raise ExportError(
            f"None of the tasks {', '.join(missing)} is in the bundle.",
            fix=f"Its tasks are: {', '.join(taxonomy.tasks)}.",
        )
    if missing:
        lines.append(f"the bundle has no task {', '.join(missing)}: not measured")
    for task in (task for task in examples.tasks if task in taxonomy.tasks):
        known = taxonomy.labels(task)
        counts = Counter(label for label in examples.labels[task] if label)
        strange = {label: count for label, count in counts.most_common() if label not in known}
        if counts and len(strange) == len(counts):
            raise ExportError(
                f"The bundle knows no label of task {task} in the export: it has "
                f"{', '.join(known)}; the export has {_shown(list(strange))}.",
                fix=f"Rename with --map {task}:VALUE=LABEL.",
            )
        if strange:
            lines.append(_unlearned(task, strange))
        if not counts:
            lines.append(f"no row has a label of task {task}: not measured")
    return lines


def unlearned(examples: Examples, taxonomy: Taxonomy) -> list[str]:
    """List the labels of test rows that no training row has, so that no bundle can learn them."""
    lines = []
    for task in (task for task in examples.tasks if task in taxonomy.tasks):
        known = {"", *taxonomy.labels(task)}
        strange = Counter(label for label in examples.labels[task] if label not in known)
        if strange:
            lines.append(_unlearned(task, strange))
    return lines


def _unlearned(task: str, strange: Mapping[str, int]) -> str:
    told = _shown([f"{plain(label)} {count}" for label, count in strange.items()])
    return f"task {task} has no label {told}: each such row counts as an error"


def _shown(names: Sequence[str]) -> str:
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def predict(
    examples: Examples, labeler: Labeler, encoders: EncoderSet, profile: Profile
) -> dict[str, Probabilities]:
    """Compute calibrated probabilities of every task, each of shape ``(n, labels)``."""
    vectors = encoders.encode(examples.texts, examples.languages, profile)
    return labeler.probabilities(vectors, examples.texts)


def latency(
    examples: Examples, labeler: Labeler, encoders: EncoderSet, profile: Profile
) -> dict[str, float]:
    """Measure medians in milliseconds of encoding one message and of scoring it by all heads."""
    taken: dict[str, list[float]] = {"encode": [], "heads": []}
    for text, code in list(zip(examples.texts, examples.languages, strict=True))[:TIMED]:
        begun = perf_counter()
        vectors = encoders.encode([text], [code], profile)
        encoded = perf_counter()
        labeler.probabilities(vectors, [text])
        taken["encode"].append((encoded - begun) * 1000)
        taken["heads"].append((perf_counter() - encoded) * 1000)
    return {name: round(median(values), 3) for name, values in taken.items()}


def evaluate(
    examples: Examples,
    probabilities: Mapping[str, Probabilities],
    labeler: Labeler,
    taxonomy: Taxonomy,
) -> dict[str, Report]:
    """Measure every task that both the rows and the labeller have.

    The label chosen for every row is scored, by the labeller's costs where it has them; thresholds
    matter for ``automate`` alone. A task that no row answers is left out.
    """
    tasks: dict[str, Any] = {}
    for task in examples.tasks:
        rows = np.flatnonzero(examples.answered(task))
        if task not in probabilities or not len(rows):
            continue
        tasks[task] = measure(
            labeler.labels(task),
            [examples.labels[task][i] for i in rows],
            probabilities[task][rows],
            labeler.thresholds[task],
            [examples.declared[i] for i in rows],
            ordinal=taxonomy.tasks[task].ordinal,
            costs=labeler.costs.get(task),
        )
    return tasks
