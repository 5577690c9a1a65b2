"""Public sets, each alone: the rows that no training may see."""

from pathlib import Path

import numpy as np

from tests.quality.harness.bench import NO_PUBLIC_SETS, Bench
from tests.quality.harness.cases import measured_sets, public_cases
from tests.quality.harness.figures import Mask, Outcomes, decision_figures, label_figures
from tests.quality.harness.tables import Figures, Row, Section, Table
from training.recipe import TASKS, PublicSet

TITLE = "Public sets"


def measure(bench: Bench) -> Section:
    """Measure each public set alone: macro-F1, or recall where it holds one label."""
    if bench.datasets is None:
        return Section("public", TITLE, [], [NO_PUBLIC_SETS])
    rows = [row for part in measured_sets() for row in _rows(bench, part, bench.datasets)]
    note = (
        "Rows never trained on (multidogo's dev split, a hashed fifth of the others), cleaned as "
        "served; mappings in training/starter.toml and tests/quality/public_sets.toml. Rows whose "
        "very words also stand among the training rows are left out: `repeats` is their share, "
        "`with_repeats` the macro-F1 or recall over all rows. A set with one label has no "
        "macro-F1; its recall is given. Decisions at the shipped thresholds."
    )
    return Section("public", TITLE, [Table("sets", note, ("set", "task", "language"), rows)])


def _rows(bench: Bench, part: PublicSet, folder: Path) -> list[Row]:
    supported = frozenset(bench.service.bundle.manifest.languages)
    found = public_cases(part, folder, supported)
    rows = []
    for task in (task for task in part.tasks if task in TASKS):
        kept = [i for i, case in enumerate(found.cases) if task in case.labels]
        cases = [found.cases[i] for i in kept]
        repeats = np.asarray([found.repeats[i] for i in kept])
        outcomes = bench.ask(task, cases)
        codes = np.asarray([case.language for case in cases])
        for code in sorted(set(codes.tolist())):
            mine = codes == code
            figures = {way: _figures(one, mine, repeats) for way, one in outcomes.items()}
            rows.append(Row((part.name, task, code), int((mine & ~repeats).sum()), figures))
    return rows


def _figures(outcomes: Outcomes, mine: Mask, repeats: Mask) -> Figures:
    new = outcomes.take(mine & ~repeats)
    basic, decided = label_figures(new), decision_figures(new)
    everything = label_figures(outcomes.take(mine))
    single = len(set(outcomes.truth[mine].tolist())) == 1
    return {
        "macro_f1": None if single else basic["macro_f1"],
        "recall": basic["accuracy"] if single else None,
        "accuracy": basic["accuracy"],
        "ece": basic["ece"],
        "automate_precision": decided["automate_precision"],
        "automate_coverage": decided["automate_coverage"],
        "repeats": float(repeats[mine].mean()),
        "with_repeats": everything["accuracy" if single else "macro_f1"],
    }
