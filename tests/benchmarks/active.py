"""Show that messages chosen by ``triage-train next`` teach more than random ones.

Run ``TRIAGE_DATASETS=... python tests/benchmarks/active.py``. banking77, MiniLM or the table: a
stratified fifth of the messages (seed 0) is kept to test on; 500 random ones of the rest are
labelled, then five times 200 more, chosen or random. One dense head, C=10, temperature from
out-of-fold scores, as a bundle has. Mean over three seeds.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from training.audit.choose import choose_next, doubt_of
from training.calibrate import fit_temperature
from training.candidates import Candidate
from training.config import Columns, SplitConfig
from training.design import design
from training.encoders import resolve
from training.features import Copies, embed
from training.fit import fit_head
from training.ingest.table import read_export
from training.split import cluster, split
from triage.encoders.lexical import HashedNgrams
from triage.knowledge.finder import LANGUAGES
from triage.labeling.calibration import Probabilities, softmax
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

START, STEP, STEPS, SEEDS = 500, 200, 5, 3
TASK = "intent"
Ints = NDArray[np.int64]
Choose = Callable[[Probabilities, Ints, Ints, int], Ints]


class Bench:
    """The messages with their vectors, parted into a pool and a test part."""

    def __init__(self, encoder: str) -> None:
        path = Path(os.environ["TRIAGE_DATASETS"]) / "banking77" / "messages.csv.gz"
        columns = Columns("text", {TASK: "intent"}, language="")
        settings = load_settings()
        self.examples = read_export(path, columns, LanguageIdentifier(LANGUAGES))
        resolved = resolve(encoder, settings)
        profile = resolved.profiles[0]
        cache = settings.home / "cache"
        copies = embed(self.examples, resolved.encoders, (profile,), cache)
        self.vectors = copies.vectors[copies.routed[profile.name]]
        self.labels = tuple(sorted(set(self.examples.labels[TASK])))
        sides = split(self.examples, SplitConfig(), 0)
        self.pool, self.test = sides.train, sides.test

    def learn(self, rows: Ints, seed: int) -> Probabilities:
        """Fit a head on rows; return the probabilities of every message."""
        part = self.examples.take(rows)
        ones = np.ones(len(rows))
        copies = Copies(self.vectors[rows], np.arange(len(rows)), {"": np.arange(len(rows))}, ones)
        head = fit_head(
            TASK, self.labels, part, design(part, copies, HashedNgrams(bits=12)), cluster(part),
            fold_count=5, seed=seed, jobs=1, candidates=[Candidate(0, 10.0)],
        )  # fmt: skip
        truth = np.asarray([self.labels.index(label) for label in part.labels[TASK]])
        temperature = fit_temperature(head.scores[""], truth)
        return softmax(self.vectors @ head.head.dense + head.head.bias, temperature)

    def score(self, given: Probabilities) -> tuple[float, float]:
        """Return accuracy and macro-F1 on the test part."""
        truth = [self.examples.labels[TASK][row] for row in self.test]
        guess = [self.labels[at] for at in given[self.test].argmax(axis=1)]
        right = float(np.mean([a == b for a, b in zip(truth, guess, strict=True)]))
        return right, float(f1_score(truth, guess, average="macro"))

    def chosen(self, given: Probabilities, rest: Ints, known: Ints, seed: int) -> Ints:
        """Choose as the command does."""
        doubt = doubt_of({TASK: given[rest]})
        texts = [self.examples.texts[row] for row in rest]
        codes = [self.examples.declared[row] for row in rest]
        picked = choose_next(
            self.vectors[rest], doubt.value, texts, codes, STEP,
            labelled=self.vectors[known], seed=seed,
        )  # fmt: skip
        return rest[picked]

    def unsure(self, given: Probabilities, rest: Ints, known: Ints, seed: int) -> Ints:  # noqa: ARG002 - one signature
        """Choose the least sure messages alone."""
        return rest[np.argsort(-doubt_of({TASK: given[rest]}).value, kind="stable")[:STEP]]


def at_random(given: Probabilities, rest: Ints, known: Ints, seed: int) -> Ints:  # noqa: ARG001 - one signature
    """Choose at random."""
    return np.random.default_rng([seed, len(known)]).choice(rest, STEP, replace=False)


def run(bench: Bench, choose: Choose, seed: int) -> list[tuple[float, float]]:
    """Label in steps; return accuracy and macro-F1 after each."""
    rows = np.random.default_rng(seed).choice(bench.pool, START, replace=False)
    given = bench.learn(rows, seed)
    scores = [bench.score(given)]
    for _ in range(STEPS):
        rest = np.setdiff1d(bench.pool, rows)
        rows = np.concatenate([rows, choose(given, rest, rows, seed)])
        given = bench.learn(rows, seed)
        scores.append(bench.score(given))
    return scores


def main() -> None:
    """Print accuracy and macro-F1 by way of choosing and number of labels."""
    encoder = sys.argv[1] if len(sys.argv) > 1 else "minilm"
    bench = Bench(encoder)
    print(f"banking77, {encoder}: {len(bench.pool)} in the pool, {len(bench.test)} to test")
    sizes = [START + STEP * step for step in range(STEPS + 1)]
    print("way | " + " | ".join(str(size) for size in sizes))
    ways: dict[str, Choose] = {
        "random": at_random,
        "unsure": bench.unsure,
        "next": bench.chosen,
    }
    for name, way in ways.items():
        scores = np.asarray([run(bench, way, seed) for seed in range(SEEDS)])
        means, spreads = scores.mean(axis=0), scores.std(axis=0)
        cells = [
            f"{mean[0]:.3f} ± {spread[0]:.3f} / {mean[1]:.3f}"
            for mean, spread in zip(means, spreads, strict=True)
        ]
        print(f"{name} | " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
