"""Measure how often the precision contract of automatic decisions is kept on rows not seen.

Run: ``TRIAGE_DATASETS=... python tests/benchmarks/contract.py``; some minutes on one core. Heads of
one candidate are fitted once on the static encoder, each cluster of near-duplicates whole in one
fold; their out-of-fold scores are then cut 200 times at random into a calibration half, which sets
temperature and cut, and a test half, which is measured. Rows are drawn one by one, and again by
whole clusters, as if every template of the test half were new.

A cut at level 0.95 promises the precision of all mail to come, not that of one test half: the half
has noise of its own. Where both halves are equal, the calibrated precision lies 1.645 standard
errors above the contract, and the difference of the halves has 1.414 of them: so the plain share
should be 0.88, and level 0.99 (2.326 = 1.645 x 1.414 standard errors) should give 0.95. Drawn by
clusters, rows are not independent where templates are long-lived and err together: the bound counts
them as if they were.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from training.calibrate import fit_temperature
from training.candidates import Candidate
from training.config import AUTOMATE_BOUND, AUTOMATE_PRECISION, BOUND, Columns
from training.cuts import threshold
from training.datasets import Examples
from training.design import design
from training.encoders import resolve
from training.features import embed
from training.fit import fit_head
from training.ingest.table import read_export
from training.split import cluster
from triage.encoders.lexical import HashedNgrams
from triage.labeling.calibration import softmax
from triage.labeling.heads import Floats
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

SPLITS, SIGNIFICANT = 200, 0.05
LEVELS = (BOUND, AUTOMATE_BOUND)
CANDIDATE = Candidate(0, 10.0)
TECHNICAL = ("reportbrokensoftware", "softwareupdate", "checkserverstatus")
SETS: Mapping[str, tuple[str, Columns]] = {
    "banking77 intent": ("banking77/messages.csv.gz", Columns("text", {"task": "intent"})),
    "multidogo intent": ("multidogo/messages.csv.gz", Columns("text", {"task": "intent"})),
    "multidogo category": ("multidogo/messages.csv.gz", Columns("text", {"task": "intent"})),
}


def main() -> None:
    """Print the table."""
    print(
        f"{SPLITS} draws of halves, contract {AUTOMATE_PRECISION}; kept: precision of the "
        "automated rows of the test half\n"
    )
    print(
        "| data | rows | accuracy | drawn | level | no cut | kept: >= contract | kept: not "
        "significantly below | mean precision | 5 % quantile | mean coverage |\n"
        + "|---" * 11
        + "|"
    )
    for name in SETS:
        examples = read(name)
        clusters = cluster(examples)
        scores, truth = held_scores(examples, clusters)
        accuracy = float((scores.argmax(axis=1) == truth).mean())
        for drawn, units in (("rows", np.arange(len(examples))), ("clusters", clusters)):
            for level, cells in measured(scores, truth, units).items():
                row = f"| {name} | {len(examples)} | {accuracy:.3f} | {drawn} | {level} "
                print(row + cells, flush=True)


def read(name: str) -> Examples:
    """Read one of the sets; its categories are those of the starter's recipe."""
    file, columns = SETS[name]
    path = Path(os.environ["TRIAGE_DATASETS"]) / file
    examples = read_export(path, columns, LanguageIdentifier(("en",)))
    if name.endswith("category"):
        labels = examples.labels["task"]
        named = tuple("technical" if label in TECHNICAL else "service" for label in labels)
        examples = replace(examples, labels={"task": named})
    return examples.take(np.asarray([bool(text) for text in examples.texts]))


def held_scores(
    examples: Examples, clusters: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Return out-of-fold scores ``(n, labels)`` and the columns of the true labels ``(n,)``."""
    resolved = resolve("static", load_settings())
    copies = embed(examples, resolved.encoders, resolved.profiles, None)
    labels = tuple(sorted(set(examples.labels["task"])))
    fitted = fit_head(
        "task",
        labels,
        examples,
        design(examples, copies, HashedNgrams(bits=10)),
        clusters,
        fold_count=5,
        seed=0,
        jobs=1,
        candidates=[CANDIDATE],
    )
    truth = np.asarray([labels.index(label) for label in examples.labels["task"]])
    return next(iter(fitted.scores.values())), truth


def measured(
    scores: Floats, truth: NDArray[np.int64], units: NDArray[np.int64]
) -> dict[float, str]:
    """Draw the halves, units whole, and write the cells of each level's row."""
    found: dict[float, list[tuple[int, int, int]]] = {level: [] for level in LEVELS}
    for seed in range(SPLITS):
        calibration = (np.random.default_rng(seed).random(units.max() + 1) < 0.5)[units]
        temperature = fit_temperature(scores[calibration], truth[calibration])
        given = softmax(scores, temperature)
        confidence, correct = given.max(axis=1), given.argmax(axis=1) == truth
        known = confidence[calibration], correct[calibration]
        for level in LEVELS:
            cut = threshold(*known, AUTOMATE_PRECISION, level)
            automated = ~calibration & (confidence >= (2 if cut is None else cut))
            counted = int(correct[automated].sum()), int(automated.sum())
            found[level].append((*counted, int((~calibration).sum())))
    return {level: _cells(np.asarray(rows)) for level, rows in found.items()}


def _cells(draws: NDArray[np.int64]) -> str:
    right, count, rows = draws[draws[:, 1] > 0].T
    if not len(count):
        return f"| {SPLITS} | - | - | - | - | - |"
    precisions = right / count
    certain = binom.cdf(right, count, AUTOMATE_PRECISION) >= SIGNIFICANT
    return (
        f"| {SPLITS - len(count)} | {(precisions >= AUTOMATE_PRECISION).mean():.3f} | "
        f"{certain.mean():.3f} | {precisions.mean():.4f} | {np.quantile(precisions, 0.05):.4f} | "
        f"{(count / rows).mean():.3f} |"
    )


if __name__ == "__main__":
    main()
