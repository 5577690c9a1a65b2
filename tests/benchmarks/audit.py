"""Plant label errors in a real set and count how many ``triage-train audit`` finds.

Run ``TRIAGE_DATASETS=... python tests/benchmarks/audit.py [ENCODER [SET...]]``. In banking77 and
multidogo's intents 5 % of the labels are flipped (seed 0), once to any other label, once to one of
the three labels whose messages lie nearest. Told: precision and recall of the flagged rows, the
share of planted errors among the k worst rows (k = number planted), and how many rows were flagged
before anything was planted. The sets have errors of their own, which count as false alarms here.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.audit.audit import Audit
from training.audit.audit import audit as run_audit
from training.config import Columns
from training.datasets import Examples
from training.encoders import Resolved, resolve
from training.features import embed
from training.ingest.table import read_export
from triage.encoders.base import Vectors
from triage.knowledge.finder import LANGUAGES
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

SETS = {"banking77": "intent", "multidogo": "intent"}
SHARE = 0.05
NEAREST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Rows with flipped labels.

    Args:
        examples: The rows.
        wrong: Which of them were flipped, shape ``(n,)``.
    """

    examples: Examples
    wrong: NDArray[np.bool_]


def plant(examples: Examples, task: str, vectors: Vectors | None, seed: int) -> Planted:
    """Flip a share of the labels, to any other or, given vectors, to one of the nearest labels."""
    draw = np.random.default_rng(seed)
    names, given = np.unique(examples.labels[task], return_inverse=True)
    rows = draw.choice(len(given), max(1, round(SHARE * len(given))), replace=False)
    near = _nearest(given, len(names), vectors)
    flipped = given.copy()
    for row in rows:
        options = near[given[row]]
        flipped[row] = options[draw.integers(len(options))]
    wrong = np.zeros(len(given), bool)
    wrong[rows] = True
    labels = {**examples.labels, task: tuple(str(names[at]) for at in flipped)}
    return Planted(replace(examples, labels=labels), wrong)


def figures(found: Audit, task: str, wrong: NDArray[np.bool_]) -> Mapping[str, float]:
    """Compare what was found in one task with what was planted."""
    item = found.labels[task]
    planted, flagged = wrong[item.rows], item.doubts.suspect
    worst = np.argsort(item.doubts.score, kind="stable")[: int(planted.sum())]
    return {
        "planted": int(planted.sum()),
        "flagged": int(flagged.sum()),
        "precision": float(planted[flagged].mean()) if flagged.any() else float("nan"),
        "recall": float(flagged[planted].mean()) if planted.any() else float("nan"),
        "in_top_k": float(planted[worst].mean()) if planted.any() else float("nan"),
    }


def _nearest(
    given: NDArray[np.int64], count: int, vectors: Vectors | None
) -> list[NDArray[np.int64]]:
    """List for each label those that it may be flipped to."""
    if vectors is None:
        return [np.delete(np.arange(count), own) for own in range(count)]
    centres = np.stack([vectors[given == label].mean(axis=0) for label in range(count)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    cosines = centres @ centres.T
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")
    return list(order[:, : min(NEAREST, count - 1)])


def _quiet(_: str) -> None:
    """Drop a line of progress."""


def _report(name: str, task: str, resolved: Resolved) -> None:
    path = Path(os.environ["TRIAGE_DATASETS"]) / name / "messages.csv.gz"
    columns = Columns("text", {task: task}, language="")
    examples = read_export(path, columns, LanguageIdentifier(LANGUAGES))
    cache = load_settings().home / "cache"
    profile = resolved.profiles[0]
    copies = embed(examples, resolved.encoders, (profile,), cache)
    vectors = copies.vectors[copies.routed[profile.name]]
    nothing = np.zeros(len(examples), bool)
    cases = {
        "none": Planted(examples, nothing),
        "any other label": plant(examples, task, None, 0),
        "a label nearby": plant(examples, task, vectors, 0),
    }
    for kind, case in cases.items():
        found = run_audit(case.examples, resolved, jobs=1, cache=cache, progress=_quiet)
        told = figures(found, task, case.wrong)
        shares = (
            " | ".join(f"{told[key]:.2f}" for key in ("precision", "recall", "in_top_k"))
            if kind != "none"
            else "- | - | -"
        )
        print(
            f"| {name} | {len(examples)} | {kind} | {told['planted']} | {told['flagged']} | "
            f"{shares} |",
            flush=True,
        )


def main() -> None:
    """Print one line a set and kind of error."""
    encoder = sys.argv[1] if len(sys.argv) > 1 else "twin"
    resolved = resolve(encoder, load_settings())
    print(f"encoder {encoder}")
    print("| set | rows | flipped to | planted | flagged | precision | recall | top-k |")
    print("|---|---|---|---|---|---|---|---|")
    for name in sys.argv[2:] or SETS:
        _report(name, SETS[name], resolved)


if __name__ == "__main__":
    main()
