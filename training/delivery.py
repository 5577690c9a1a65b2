"""Write what a run made as a bundle, with its report and its card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training.baseline import baseline_of
from training.card import card
from training.config import FitConfig
from training.datasets import Examples
from training.design import Design
from training.fit import FittedHead
from training.register import BundleParts, write_bundle
from training.report.files import facts_of_run, files, subject_of_run
from training.report.rival import find_rival
from training.report.subject import Training
from training.stopwatch import Stopwatch
from triage.bundle.baseline import BASELINE
from triage.bundle.store import Bundle, to_json
from triage.encoders.base import Vectors
from triage.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a run made and measured.

    Args:
        folder: Where the bundle shall stand; its name is the identifier.
        parts: What it is made of.
        fitted: Heads with their cross-validation.
        matrices: What they were fitted on.
        train: Rows of the training side.
        test: Rows of the test side.
        vectors: Embeddings of the test rows in the default profile, shape ``(n, dim)``.
        metrics: Figures, as ``--json`` writes them.
        spent: What the run took; the report is added.
    """

    folder: Path
    parts: BundleParts
    fitted: Sequence[FittedHead]
    matrices: Design
    train: Examples
    test: Examples
    vectors: Vectors
    metrics: dict[str, Any]
    spent: Stopwatch


def deliver(
    made: Made, config: FitConfig, settings: Settings, base: Bundle | None, command: str, notes: str
) -> None:
    """Write the bundle with its report, whole or not at all.

    Raises:
        BundleError: When the folder exists already or cannot be written.
    """
    parts, name = made.parts, made.folder.name
    created = datetime.now(UTC).isoformat(timespec="seconds")
    with made.spent.step("report"):
        known = {**made.metrics, **made.spent.told()}
        about = subject_of_run(name, parts, made.test, made.vectors)
        facts = facts_of_run(parts, known, command, created, config.precision, settings.encoders)
        training = Training(made.train, made.fitted, made.matrices, config.jobs, config.seed)
        report = files(about, facts, find_rival(settings, name, base), training)
    metrics = {**made.metrics, **made.spent.told()}
    report[BASELINE] = to_json(baseline_of(made.train).model_dump())
    text = card(name, metrics, made.fitted, command, notes, guarded=parts.guard is not None)
    write_bundle(parts, made.folder, created, {"bundle": name, **metrics}, text, report)
