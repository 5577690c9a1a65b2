"""How far an exported encoder agrees with its model: in vectors, and in the labels of heads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from training.datasets import Examples, Rows
from triage.encoders.base import Encoder, Vectors

LEAST_COSINE = 0.97
"""Mean cosine below which an export is another encoder; MiniLM in int8 has 0.994."""
LEAST_LABELS = 0.95
"""Share of equal labels below which the heads notice the export; MiniLM in int8 has 0.98 on 77
intents."""
MOST_FITTED, MOST_HELD = 2_000, 300
STRENGTH, MAX_ITERATIONS = 10.0, 300


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was measured of an export beside its model.

    Attributes:
        texts: Texts that both encoded.
        cosine_mean: Mean cosine of the two rows of a text.
        cosine_min: The lowest.
        labels: Task to the share of texts that a head labels alike from both rows.
    """

    texts: int
    cosine_mean: float
    cosine_min: float
    labels: Mapping[str, float] = field(default_factory=dict)

    def poor(self) -> str:
        """Say what is too low; nothing when the export will do."""
        low = [] if self.cosine_mean >= LEAST_COSINE else [f"mean cosine {self.cosine_mean:.3f}"]
        low += [
            f"{100 * share:.0f} % of the labels of {task} alike"
            for task, share in self.labels.items()
            if share < LEAST_LABELS
        ]
        return ", ".join(low)

    def content(self) -> dict[str, Any]:
        """Return the figures for ``meta.json``, ``metrics.json`` and the card."""
        figures: dict[str, Any] = {
            "texts": self.texts,
            "cosine_mean": round(self.cosine_mean, 4),
            "cosine_min": round(self.cosine_min, 4),
        }
        labels = {task: round(share, 4) for task, share in self.labels.items()}
        return figures | ({"labels": labels} if labels else {})

    def describe(self) -> str:
        """Write the figures on one line."""
        alike = [f"labels of {task} {share:.3f} alike" for task, share in self.labels.items()]
        cosine = f"cosine {self.cosine_mean:.4f} in the mean, {self.cosine_min:.4f} at the lowest"
        return ", ".join([f"{self.texts} texts: {cosine}", *alike])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Training rows on which an export is judged: heads are fitted on some, the rest is held."""

    fitted: Examples
    held: Examples

    def fingerprint(self) -> str:
        """Compute the SHA-256 of both parts, by which a judgement is known again."""
        return sha256((self.fitted.fingerprint() + self.held.fingerprint()).encode()).hexdigest()


def judged_rows(examples: Examples, seed: int) -> Judged:
    """Draw the rows to judge on: at most 300 held, at most 2,000 to fit heads on."""
    filled = np.flatnonzero([bool(text.strip()) for text in examples.texts])
    order = np.random.default_rng(seed).permutation(filled)
    held = min(MOST_HELD, len(order) // 4)
    return Judged(
        fitted=examples.take(np.sort(order[held : held + MOST_FITTED])),
        held=examples.take(np.sort(order[:held])),
    )


def compare_vectors(
    wanted: Vectors, found: Vectors, labels: Mapping[str, float] | None = None
) -> Agreement:
    """Compare unit rows of the model and of its export, each of shape ``(n, dim)``."""
    cosine = (wanted * found).sum(axis=1)
    return Agreement(len(wanted), float(cosine.mean()), float(cosine.min()), labels or {})


def compare_labels(wanted: Vectors, encoder: Encoder, rows: Judged) -> Agreement:
    """Compare an export with its model on held rows, by their vectors and by labels.

    A head of each task is fitted on the export's vectors of the rows to fit; it then labels the
    held rows from the export's vectors and from the model's.

    Args:
        wanted: The model's rows of the held texts, shape ``(held, dim)``.
        encoder: The export.
        rows: What to judge on.
    """
    seen, found = encoder.encode(rows.fitted.texts), encoder.encode(rows.held.texts)
    alike = {}
    for task in rows.fitted.tasks:
        answered = np.flatnonzero(rows.fitted.answered(task))
        labels = [rows.fitted.labels[task][i] for i in answered]
        if len(set(labels)) > 1:
            given, model = labelled(seen[answered], labels, found, wanted)
            alike[task] = float(np.mean(given == model))
    return compare_vectors(wanted, found, alike)


def labelled(seen: Vectors, labels: Sequence[str], *others: Vectors) -> list[Rows]:
    """Fit a plain head on some rows and label others; labels are numbered in their order.

    Args:
        seen: Rows to fit on, shape ``(n, dim)``.
        labels: Their labels, at least two different ones.
        others: Rows to label, each of shape ``(m, dim)``.
    """
    numbers = np.unique(labels, return_inverse=True)[1]
    head = LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS, tol=1e-3).fit(seen, numbers)
    return [np.asarray(head.predict(rows), np.int64) for rows in others]
