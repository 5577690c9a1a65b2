"""The order of a training run; the only file that knows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.assemble import assemble, calibrate, describe_cuts, with_guard
from training.budget import starting_now
from training.carry import base_bundle, base_folder, carry_over, champion
from training.check.checker import inspect
from training.check.finding import refuse
from training.config import FitConfig
from training.contest import MANY_BUCKETS, Contest, hold_contest
from training.contracts import agreed
from training.corrections import corrected
from training.datasets import Examples
from training.delivery import Made, deliver
from training.evaluate import evaluate, latency, unlearned
from training.fit import FittedHead
from training.guard import fit_guard
from training.ingest.table import read_export, read_exports
from training.joint import joint, told
from training.orders import with_orders
from training.parts import cut
from training.printing import check_folder
from training.register import BundleParts, fingerprint, stands
from training.stopwatch import Stopwatch
from training.taught import with_feedback
from training.taxonomies import taxonomy_of
from triage.bundle.registry import Registry
from triage.bundle.versions import versions
from triage.encoders.base import Vectors
from triage.labeling.taxonomy import Taxonomy, load_taxonomy
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

LANGUAGES = ("en", "da", "ro", "zh")
"""Languages that the shipped encoders were trained for."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Rows on both sides of the split, validated and labelled by one taxonomy.

    Args:
        train: Rows of the last fit; its ``target`` marks those that confidences are measured on.
        older: Rows of ``train`` before calibration, shape ``(n,)``, where dates decide.
        split: What is recorded of the parts.
        feedback: What is recorded of the rows that feedback taught.
        spent: What reading, checking and splitting took.
    """

    train: Examples
    test: Examples
    taxonomy: Taxonomy
    older: NDArray[np.bool_] | None = None
    split: Mapping[str, Any] | None = None
    feedback: Mapping[str, Any] | None = None
    spent: Stopwatch = field(default_factory=Stopwatch)


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
    if config.out is None:
        check_folder(settings.home, "TRIAGE_HOME")
    prepared = prepare(config, progress)
    return fit_examples(prepared, config, settings, command, progress)


def prepare(config: FitConfig, progress: Progress) -> Prepared:
    """Read, check and split the exports.

    Raises:
        ExportError: When the data has a blocker; the first is named with its row.
        ConfigError: When a contract or a cost names what the rows do not have.
    """
    spent, identifier = Stopwatch(), LanguageIdentifier(LANGUAGES)
    progress("reading the exports")
    fixed = with_orders(load_taxonomy(config.taxonomy) if config.taxonomy else None, config.orders)
    with spent.step("read"):
        examples = read_exports(config.exports, config.columns, identifier)
        if config.corrections is not None:
            examples = corrected(examples, config.corrections, fixed, progress)
        test = read_export(config.test, config.columns, identifier) if config.test else None
    with spent.step("check"):
        _check(examples, test, fixed, config, progress)
    with spent.step("split"):
        usable = examples.take(np.asarray([bool(text) for text in examples.texts]))
        parts = cut(usable, test, config)
        parts, taught = with_feedback(parts, config, fixed, identifier)
    for line in (*parts.lines(), *(taught.lines if taught else ())):
        progress(line)
    taxonomy = agreed(config, taxonomy_of(parts.train, fixed))
    for line in unlearned(parts.test, taxonomy):
        progress(f"warning: on the training side {line}")
    record = taught.record if taught else None
    return Prepared(parts.train, parts.test, taxonomy, parts.older, parts.record, record, spent)


def _check(
    examples: Examples,
    test: Examples | None,
    fixed: Taxonomy | None,
    config: FitConfig,
    progress: Progress,
) -> None:
    """Tell what is wrong with the rows, and refuse what cannot be trained on."""
    findings = inspect(examples, fixed, config.columns)
    for finding in findings:
        if finding.level == "warning":
            progress(finding.line())
    refuse(findings)
    if test is not None:
        found = inspect(test, fixed, config.columns)
        refuse([finding for finding in found if finding.code == "unknown_label"])


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
    spent = Stopwatch()
    spent.also(prepared.spent)
    base = base_bundle(config, settings)
    with threadpool_limits(1):  # sums over several threads would differ between machines
        contest = _search(prepared, config, settings, progress)
        spent.also(contest.spent)
        prepared = replace(prepared, train=contest.won.examples)
        with spent.step("calibrate"):
            parts = _parts(prepared, contest, config, retrieval)
    if guarded is not None:
        progress(f"fitting the guard on {len(guarded)} rows")
        cache, resolved = settings.home / "cache", contest.won.resolved
        parts = with_guard(parts, fit_guard(guarded, resolved, config, cache, MANY_BUCKETS))
    parts = carry_over(parts, base, progress)
    progress(f"measuring on {len(prepared.test)} test rows")
    with spent.step("measure"):
        metrics, vectors = _measure(parts, prepared, config, contest)
    folder = _folder(parts, config, settings, name)
    if stands(parts, folder):
        progress(f"{folder.name} stands already with the same content; nothing written")
    else:
        progress("writing the report")
        train, test, won = prepared.train, prepared.test, contest.won
        made = Made(folder, parts, won.fitted, won.matrices, train, test, vectors, metrics, spent)
        deliver(made, config, settings, base, command, notes)
    whole = {"bundle": folder.name, "bundle_path": str(folder), **metrics, **spent.told()}
    return Outcome(folder.name, folder, whole)


def _search(
    prepared: Prepared, config: FitConfig, settings: Settings, progress: Progress
) -> Contest:
    return hold_contest(
        prepared.train,
        prepared.taxonomy,
        config,
        settings,
        starting_now(config.budget),
        champion(settings, progress) if config.warm_start else None,
        progress,
        older=prepared.older,
    )


def _parts(
    prepared: Prepared,
    contest: Contest,
    config: FitConfig,
    retrieval: Mapping[str, object] | None,
) -> BundleParts:
    won = contest.won
    profiles = [
        calibrate(profile, prepared.train, won.fitted, prepared.taxonomy, config)
        for profile in won.resolved.profiles
    ]
    return assemble(
        prepared.train,
        prepared.taxonomy,
        won.fitted,
        won.matrices,
        won.resolved,
        profiles,
        seed=config.seed,
        retrieval=retrieval,
    )


def _measure(
    parts: BundleParts, prepared: Prepared, config: FitConfig, contest: Contest
) -> tuple[dict[str, Any], Vectors]:
    """Measure all profiles; also return the embeddings of the test rows in the default one."""
    fitted, test = contest.won.fitted, prepared.test
    vectors: dict[str, Vectors] = {}
    profiles: dict[str, Any] = {}
    together: dict[str, Any] = {}
    latencies: dict[str, Any] = {}
    for part in parts.profiles:
        labeler, name = parts.labeler(part), part.profile.name
        vectors[name] = parts.encoders.encode(test.texts, test.languages, part.profile)
        given = labeler.probabilities(vectors[name], test.texts)
        profiles[name] = evaluate(test, given, labeler, prepared.taxonomy)
        together[name] = joint(test, given, labeler)
        latencies[name] = latency(test, labeler, parts.encoders, part.profile)
    default = parts.profiles[0].profile.name
    metrics = {
        "tasks": profiles[default],
        "profiles": profiles,
        **told(together[default]),
        "latency_ms": latencies,
        "thresholds": _cuts(parts, prepared, fitted, config),
        "candidates": {
            item.head.task: {c.describe(): round(v, 4) for c, v in item.table.items()}
            for item in fitted
        },
        "search": contest.describe(),
        "languages": list(parts.languages),
        "rows": {
            "train": len(prepared.train),
            "calibration": int(prepared.train.target.sum()),
            "test": len(prepared.test),
        },
        **({"split": prepared.split} if prepared.split else {}),
        **({"feedback": prepared.feedback} if prepared.feedback else {}),
        "data_fingerprint": parts.data_fingerprint,
        "test_fingerprint": prepared.test.fingerprint(),
        "versions": versions(),
    }
    return metrics | contest.won.resolved.figures(), vectors[default]


def _cuts(
    parts: BundleParts, prepared: Prepared, fitted: Sequence[FittedHead], config: FitConfig
) -> dict[str, Any]:
    train, taxonomy = prepared.train, prepared.taxonomy
    return {
        part.profile.name: {
            item.head.task: describe_cuts(item, part, train, taxonomy, config.precision)
            for item in fitted
        }
        for part in parts.profiles
    }


def _folder(parts: BundleParts, config: FitConfig, settings: Settings, name: str | None) -> Path:
    """Name the bundle by its day and content, under --out or in the registry."""
    bundle = name or f"{datetime.now(UTC).date().isoformat()}-{fingerprint(parts)[:6]}"
    parent = config.out or Registry(settings.home, settings.models).bundles
    return (parent / bundle).resolve()
