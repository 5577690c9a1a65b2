"""Arguments and options that several commands of ``triage-train`` share."""

from pathlib import Path
from typing import Annotated

import typer

from training.config import Precision, parse_pairs
from training.ingest.formats import FORMATS

Exports = Annotated[list[Path], typer.Argument(help="Files, folders or stores of any format.")]
Text = Annotated[str | None, typer.Option(help="Column of the message; desks bring their own.")]
FormatName = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; found when not given.")
]
Labels = Annotated[list[str], typer.Option("--label", help="TASK=COLUMN; may be repeated.")]
Renames = Annotated[
    list[str] | None, typer.Option("--map", help="TASK:VALUE=LABEL; may be repeated.")
]
Subject = Annotated[str | None, typer.Option(help="Column of the subject.")]
Language = Annotated[str | None, typer.Option(help="Column of the language code.")]
Time = Annotated[str | None, typer.Option(help="Column of the date; splits then go by time.")]
Group = Annotated[str | None, typer.Option(help="Column of the requester or scenario.")]
ContentType = Annotated[str | None, typer.Option(help="Column with text/plain or text/html.")]
TaxonomyFile = Annotated[
    Path | None, typer.Option(help="Taxonomy file (TOML) whose labels are the only ones allowed.")
]
TestFile = Annotated[Path | None, typer.Option(help="Score this file instead of a held part.")]
EncoderName = Annotated[
    str, typer.Option(help="twin, static, minilm, a sentence-transformers folder or hub name.")
]
Finetune = Annotated[
    bool, typer.Option("--finetune", help="Tune the encoder on the labels where that wins.")
]
FinetuneBudget = Annotated[str, typer.Option(help="Most time for it, such as 90s or 5m.")]
Contracts = Annotated[
    list[str] | None, typer.Option(help="TASK=P: fail unless P can be kept. Repeatable.")
]
JsonFile = Annotated[str | None, typer.Option("--json", help="Write figures here; - is stdout.")]


def precision_of(values: list[str], label: list[str]) -> Precision:
    """Read the contracts of ``--automate-precision``; each names a task of ``--label``."""
    asked = parse_pairs("--automate-precision", values)
    strange = sorted(set(asked) - set(parse_pairs("--label", label)))
    if strange:
        raise typer.BadParameter(
            f"--automate-precision names {strange[0]!r}, which no --label has."
        )
    try:
        numbers = {task: float(value) for task, value in asked.items()}
    except ValueError as error:
        raise typer.BadParameter("--automate-precision takes TASK=0.95.") from error
    if any(not 0 < value < 1 for value in numbers.values()):
        raise typer.BadParameter("--automate-precision takes a number between 0 and 1.")
    return Precision(automate_of=numbers)
