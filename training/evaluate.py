"""Measure a labeller on labelled rows."""

from collections.abc import Mapping
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from training.datasets import Examples
from training.metrics import Report, measure
from triage.encoders.base import EncoderSet, Profile
from triage.labeling.calibration import Probabilities
from triage.labeling.labeler import Labeler
from triage.labeling.taxonomy import Taxonomy

TIMED = 200
"""Messages that latency is measured on."""


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

    The top label of every row is scored; thresholds matter for ``automate`` alone. A task that no
    row answers is left out.
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
        )
    return tasks
