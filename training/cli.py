"""The command line ``triage-train``."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from training.audit.cli import register as register_audit
from training.backtest.cli import backtest_
from training.check_cli import check
from training.config import AGENT_CAP, CALIBRATION_SHARE, TEST_SHARE, Columns
from training.datasets import Examples
from training.evaluate import compare, predict
from training.evaluate import evaluate as measure
from training.fit_options import asked_of
from training.ingest.export import open_export
from training.ingest.table import read_exports
from training.joint import joint, told
from training.options import (
    AgentCap,
    BudgetTime,
    CalibrationShare,
    Channel,
    ConfigFile,
    ContentType,
    Contracts,
    Corrections,
    EncoderNames,
    Exports,
    FeedbackStore,
    Finetune,
    FinetuneBudget,
    FormatName,
    Group,
    JsonFile,
    Labels,
    Language,
    Ordinal,
    Renames,
    SplitBy,
    Subject,
    TaxonomyFile,
    TestFile,
    TestShare,
    Text,
    Time,
    WarmStart,
    WithoutAgents,
    columns_of,
)
from training.printing import check_target, show, tell, write_json
from training.ranking.cli import ranking
from training.release_cli import compare as compare_command
from training.release_cli import promote_
from training.report_cli import report
from training.run import LANGUAGES
from training.run import fit as run_fit
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.encoders.base import Profile
from triage.labeling.labeler import Labeler
from triage.pipeline import Pipeline
from triage.predictions import MessageColumns, added_columns, check_columns, label_rows
from triage.rows import check_destination, write_rows
from triage.settings import load_settings
from triage.shell import plain, run
from triage.text.language import LanguageIdentifier

USAGE = 2
app = typer.Typer(
    help="Train, measure and register bundles.", no_args_is_help=True, add_completion=False
)
console = Console(stderr=True, highlight=False)


app.command(epilog="Example: triage-train check tickets.csv --text body --label priority=Urgency")(
    check
)


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
    channel: Channel = None,
    taxonomy: TaxonomyFile = None,
    corrections: Corrections = None,
    feedback: FeedbackStore = None,
    agent_cap: AgentCap = AGENT_CAP,
    without_agent: WithoutAgents = None,
    test: TestFile = None,
    encoder: EncoderNames = None,
    finetune: Finetune = False,
    finetune_budget: FinetuneBudget = "5m",
    base: Annotated[str | None, typer.Option(help="Bundle whose other heads are kept.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Keep no heads of other bundles.")] = False,
    out: Annotated[Path | None, typer.Option(help="Parent folder of the new bundle.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of splits and folds.")] = 0,
    split: SplitBy = None,
    test_share: TestShare = TEST_SHARE,
    calibration_share: CalibrationShare = CALIBRATION_SHARE,
    automate_precision: Contracts = None,
    config: ConfigFile = None,
    ordinal: Ordinal = None,
    budget: BudgetTime = None,
    warm_start: WarmStart = False,
    json_: JsonFile = None,
) -> None:
    """Fit a bundle from labelled exports, measure it and register it."""
    asked = asked_of(locals())  # every parameter is an option of its own
    outcome = run_fit(asked, load_settings(), _command(), progress=say)
    tell(console, outcome.metrics, json_)


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
    columns = columns_of(text, label, map_, subject, language, None, None, content_type, kind)
    loaded = _bundle(bundle)
    chosen = loaded.profile(profile)
    labeler = loaded.labeler(chosen)
    if predictions:
        check_destination(predictions)
        check_columns(open_export(export, columns).names(), _predicted(labeler, columns))
    examples = _read([export], columns)
    for line in compare(examples, loaded.manifest.taxonomy):
        console.print(f"warning: {line}", markup=False)
    given = predict(examples, labeler, loaded.encoders, chosen)
    tasks = measure(examples, given, labeler, loaded.manifest.taxonomy)
    if not tasks:
        console.print("no row can be scored")
        raise typer.Exit(USAGE)
    metrics = _figures(loaded, chosen, examples, tasks) | told(joint(examples, given, labeler))
    show(console, metrics)
    write_json(metrics, json_)
    if predictions:
        _write_predictions(predictions, export, columns, loaded, chosen, examples)


register_audit(app)
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
app.command(
    "backtest",
    epilog="Example: triage-train backtest tickets.csv --text body --label queue=Queue "
    "--time created --out replayed",
)(backtest_)
app.command("ranking", epilog="Example: triage-train ranking --why 'a month of feedback'")(ranking)
app.command(
    "report",
    epilog="Example: triage-train report champion newest.csv --text body --label queue=Queue",
)(report)


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
    added = _predicted(pipeline.labeler, columns)
    write_rows(path, rows, [*opened.names(), *added])


def _predicted(labeler: Labeler, columns: Columns) -> list[str]:
    """List the columns that predictions add: those of labelling and the labels scored."""
    added = added_columns(labeler.tasks, 0, labeler.groups)
    return [*added, *(f"true_{task}" for task in columns.labels)]


def _read(exports: list[Path], columns: Columns) -> Examples:
    return read_exports(exports, columns, LanguageIdentifier(LANGUAGES))


def say(line: str) -> None:
    """Print a line of progress as it is, unbroken where it goes to a log."""
    console.print(plain(line), markup=False, soft_wrap=not console.is_terminal)


def _command() -> str:
    return shlex.join(["triage-train", *sys.argv[1:]])


def main() -> None:
    """Run the command line; ``triage.shell`` says what the exit codes mean."""
    run(app, console)
