"""The command ``triage-train backtest``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.backtest.config import FIRST_WINDOW, MINUTES, BacktestConfig, Minutes, days_of
from training.backtest.page import check_new, write
from training.backtest.run import backtest
from training.backtest.table import show
from training.config import Columns, FitConfig, Precision
from training.options import (
    ContentType,
    Contracts,
    EncoderName,
    Exports,
    FormatName,
    Group,
    Labels,
    Language,
    Renames,
    Subject,
    TaxonomyFile,
    Text,
    columns_of,
    precision_of,
)
from training.printing import check_folder
from triage.settings import load_settings

Time = Annotated[str | None, typer.Option(help="Column of the date; desks bring their own.")]
TimeFormat = Annotated[
    str | None, typer.Option(help="How dates are written, as strptime reads it; else ISO 8601.")
]
BundleName = Annotated[
    str | None, typer.Option(help="Folder, id or alias: score this bundle and retrain nothing.")
]
Every = Annotated[str, typer.Option(help="month, week, or days such as 30d.")]
FirstWindow = Annotated[
    int, typer.Option(min=2, help="Labelled rows before the first period that is scored.")
]
ErrorCost = Annotated[
    list[str] | None,
    typer.Option(
        help="TASK:TRUE=COST or TASK:TRUE:GIVEN=COST of an error; else miss_cost, else 1."
    ),
]
Saved = Annotated[float, typer.Option(min=0, help="Assumed for a right automatic decision.")]
Lost = Annotated[float, typer.Option(min=0, help="Assumed for a wrong automatic decision.")]
Suggested = Annotated[float, typer.Option(min=0, help="Assumed for a right suggestion.")]
Out = Annotated[
    Path | None, typer.Option(help="New folder for backtest.json, .csv, .html and the plots.")
]
console = Console(stderr=True, highlight=False)
tables = Console(highlight=False)


def backtest_(
    exports: Exports,
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    time: Time = None,
    time_format: TimeFormat = None,
    group: Group = None,
    content_type: ContentType = None,
    taxonomy: TaxonomyFile = None,
    encoder: EncoderName = "twin",
    bundle: BundleName = None,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    every: Every = "month",
    first_window: FirstWindow = FIRST_WINDOW,
    automate_precision: Contracts = None,
    cost: ErrorCost = None,
    minutes_saved: Saved = MINUTES.saved,
    minutes_lost: Lost = MINUTES.lost,
    minutes_suggested: Suggested = MINUTES.suggested,
    base: Annotated[str | None, typer.Option(help="Bundle whose guard is taken over.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Take over no guard.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of folds and centroids.")] = 0,
    out: Out = None,
) -> None:
    """Replay history: what would have been automated, and what it would have been worth."""
    _check(every, base, only, out)
    columns = columns_of(text, label, map_, subject, language, time, group, content_type, kind)
    precision = precision_of(automate_precision or [], label)
    fit = _fit(exports, columns, encoder, taxonomy, base, only, seed, precision)
    minutes = Minutes(minutes_saved, minutes_lost, minutes_suggested)
    costs = tuple(cost or ())
    config = BacktestConfig(fit, every, time_format, first_window, minutes, costs, bundle, profile)
    report = backtest(config, load_settings(), datetime.now(UTC), progress=_say)
    if out:
        write(report, out)
        _say(f"written to {out}")
    show(tables, report)


def _check(every: str, base: str | None, only: bool, out: Path | None) -> None:
    """Refuse at once what would be refused after hours."""
    days_of(every)
    if base and only:
        raise typer.BadParameter("--base and --only contradict each other.")
    if out:
        check_new(out)
        check_folder(out)


def _fit(
    exports: list[Path],
    columns: Columns,
    encoder: str,
    taxonomy: Path | None,
    base: str | None,
    only: bool,
    seed: int,
    precision: Precision,
) -> FitConfig:
    return FitConfig(
        exports=tuple(exports),
        columns=columns,
        encoder=encoder,
        taxonomy=taxonomy,
        base=base,
        only=only,
        seed=seed,
        precision=precision,
    )


def _say(line: str) -> None:
    console.print(line, markup=False)
