"""The order of a training run; the only file that knows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from training.assemble import assemble, calibrate, describe_cuts, with_guard
from training.card import card
from training.carry import base_bundle, base_folder, carry_over
from training.config import FitConfig
from training.datasets import Examples
from training.encoder_choice import encoders_for
from training.encoders import Resolved
from training.evaluate import evaluate, latency, predict
from training.features import embed
from training.fit import Design, FittedHead, design, fit_head
from training.guard import fit_guard
from training.ingest.table import read_export, read_exports
from training.register import BundleParts, fingerprint, stands, versions, write_bundle
from training.split import cluster, split
from training.validate import inspect, refuse
from triage.bundle.registry import Registry
from triage.encoders.lexical import HashedNgrams
from triage.errors import ExportError
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy, load_taxonomy
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

LANGUAGES = ("en", "da", "ro", "zh")
"""Languages that the shipped encoders were trained for."""
FEW_LABELS, MANY_BUCKETS, FEWER_BUCKETS = 16, 18, 16
"""Powers of two; 18 instead of 16 bits gave 0.4 to 1.2 points of macro-F1 on the three tasks."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Rows on both sides of the split, validated and labelled by one taxonomy."""

    train: Examples
    test: Examples
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A finished run: where the bundle stands and what was measured."""

    bundle: str
    path: Path
    metrics: dict[str, Any]


def fit(config: FitConfig, settings: Settings, command: str, progress: Progress = print) -> Outcome:
    """Run training from export to registered bundle.

    Raises:
        ExportError: When the data cannot be used.
        BundleError: When the base does not exist or the bundle cannot be written.
        GateError: When a precision contract that was asked for cannot be kept.
    """
    base_folder(config, settings)
    prepared = prepare(config, progress)
    return fit_examples(prepared, config, settings, command, progress)


def prepare(config: FitConfig, progress: Progress) -> Prepared:
    """Read, check and split the exports.

    Raises:
        ExportError: When the data has a blocker; the first is named with its row.
    """
    identifier = LanguageIdentifier(LANGUAGES)
    progress("reading the exports")
    examples = read_exports(config.exports, config.columns, identifier)
    fixed = load_taxonomy(config.taxonomy) if config.taxonomy else None
    findings = inspect(examples, fixed, config.columns)
    for finding in findings:
        progress(finding.line())
    refuse(findings)
    usable = examples.take(np.asarray([bool(text) for text in examples.texts]))
    if config.test is not None:
        test = read_export(config.test, config.columns, identifier)
        refuse([found for found in inspect(test, fixed) if found.code == "unknown_label"])
        train = usable
    else:
        sides = split(usable, config.test_share, config.seed)
        train, test = usable.take(sides.train), usable.take(sides.test)
        progress(f"split: {sides.rule}; {len(train)} rows to train, {len(test)} to test")
    return Prepared(train, test, taxonomy_of(train, fixed))


def taxonomy_of(examples: Examples, fixed: Taxonomy | None) -> Taxonomy:
    """Take the labels from the given taxonomy, or from the rows in alphabetical order.

    Raises:
        ExportError: When the rows answer a task with fewer than two labels.
    """
    tasks: dict[str, TaskSpec] = {}
    for task in examples.tasks:
        if fixed is not None and task in fixed.tasks:
            tasks[task] = fixed.tasks[task]
        else:
            labels = sorted({label for label in examples.labels[task] if label})
            if len(labels) < 2:  # noqa: PLR2004 - a task with one label teaches nothing
                raise ExportError(
                    f"Task {task} has fewer than two labels on the training side.",
                    fix="Give more rows, or a file with --test.",
                )
            tasks[task] = TaskSpec(labels={label: LabelSpec() for label in labels})
    return Taxonomy(tasks=tasks)


def fit_examples(  # noqa: PLR0913 - what a recipe may add to a run
    prepared: Prepared,
    config: FitConfig,
    settings: Settings,
    command: str,
    progress: Progress = print,
    *,
    notes: str = "",
    name: str | None = None,
    retrieval: Mapping[str, object] | None = None,
    guarded: Examples | None = None,
) -> Outcome:
    """Fit, calibrate, evaluate and register on rows that are ready.

    Args:
        prepared: Rows of both sides.
        config: What was asked for.
        settings: Where encoders, cache and registry stand.
        command: Command line, for the card.
        progress: Takes one line a step.
        notes: Paragraphs for the card.
        name: Name of the bundle; made from its content when None.
        retrieval: Content of ``retrieval.json``.
        guarded: Rows that the guard is fitted on; without them it comes from the base, if any.
    """
    seconds: dict[str, float] = {}
    begun = perf_counter()
    base = base_bundle(config, settings)
    resolved = encoders_for(prepared.train, config, settings, progress)
    cache = settings.home / "cache"
    progress(f"encoding {len(prepared.train)} rows ({', '.join(resolved.encoders.encoders)})")
    copies = embed(prepared.train, resolved.encoders, resolved.profiles, cache)
    seconds["encode"] = perf_counter() - begun
    matrices = design(prepared.train, copies, HashedNgrams(bits=_bits(prepared.taxonomy)))
    fitted = _fit_heads(prepared, config, matrices, progress)
    seconds["fit"] = perf_counter() - begun - seconds["encode"]
    parts = _parts(prepared, fitted, matrices, resolved, config, retrieval)
    if guarded is not None:
        progress(f"fitting the guard on {len(guarded)} rows")
        parts = with_guard(parts, fit_guard(guarded, resolved, config, cache, MANY_BUCKETS))
    parts = carry_over(parts, base, progress)
    progress(f"measuring on {len(prepared.test)} test rows")
    metrics = _measure(parts, prepared, fitted, seconds) | resolved.figures()
    metrics["seconds"]["total"] = perf_counter() - begun
    folder = _folder(parts, config, settings, name)
    if stands(parts, folder):
        progress(f"{folder.name} stands already with the same content; nothing written")
        whole = {"bundle": folder.name, "bundle_path": str(folder), **metrics}
        return Outcome(folder.name, folder, whole)
    return _register(parts, folder, metrics, fitted, command, notes)


def _parts(
    prepared: Prepared,
    fitted: Sequence[FittedHead],
    matrices: Design,
    resolved: Resolved,
    config: FitConfig,
    retrieval: Mapping[str, object] | None,
) -> BundleParts:
    profiles = [
        calibrate(profile, prepared.train, fitted, prepared.taxonomy, config)
        for profile in resolved.profiles
    ]
    return assemble(
        prepared.train,
        prepared.taxonomy,
        fitted,
        matrices,
        resolved,
        profiles,
        seed=config.seed,
        retrieval=retrieval,
    )


def _bits(taxonomy: Taxonomy) -> int:
    """Choose the buckets of n-grams: many where labels are few, so that weights stay small."""
    most = max(len(task.labels) for task in taxonomy.tasks.values())
    return MANY_BUCKETS if most <= FEW_LABELS else FEWER_BUCKETS


def _fit_heads(
    prepared: Prepared, config: FitConfig, matrices: Design, progress: Progress
) -> list[FittedHead]:
    clusters = cluster(prepared.train)
    fitted = []
    for task in prepared.train.tasks:
        labels = prepared.taxonomy.labels(task)
        progress(f"fitting {task} ({len(labels)} labels)")
        head = fit_head(
            task,
            labels,
            prepared.train,
            matrices,
            clusters,
            fold_count=config.folds,
            seed=config.seed,
            jobs=config.jobs,
        )
        progress(f"  {head.chosen.describe()}: macro-F1 {max(head.table.values()):.3f}")
        fitted.append(head)
    return fitted


def _measure(
    parts: BundleParts, prepared: Prepared, fitted: Sequence[FittedHead], seconds: dict[str, float]
) -> dict[str, Any]:
    profiles: dict[str, Any] = {}
    latencies: dict[str, Any] = {}
    for part in parts.profiles:
        labeler, name = parts.labeler(part), part.profile.name
        given = predict(prepared.test, labeler, parts.encoders, part.profile)
        profiles[name] = evaluate(prepared.test, given, labeler, prepared.taxonomy)
        latencies[name] = latency(prepared.test, labeler, parts.encoders, part.profile)
    return {
        "tasks": profiles[parts.profiles[0].profile.name],
        "profiles": profiles,
        "latency_ms": latencies,
        "thresholds": {
            part.profile.name: {
                item.head.task: describe_cuts(
                    item, part, prepared.train, prepared.taxonomy.costs(item.head.task)
                )
                for item in fitted
            }
            for part in parts.profiles
        },
        "candidates": {
            item.head.task: {c.describe(): round(v, 4) for c, v in item.table.items()}
            for item in fitted
        },
        "languages": list(parts.languages),
        "rows": {
            "train": len(prepared.train),
            "calibration": int(prepared.train.target.sum()),
            "test": len(prepared.test),
        },
        "seconds": seconds,
        "data_fingerprint": parts.data_fingerprint,
        "test_fingerprint": prepared.test.fingerprint(),
        "versions": versions(),
    }


def _register(
    parts: BundleParts,
    folder: Path,
    metrics: dict[str, Any],
    fitted: Sequence[FittedHead],
    command: str,
    notes: str,
) -> Outcome:
    bundle = folder.name
    whole = {"bundle": bundle, "bundle_path": str(folder), **metrics}
    text = card(bundle, whole, fitted, command, notes, guarded=parts.guard is not None)
    recorded = {key: value for key, value in whole.items() if key != "bundle_path"}
    created = datetime.now(UTC).isoformat(timespec="seconds")
    write_bundle(parts, folder, created, recorded, text)
    return Outcome(bundle, folder, whole)


def _folder(parts: BundleParts, config: FitConfig, settings: Settings, name: str | None) -> Path:
    """Name the bundle by its day and content, under --out or in the registry."""
    bundle = name or f"{datetime.now(UTC).date().isoformat()}-{fingerprint(parts)[:6]}"
    parent = config.out or Registry(settings.home, settings.models).bundles
    return (parent / bundle).resolve()
