"""Arguments and options that several commands of ``triage-train`` share."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from training.budget import parse_budget
from training.config import Columns, FitConfig, Precision, parse_pairs, parse_renames
from training.contracts import load_contracts
from training.ingest.formats import FORMATS
from training.members import spread
from training.printing import check_places
from triage.errors import ConfigError

AUTO = ("twin", "static", "minilm")
"""What ``--encoder auto`` compares, the default first."""
Exports = Annotated[list[Path], typer.Argument(help="Files, folders or stores of any format.")]
Text = Annotated[str | None, typer.Option(help="Column of the message; desks bring their own.")]
FormatName = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; found when not given.")
]
Labels = Annotated[
    list[str],
    typer.Option(
        "--label",
        help="TASK=COLUMN; may be repeated. 'TASK=COLUMN|LABEL|LABEL' where a cell lists several.",
        callback=spread,
    ),
]
Renames = Annotated[
    list[str] | None, typer.Option("--map", help="TASK:VALUE=LABEL; may be repeated.")
]
Subject = Annotated[str | None, typer.Option(help="Column of the subject.")]
Language = Annotated[str | None, typer.Option(help="Column of the language code.")]
Time = Annotated[str | None, typer.Option(help="Column of the date; splits then go by time.")]
Group = Annotated[str | None, typer.Option(help="Column of the requester or scenario.")]
ContentType = Annotated[str | None, typer.Option(help="Column with text/plain or text/html.")]
Channel = Annotated[str | None, typer.Option(help="Column of the channel, for the report.")]
TaxonomyFile = Annotated[
    Path | None, typer.Option(help="Taxonomy file (TOML) whose labels are the only ones allowed.")
]
Ordinal = Annotated[
    list[str] | None,
    typer.Option(help="TASK=LABEL,LABEL: labels with an order, from least to most. Repeatable."),
]
TestFile = Annotated[Path | None, typer.Option(help="Score this file instead of a held part.")]
SplitBy = Annotated[
    Literal["time", "group", "random"] | None,
    typer.Option("--split", help="What parts the rows; found: time with dates, else group."),
]
TestShare = Annotated[float, typer.Option(help="Share of the rows held back for the test.")]
CalibrationShare = Annotated[
    float, typer.Option(help="Share before the test that confidences are measured on, with dates.")
]
EncoderName = Annotated[
    str, typer.Option(help="twin, static, minilm, a sentence-transformers folder or hub name.")
]
EncoderNames = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        help="twin (the default), static, minilm, a sentence-transformers folder or hub name; "
        "repeat it to compare several, or say auto for the first three.",
    ),
]
BudgetTime = Annotated[
    str | None, typer.Option("--budget", help="Time to search for candidates, such as 10m.")
]
WarmStart = Annotated[
    bool, typer.Option("--warm-start", help="Start the last fits from the champion's heads.")
]
Finetune = Annotated[
    bool, typer.Option("--finetune", help="Tune the encoder on the labels where that wins.")
]
FinetuneBudget = Annotated[str, typer.Option(help="Most time for it, such as 90s or 5m.")]
Contracts = Annotated[
    list[str] | None, typer.Option(help="TASK=P: fail unless P can be kept. Repeatable.")
]
Corrections = Annotated[
    Path | None, typer.Option(help="Sheet of `audit --out`, filled in; applied to the exports.")
]
FeedbackStore = Annotated[
    Path | None,
    typer.Option(
        "--feedback",
        help="Learn from agents too: a home folder, a triage.db, or the word journal.",
    ),
]
AgentCap = Annotated[
    float, typer.Option(help="Largest share of what feedback teaches that rests on one agent.")
]
WithoutAgents = Annotated[
    list[str] | None,
    typer.Option("--without-agent", help="Agent whose labels are not learnt. Repeatable."),
]
JsonFile = Annotated[str | None, typer.Option("--json", help="Write figures here; - is stdout.")]


ConfigFile = Annotated[
    Path | None, typer.Option(help="Precision contracts and costs (TOML); see the README.")
]


def search_of(encoders: list[str], budget: str | None, *, warm_start: bool) -> dict[str, Any]:
    """Read how heads are searched for, as arguments of ``FitConfig``."""
    first, *rivals = encoders_of(encoders)
    seconds = parse_budget(budget) if budget is not None else None
    return {
        "encoder": first,
        "rivals": tuple(rivals),
        "budget": seconds,
        "warm_start": warm_start,
    }


def encoders_of(values: list[str]) -> tuple[str, ...]:
    """Read ``--encoder``, given any number of times; ``auto`` stands for the shipped ones."""
    named = [name for value in values for name in (AUTO if value == "auto" else (value,))]
    return tuple(dict.fromkeys(named)) or AUTO[:1]


def precision_of(values: list[str], label: list[str], given: Precision | None = None) -> Precision:
    """Read the contracts of ``--automate-precision``; each names a task of ``--label``.

    They overrule what a config file asks of the same tasks; ``given`` is what it asks.
    """
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
    whole = given or Precision()
    return replace(whole, automate_of={**whole.automate_of, **numbers})


def with_contracts(
    config: FitConfig, path: Path | None, values: list[str] | None, label: list[str]
) -> FitConfig:
    """Return the run with the contracts and costs of ``--config`` and ``--automate-precision``."""
    precision, costs = load_contracts(path) if path else (Precision(), {})
    tasks = parse_pairs("--label", label)
    strange = [task for task in (*precision.tasks, *costs) if task not in tasks]
    if strange:
        raise ConfigError(
            f"--config names the task {strange[0]}, which no --label has.",
            fix=f"The tasks are: {', '.join(tasks)}.",
            field="--config",
        )
    asked = precision_of(values or [], label, precision)
    apart = frozenset(config.columns.members)
    spoken = sorted(apart & set(asked.languages))
    if spoken:
        raise ConfigError(
            f"--config asks for a precision by language of {spoken[0]}, where each label of a "
            "message already has cuts of its own.",
            fix="Ask by label: labels = { yes = 0.95 }",
            field="--config",
        )
    return replace(config, precision=replace(asked, apart=apart), costs=costs)


def columns_of(  # noqa: PLR0913, PLR0917 - one parameter an option
    text: str | None,
    label: list[str],
    map_: list[str] | None,
    subject: str | None,
    language: str | None,
    time: str | None,
    group: str | None,
    content_type: str | None,
    kind: str | None,
    channel: str | None = None,
) -> Columns:
    """Read which columns hold what."""
    labels = parse_pairs("--label", label)
    return Columns(
        text=text or "",
        labels=labels,
        subject=subject,
        language=language,
        time=time,
        group=group,
        content_type=content_type,
        channel=channel,
        renames=parse_renames(map_ or [], labels),
        format=kind,
    )


def check_cap(cap: float) -> float:
    """Return the share of one agent.

    Raises:
        ConfigError: When it is no share.
    """
    if not 0 < cap <= 1:
        raise ConfigError(
            f"--agent-cap must be above 0 and at most 1, not {cap:g}.", field="--agent-cap"
        )
    return cap


def check_fit(base: str | None, only: bool, target: str | None, out: Path | None) -> None:
    """Refuse a base together with the wish for none, and places that cannot be written."""
    if base and only:
        raise typer.BadParameter("--base and --only contradict each other.")
    check_places(target, out)
