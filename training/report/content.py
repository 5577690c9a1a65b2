"""Gather everything a report says, as JSON; the page is written from this alone."""

from collections import Counter
from typing import Any

import numpy as np

from training.fit import FittedHead
from training.metrics import measure
from training.report.curves import coverage, learning, reliability
from training.report.intervals import share
from training.report.private import named, printable
from training.report.rival import against, champion_answers
from training.report.rowprofile import profile
from training.report.rows import out_of_fold, suspects, worst_errors
from training.report.subject import Answers, Facts, Json, Rival, Subject, Training
from training.report.summary import summary
from training.report.tables import LENGTH_NAMES, confusion, groups, length_bucket, per_label
from triage.errors import ExportError

FORMAT = 1
"""Rises when a reader of the old number would misread the new file."""
FIGURES = (
    *("macro_f1", "brier", "log_loss", "coverage_at_precision"),
    *("quadratic_kappa", "mean_absolute_error"),
)


def gather(subject: Subject, facts: Facts, rival: Rival, training: Training | None) -> Json:
    """Measure all that a report shows; texts and ids in it are free of identifiers.

    Args:
        subject: The bundle and its answers to rows it was not trained on.
        facts: What is known of it besides.
        rival: The champion, or why there is none.
        training: The training side, where the run that made the bundle makes the report.

    Raises:
        ExportError: When no row can be scored.
    """
    if not subject.tasks:
        raise ExportError(
            "No row can be scored: none carries a label of a task that the bundle has.",
            fix=f"Its tasks are: {', '.join(subject.labeler.tasks)}.",
        )
    given = champion_answers(subject, rival.bundle) if rival.bundle else None
    tasks = []
    for task in subject.tasks:
        answers = subject.answers(task)
        found = _task(subject, task, answers, facts, training)
        found["champion"] = against(subject, task, answers, rival, given)
        tasks.append({**found, **_recorded(facts, printable(task), found)})
    champion = rival.bundle.id if rival.bundle else None
    return {
        "format": FORMAT,
        "bundle": subject.bundle,
        "created": facts.created,
        "profile": subject.profile.name,
        "held": training is not None,
        "summary": summary(tasks, facts.metrics["languages"], champion, held=training is not None),
        "tasks": tasks,
        "rows": {
            "test": profile(subject.examples),
            "train": profile(training.train) if training else _recorded_rows(facts),
        },
        "cost": {
            "latency_ms": facts.metrics.get("latency_ms", {}),
            "seconds": facts.metrics.get("seconds", {}),
            "bytes": dict(facts.sizes),
        },
        "origin": _origin(facts),
    }


def _task(
    subject: Subject, task: str, answers: Answers, facts: Facts, training: Training | None
) -> Json:
    labels = subject.labeler.labels(task)
    item = _fitted(training, task)
    train = Counter(training.train.labels[task]) if training and item else Counter()
    return {
        "task": printable(task),
        "labels": len(labels),
        "n": len(answers.rows),
        "accuracy": share(int(answers.correct.sum()), len(answers.rows)),
        **_figures(subject, task, answers),
        "decisions": _decisions(answers),
        "cuts": _cuts(subject, task, facts),
        "per_label": per_label(answers, labels, train),
        "confusion": confusion(answers, labels),
        "reliability": reliability(answers),
        "coverage": coverage(answers, subject.labeler.thresholds[task]),
        "learning": learning(subject, training, item) if training and item else None,
        "groups": _groups(subject, answers),
        "errors": worst_errors(subject, task, answers),
        "audit": _audit(subject, task, answers, training, item),
    }


def _fitted(training: Training | None, task: str) -> FittedHead | None:
    if training is None:
        return None
    return next((item for item in training.fitted if item.head.task == task), None)


def _figures(subject: Subject, task: str, answers: Answers) -> Json:
    found = measure(
        subject.labeler.labels(task),
        answers.truth.tolist(),
        answers.probabilities,
        subject.labeler.thresholds[task],
        [subject.examples.declared[i] for i in answers.rows],
        ordinal=subject.taxonomy.tasks[task].ordinal,
        costs=subject.labeler.costs.get(task),
    )
    return {key: found[key] for key in FIGURES}


def _decisions(answers: Answers) -> Json:
    found: Json = {}
    for kind in ("automate", "suggest", "abstain"):
        rows = answers.kinds == kind
        right = int(answers.correct[rows].sum())
        found[kind] = share(int(rows.sum()), len(rows))
        found[f"{kind}_precision"] = share(right, int(rows.sum()))
    return found


def _cuts(subject: Subject, task: str, facts: Facts) -> Json:
    cuts = subject.labeler.thresholds[task]
    told = facts.metrics.get("thresholds", {}).get(subject.profile.name, {}).get(task, {})
    return {
        "suggest_at": cuts.suggest_at if cuts.suggest_at <= 1 else None,
        "automate_at": cuts.automate_at,
        "asked": facts.asked[task],
        "more_labels": told.get("more_labels"),
    }


def _groups(subject: Subject, answers: Answers) -> dict[str, list[Json]]:
    examples, rows = subject.examples, answers.rows
    found = {"language": groups(answers, [examples.declared[i] for i in rows])}
    if examples.channels:
        found["channel"] = groups(answers, [examples.channels[i] for i in rows])
    lengths = [length_bucket(examples.texts[i]) for i in rows]
    return {**found, "length": groups(answers, lengths, LENGTH_NAMES)}


def _audit(
    subject: Subject,
    task: str,
    answers: Answers,
    training: Training | None,
    item: FittedHead | None,
) -> Json:
    """Look for wrong labels: on the training side by folds, else on the rows of the report."""
    labels = subject.labeler.labels(task)
    if training and item:
        temperature = subject.labeler.calibrator.temperatures[task]
        rows, truth, given = out_of_fold(item, subject.profile.name, temperature, training.train)
        return {"side": "train", **suspects(training.train, labels, rows, truth, given)}
    rank = {label: i for i, label in enumerate(labels)}
    known = np.asarray([label in rank for label in answers.truth])
    columns = np.asarray([rank[label] for label in answers.truth[known]], np.int64)
    found = suspects(
        subject.examples, labels, answers.rows[known], columns, answers.probabilities[known]
    )
    return {"side": "test", **found}


def _recorded(facts: Facts, task: str, found: Json) -> Json:
    """Take over the learning curve that the bundle's own report has, where there is none here."""
    if facts.recorded is None or found["learning"] is not None:
        return {}
    old = next((one for one in facts.recorded.get("tasks", []) if one.get("task") == task), None)
    return {"learning": old["learning"]} if old and old.get("learning") else {}


def _recorded_rows(facts: Facts) -> Any:  # noqa: ANN401 - a part of a JSON file
    return facts.recorded.get("rows", {}).get("train") if facts.recorded else None


def _origin(facts: Facts) -> Json:
    metrics = facts.metrics
    return {
        "command": named(facts.command),
        "rows": metrics.get("rows", {}),
        "candidates": {printable(task): c for task, c in metrics.get("candidates", {}).items()},
        "versions": metrics.get("versions", {}),
        "encoders": dict(facts.encoders),
        "fingerprint": facts.fingerprint,
        "data_fingerprint": metrics.get("data_fingerprint"),
        "test_fingerprint": metrics.get("test_fingerprint"),
    }
