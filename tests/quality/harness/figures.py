"""Figures of labels, confidences and decisions, from what the service answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tests.quality.harness.cases import Case
from tests.quality.harness.service import Served
from tests.quality.harness.tables import Figures
from training.metrics import BINS, Report
from training.metrics import measure as measure_task
from triage.domain import LabelResult
from triage.labeling.calibration import Probabilities
from triage.labeling.costs import Costs
from triage.labeling.decision import Thresholds, choose

SIMULATIONS = 2000
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What one profile answered for one task, beside the truth; all run over the same ``n`` rows.

    Args:
        labels: Labels in the order of the columns.
        truth: True labels, shape ``(n,)``.
        probabilities: Shape ``(n, labels)``.
        decisions: Decisions as served, shape ``(n,)``.
        thresholds: Cuts of the task.
        ordinal: Whether the labels have an order.
        costs: The cost matrix, as served; all mistakes cost the same where None.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.str_]
    probabilities: Probabilities
    decisions: NDArray[np.str_]
    thresholds: Thresholds
    ordinal: bool
    costs: Costs | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.truth)

    @property
    def predicted(self) -> NDArray[np.str_]:
        """Top label of each row as served, whatever the decision."""
        return np.asarray(np.asarray(self.labels)[choose(self.probabilities, self.costs)[0]])

    @property
    def correct(self) -> Mask:
        """Whether the top label is right."""
        return np.asarray(self.predicted == self.truth)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Confidence of the top label."""
        return choose(self.probabilities, self.costs)[1]

    def take(self, rows: Mask) -> "Outcomes":
        """Return the chosen rows."""
        return Outcomes(
            self.labels,
            self.truth[rows],
            self.probabilities[rows],
            self.decisions[rows],
            self.thresholds,
            self.ordinal,
            self.costs,
        )

    def report(self) -> Report:
        """Measure as ``triage-train evaluate`` does."""
        return measure_task(
            self.labels,
            self.truth.tolist(),
            self.probabilities,
            self.thresholds,
            [""] * len(self),
            ordinal=self.ordinal,
            costs=self.costs,
        )


def ask(served: Served, task: str, cases: Sequence[Case]) -> Outcomes:
    """Ask for one task of cases that all answer it."""
    results = [result.labels[task] for result in served.answer([case.message for case in cases])]
    labels = served.labeler.labels(task)
    return Outcomes(
        labels=labels,
        truth=np.asarray([case.labels[task] for case in cases], np.str_),
        probabilities=np.asarray([_row(labels, result) for result in results], np.float64),
        decisions=np.asarray([result.decision for result in results], np.str_),
        thresholds=served.labeler.thresholds[task],
        ordinal=served.pipeline.bundle.manifest.taxonomy.tasks[task].ordinal,
        costs=served.labeler.costs.get(task),
    )


def _row(labels: Sequence[str], result: LabelResult) -> list[float]:
    given = {score.label: score.confidence for score in result.alternatives}
    given[result.top_label] = result.confidence
    return [given[label] for label in labels]


def label_figures(outcomes: Outcomes) -> Figures:
    """Return how right the top labels are, and how their confidence compares."""
    report = outcomes.report()
    return {key: report[key] for key in ("macro_f1", "accuracy", "ece")}


def ordinal_figures(outcomes: Outcomes, worst: str) -> Figures:
    """Return figures of a task whose labels have an order; ``worst`` must not be missed."""
    report = outcomes.report()
    rank = {label: place for place, label in enumerate(outcomes.labels)}
    steps = [
        abs(rank[a] - rank[b]) for a, b in zip(outcomes.predicted, outcomes.truth, strict=True)
    ]
    label = report["per_label"][worst]
    return {
        "macro_f1": report["macro_f1"],
        "quadratic_kappa": report["quadratic_kappa"],
        "mean_absolute_error": float(np.mean(steps)),
        f"{worst}_recall": label["recall"] if label["support"] else None,
        f"{worst}_precision": label["precision"] if label["support"] else None,
    }


def decision_figures(outcomes: Outcomes) -> Figures:
    """Return precision and coverage of automated and of all answered rows."""
    figures: dict[str, float | None] = {}
    automated = outcomes.decisions == "automate"
    for name, rows in (("automate", automated), ("answered", outcomes.decisions != "abstain")):
        figures[f"{name}_precision"] = float(outcomes.correct[rows].mean()) if rows.any() else None
        figures[f"{name}_coverage"] = float(rows.mean())
    figures["automated"] = int(automated.sum())
    return figures


def selective_figures(outcomes: Outcomes) -> Figures:
    """Return the largest coverage at each precision, and the error among those rows."""
    figures: dict[str, float | None] = {}
    order = np.argsort(-outcomes.confidence, kind="stable")
    for target, coverage in outcomes.report()["coverage_at_precision"].items():
        kept = outcomes.correct[order[: round(coverage * len(outcomes))]]
        name = f"at_{float(target):.0%}".rstrip("%")
        figures[f"coverage_{name}"] = coverage
        figures[f"risk_{name}"] = float(1 - kept.mean()) if len(kept) else None
    return figures


def ece_limit(confidence: NDArray[np.float64], seed: int = 0, bins: int = BINS) -> float:
    """Simulate the 95th percentile of ECE where every confidence is exactly right.

    Draws each row's correctness from its own confidence (consistency resampling, Broecker and
    Smith 2007) and bins as ECE does.
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    member = np.eye(bins)[which]
    draws = np.random.default_rng(seed).random((SIMULATIONS, len(confidence))) < confidence
    errors = np.abs((draws - confidence) @ member).sum(axis=1) / len(confidence)
    return float(np.quantile(errors, 0.95))


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """Return how often a message inside scores above one outside; None without either."""
    if not len(inside) or not len(outside):
        return None
    truth = np.repeat([1, 0], [len(inside), len(outside)])
    return float(roc_auc_score(truth, np.concatenate([inside, outside])))
