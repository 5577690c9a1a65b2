"""Tables of one task: per label, most confused labels, and groups of rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from training.report.intervals import f1_interval, share
from training.report.private import printable
from training.report.subject import Answers, Json
from triage.errors import TriageError

WHOLE = 12
"""Labels up to which the whole confusion matrix is shown; above, as many of the most confused."""
PAIRS = 15
"""Confused pairs listed."""
LENGTHS = (50, 150, 500, 1500)
"""Upper ends, in characters, of the buckets of length."""
UNKNOWN = "not told"


def per_label(answers: Answers, labels: Sequence[str], train: Mapping[str, int]) -> list[Json]:
    """Measure each label: precision, recall and F1 with intervals, and how many rows carry it.

    Args:
        answers: What was answered.
        labels: Labels of the bundle; those only the rows carry follow.
        train: Label to training rows; empty where unknown.
    """
    actual, given = Counter(answers.truth.tolist()), Counter(answers.given.tolist())
    hits = Counter(answers.truth[answers.correct].tolist())
    strange = [label for label in sorted(actual) if label not in labels]
    table = []
    for label in (*labels, *strange):
        right, told, there = hits[label], given[label], actual[label]
        f1 = 2 * right / (told + there) if told + there else None
        table.append(
            {
                "label": printable(label),
                "precision": share(right, told),
                "recall": share(right, there),
                "f1": {"value": f1, "interval": f1_interval(right, told, there)},
                "support": there,
                "given": told,
                "train": train.get(label) if train else None,
                "known": label in labels,
            }
        )
    return table


def confusion(answers: Answers, labels: Sequence[str]) -> Json:
    """Count true against given labels; of many labels, those in the commonest mistakes."""
    wrong = ~answers.correct
    truth, given = answers.truth.tolist(), answers.given.tolist()
    pairs = Counter(
        (a, b) for a, b, missed in zip(truth, given, wrong, strict=True) if missed
    ).most_common()
    order = [*labels, *sorted(set(truth) - set(labels))]
    shown = order if len(order) <= WHOLE else _most_confused(pairs, order)
    cells = Counter(zip(truth, given, strict=True))
    actual = Counter(truth)
    counts = [[cells[a, b] for b in shown] for a in shown]
    return {
        "labels": [printable(label) for label in shown],
        "counts": counts,
        "others": [actual[a] - sum(row) for a, row in zip(shown, counts, strict=True)],
        "all_labels": len(order),
        "errors": int(wrong.sum()),
        "pairs": [
            {"true": printable(a), "given": printable(b), "count": n, "share": n / actual[a]}
            for (a, b), n in pairs[:PAIRS]
        ],
    }


def _most_confused(pairs: Sequence[tuple[tuple[str, str], int]], order: list[str]) -> list[str]:
    chosen: dict[str, None] = {}
    for pair, _ in pairs:
        if len(chosen.keys() | set(pair)) <= WHOLE:
            chosen |= dict.fromkeys(pair)
    return [label for label in order if label in chosen]


def groups(answers: Answers, names: Sequence[str], order: Sequence[str] = ()) -> list[Json]:
    """Measure groups of rows, the largest first unless an order is given.

    Args:
        answers: What was answered.
        names: Group of each row, ``m`` of them.
        order: Names in the order to show.

    Raises:
        TriageError: When names and rows differ in number.
    """
    if len(names) != len(answers.rows):
        raise TriageError("A name is needed for each row.")
    counts = Counter(names)
    chosen = order or [name for name, _ in counts.most_common()]
    every = np.asarray(names)
    automated = answers.kinds == "automate"
    table = []
    for name in chosen:
        rows = every == name
        if not rows.any():
            continue
        right, done = answers.correct[rows], automated[rows]
        table.append(
            {
                "group": printable(name) or UNKNOWN,
                "n": int(rows.sum()),
                "accuracy": share(int(right.sum()), len(right)),
                "automated": share(int(done.sum()), len(done)),
                "precision": share(int(right[done].sum()), int(done.sum())),
            }
        )
    return table


def length_bucket(text: str) -> str:
    """Name the bucket of a text's length in characters."""
    return LENGTH_NAMES[int(np.searchsorted(LENGTHS, len(text), side="right"))]


LENGTH_NAMES = (
    f"under {LENGTHS[0]}",
    *(f"{low} to {high - 1:,}" for low, high in pairwise(LENGTHS)),
    f"{LENGTHS[-1]:,} and more",
)
