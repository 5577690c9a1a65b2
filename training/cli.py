"""The command line ``triage-train``: check, fit, evaluate, compare and promote."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from training.config import Columns, FitConfig, parse_pairs, parse_renames
from training.datasets import Examples
from training.encoder_choice import finetune_seconds
from training.evaluate import compare, predict
from training.evaluate import evaluate as measure
from training.ingest.export import open_export
from training.ingest.table import read_exports
from training.options import (
    ContentType,
    Contracts,
    EncoderName,
    Exports,
    Finetune,
    FinetuneBudget,
    FormatName,
    Group,
    JsonFile,
    Labels,
    Language,
    Renames,
    Subject,
    TaxonomyFile,
    TestFile,
    Text,
    Time,
    precision_of,
)
from training.printing import check_folder, check_target, shares, show, write_json
from training.release_cli import compare as compare_command
from training.release_cli import promote_
from training.run import LANGUAGES, Outcome
from training.run import fit as run_fit
from training.validate import inspect
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.encoders.base import Profile
from triage.errors import GateError, TriageError
from triage.labeling.taxonomy import load_taxonomy
from triage.pipeline import Pipeline
from triage.predictions import MessageColumns, added_columns, check_columns, label_rows
from triage.rows import check_destination, write_rows
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

QUALITY, USAGE = 1, 2
app = typer.Typer(
    help="Train, measure and register bundles.", no_args_is_help=True, add_completion=False
)
console = Console(stderr=True, highlight=False)


@app.command(epilog="Example: triage-train check tickets.csv --text body --label priority=Urgency")
def check(
    exports: Exports,
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    time: Time = None,
    group: Group = None,
    content_type: ContentType = None,
    taxonomy: TaxonomyFile = None,
) -> None:
    """Look at exports and say what blocks or weakens a training run."""
    columns = _columns(text, label, map_, subject, language, time, group, content_type, kind)
    for path in exports:
        print(open_export(path, columns).describe())
    examples = _read(exports, columns)
    findings = inspect(examples, load_taxonomy(taxonomy) if taxonomy else None, columns)
    print(f"{len(examples)} rows; languages: {shares(examples.languages)}")
    for task in examples.tasks:
        print(f"{task}: {shares(examples.labels[task])}")
    for finding in findings:
        print(finding.line())
    blockers = sum(finding.level == "blocker" for finding in findings)
    print(f"{blockers} blockers, {len(findings) - blockers} warnings")
    raise typer.Exit(QUALITY if blockers else 0)


@app.command(
    epilog="Example: triage-train fit tickets.csv --text body --label priority=Urgency "
    "--map priority:P1=urgent"
)
def fit(
    exports: Exports,
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    time: Time = None,
    group: Group = None,
    content_type: ContentType = None,
    taxonomy: TaxonomyFile = None,
    test: TestFile = None,
    encoder: EncoderName = "twin",
    finetune: Finetune = False,
    finetune_budget: FinetuneBudget = "5m",
    base: Annotated[str | None, typer.Option(help="Bundle whose other heads are kept.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Keep no heads of other bundles.")] = False,
    out: Annotated[Path | None, typer.Option(help="Parent folder of the new bundle.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of splits and folds.")] = 0,
    automate_precision: Contracts = None,
    json_: JsonFile = None,
) -> None:
    """Fit a bundle from labelled exports, measure it and register it."""
    _check_targets(base, only, json_, out)
    config = FitConfig(
        exports=tuple(exports),
        columns=_columns(text, label, map_, subject, language, time, group, content_type, kind),
        encoder=encoder,
        test=test,
        taxonomy=taxonomy,
        out=out,
        base=base,
        only=only,
        seed=seed,
        precision=precision_of(automate_precision or [], label),
        finetune=finetune_seconds(finetune, finetune_budget),
    )
    outcome = run_fit(config, load_settings(), _command(), progress=console.print)
    _tell(outcome, json_)


@app.command(
    epilog="Example: triage-train evaluate champion tickets.csv --text body --label category=type"
)
def evaluate(
    bundle: Annotated[str, typer.Argument(help="Folder, id or alias.")],
    export: Annotated[Path, typer.Argument(help="Labelled file, folder or store.")],
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    content_type: ContentType = None,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    json_: JsonFile = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write every row with its predictions.")
    ] = None,
) -> None:
    """Measure a bundle on labelled rows it was not trained on."""
    check_target(json_)
    columns = _columns(text, label, map_, subject, language, None, None, content_type, kind)
    loaded = _bundle(bundle)
    chosen = loaded.profile(profile)
    labeler = loaded.labeler(chosen)
    if predictions:
        check_destination(predictions)
        check_columns(open_export(export, columns).names(), _predicted(labeler.tasks, columns))
    examples = _read([export], columns)
    for line in compare(examples, loaded.manifest.taxonomy):
        console.print(f"warning: {line}", markup=False)
    given = predict(examples, labeler, loaded.encoders, chosen)
    tasks = measure(examples, given, labeler, loaded.manifest.taxonomy)
    if not tasks:
        console.print("no row can be scored")
        raise typer.Exit(USAGE)
    metrics = _figures(loaded, chosen, examples, tasks)
    show(console, metrics)
    write_json(metrics, json_)
    if predictions:
        _write_predictions(predictions, export, columns, loaded, chosen, examples)


app.command(
    "compare",
    epilog="Example: triage-train compare champion 2026-11-21-ab12cd newest.csv --text body "
    "--label queue=Queue",
)(compare_command)
app.command(
    "promote",
    epilog="Example: triage-train promote 2026-11-21-ab12cd newest.csv --text body "
    "--label queue=Queue --why 'knows the new queue'",
)(promote_)


def _figures(
    bundle: Bundle, profile: Profile, examples: Examples, tasks: dict[str, Any]
) -> dict[str, Any]:
    return {
        "bundle": bundle.id,
        "bundle_path": str(bundle.folder),
        "profile": profile.name,
        "tasks": tasks,
        "rows": {"train": 0, "calibration": 0, "test": len(examples)},
        "seconds": {},
        "data_fingerprint": examples.fingerprint(),
        "versions": bundle.manifest.versions,
    }


def _bundle(name: str) -> Bundle:
    settings = load_settings()
    return load_bundle(Registry(settings.home, settings.models).find(name), settings.encoders)


def _write_predictions(
    path: Path,
    export: Path,
    columns: Columns,
    bundle: Bundle,
    profile: Profile,
    examples: Examples,
) -> None:
    pipeline = Pipeline(bundle, profile, LanguageIdentifier(bundle.manifest.languages))
    opened = open_export(export, columns)
    filled = opened.columns
    shape = MessageColumns(filled.text, filled.subject, filled.content_type, filled.language)
    labelled = label_rows(pipeline, opened.rows(), shape)
    # Both read the same file in order, so that each row stands beside the labels it was scored by.
    rows = (
        {**row, **{f"true_{task}": labels[i] for task, labels in examples.labels.items()}}
        for i, row in enumerate(labelled)
    )
    added = _predicted(pipeline.labeler.tasks, columns)
    write_rows(path, rows, [*opened.names(), *added])


def _predicted(tasks: Sequence[str], columns: Columns) -> list[str]:
    """List the columns that predictions add: those of labelling and the labels scored."""
    return [*added_columns(tasks, 0), *(f"true_{task}" for task in columns.labels)]


def _columns(
    text: str | None,
    label: list[str],
    map_: list[str] | None,
    subject: str | None,
    language: str | None,
    time: str | None,
    group: str | None,
    content_type: str | None,
    kind: str | None,
) -> Columns:
    labels = parse_pairs("--label", label)
    return Columns(
        text=text or "",
        labels=labels,
        subject=subject,
        language=language,
        time=time,
        group=group,
        content_type=content_type,
        renames=parse_renames(map_ or [], labels),
        format=kind,
    )


def _check_targets(base: str | None, only: bool, json_: str | None, out: Path | None) -> None:
    if base and only:
        raise typer.BadParameter("--base and --only contradict each other.")
    check_target(json_)
    check_folder(out)


def _tell(outcome: Outcome, json_: str | None) -> None:
    show(console, outcome.metrics)
    write_json(outcome.metrics, json_)
    console.print(f"bundle {outcome.bundle}\n{outcome.path}")


def _read(exports: list[Path], columns: Columns) -> Examples:
    return read_exports(exports, columns, LanguageIdentifier(LANGUAGES))


def _command() -> str:
    return shlex.join(["triage-train", *sys.argv[1:]])


def main() -> None:
    """Run the command line; exit with 1 on a failed gate and with 2 on wrong use."""
    try:
        app()
    except GateError as error:
        console.print(f"{error.code}: {error}", markup=False)
        sys.exit(QUALITY)
    except TriageError as error:
        console.print(f"{error.code}: {error}", markup=False)
        sys.exit(USAGE)
