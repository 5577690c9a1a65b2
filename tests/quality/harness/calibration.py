"""Whether confidence means probability, and what the decisions made of it are worth."""

from tests.quality.harness.bench import Bench, rows_of
from tests.quality.harness.figures import (
    Outcomes,
    decision_figures,
    ece_limit,
    selective_figures,
)
from tests.quality.harness.plots import reliability
from tests.quality.harness.tables import Figures, Section, Table
from training.recipe import TASKS

KEYS = ("task", "language")


def measure(bench: Bench) -> Section:
    """Measure calibration and decisions per task and language; draw one diagram per task."""
    groups = [case.language for case in bench.own]
    outcomes = {task: bench.ask(task, bench.own) for task in TASKS}
    for task, ways in outcomes.items():
        reliability(ways, task, bench.out / f"reliability-{task}.svg")
    tables = [
        Table(
            name,
            note,
            KEYS,
            [r for task in TASKS for r in rows_of(outcomes[task], [task], groups, figures)],
        )
        for name, note, figures in (
            ("calibration", CALIBRATION, _calibration),
            ("selective", SELECTIVE, selective_figures),
            ("decisions", DECISIONS, decision_figures),
        )
    ]
    return Section("calibration", "Calibration and decisions, own held-out messages", tables)


CALIBRATION = (
    "ECE over 15 equal-width bins of the top label's confidence, beside the 95th percentile of ECE "
    "that 2000 simulations give at the same n and confidences if calibration were perfect; Brier "
    "score over all labels. Diagrams: reliability-TASK.svg."
)
SELECTIVE = (
    "Largest share of rows, most confident first, that reaches a precision on these very rows, and "
    "the error among them: what the confidences could do with the best cut."
)
DECISIONS = (
    "Decisions as served, refusals included: automate and answered (automate or suggest). The "
    "contracts are 0.95 and 0.80; precision of few rows says little."
)


def _calibration(outcomes: Outcomes) -> Figures:
    report = outcomes.report()
    limit = ece_limit(outcomes.confidence)
    return {"ece": report["ece"], "ece_limit": limit, "brier": report["brier"]}
