"""The ``triage models`` commands: what there is, put it live, take it back."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.bundle.gate import WAIVABLE, load_gate
from triage.bundle.moves import Move, Signature, history
from triage.bundle.promotion import Bench, challenge, dismiss, promote, rollback
from triage.bundle.registry import CHALLENGER, Registry
from triage.bundle.state import state_of
from triage.errors import InputError
from triage.settings import Settings, load_settings
from triage.shell import login

SHOWN = 10
"""Moves listed, the newest first."""
app = typer.Typer(name="models", help="List bundles and move their aliases.", no_args_is_help=True)
console = Console(highlight=False)

Bundle = Annotated[str, typer.Argument(help="Id or alias of a bundle of the registry.")]
Who = Annotated[str | None, typer.Option(help="Name for the record; yours if left out.")]
Why = Annotated[str, typer.Option(help="Reason for the record.")]
Expected = Annotated[
    str | None, typer.Option(help="Champion that you saw; refused if it is another by now.")
]
Waive = Annotated[
    list[str] | None,
    typer.Option(help=f"Rule to set aside, with --why: {', '.join(WAIVABLE)}. Repeatable."),
]


@app.command("list", epilog="Example: triage models list")
def list_() -> None:
    """Show the bundles, their aliases and the last moves."""
    registry = bench_of(load_settings()).registry
    state = state_of(registry)
    table = Table("bundle", "aliases", "made (UTC)", "tasks", "profiles", "state")
    for one in state.bundles:
        aliases, tasks, profiles = map(", ".join, (one.aliases, one.tasks, one.profiles))
        made = one.created[:16].replace("T", " ")
        table.add_row(one.id, aliases, made, tasks, profiles, one.state)
    console.print(table)
    for alias in state.lost:
        console.print(f"{alias} names {state.aliases[alias]}, which is not there", markup=False)
    for line in reversed(history(registry)[-SHOWN:]):
        console.print(shown(line), markup=False)


@app.command(
    "promote", epilog="Example: triage models promote 2026-11-21-ab12cd --why 'new intents'"
)
def promote_(
    bundle: Bundle,
    why: Why = "",
    who: Who = None,
    expected: Expected = None,
    waive: Waive = None,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="Name it challenger; it answers nobody.")
    ] = False,
) -> None:
    """Make a bundle the champion if its recorded figures pass the gate."""
    bench, signature = bench_of(load_settings()), sign(who, why, waive)
    if challenger:
        report(challenge(bench, bundle, signature), bundle, CHALLENGER)
        return
    report(promote(bench, bundle, signature, expected=expected), bundle)


@app.command("challenge", epilog="Example: triage models challenge 2026-11-21-ab12cd, or: --none")
def challenge_(
    bundle: Annotated[str | None, typer.Argument(help="Id or alias of a bundle.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the challenger away.")] = False,
    why: Why = "",
    who: Who = None,
) -> None:
    """Let running servers score a share of the messages with a bundle too; it answers nobody."""
    if (bundle is None) != none:
        raise InputError("Give a bundle, or --none.", fix="See triage models challenge --help.")
    bench, signature = bench_of(load_settings()), sign(who, why)
    if bundle is not None:
        report(challenge(bench, bundle, signature), bundle, CHALLENGER)
        return
    report(dismiss(bench, signature), "no bundle", CHALLENGER)


@app.command("rollback", epilog="Example: triage models rollback --why 'urgent mail was missed'")
def rollback_(why: Why = "", who: Who = None, expected: Expected = None) -> None:
    """Make the previous bundle the champion again."""
    report(rollback(bench_of(load_settings()), sign(who, why), expected=expected), "")


def bench_of(settings: Settings) -> Bench:
    """Return where bundles are examined, as the settings say.

    Raises:
        ConfigError: When the file of the gate is broken.
    """
    registry = Registry(settings.home, settings.models)
    return Bench(registry, settings.encoders, load_gate(settings.gate), settings.profile)


def sign(who: str | None, why: str, waive: list[str] | None = None) -> Signature:
    """Return the signature of whoever runs the command.

    Raises:
        InputError: When a rule is waived that may not be, or without a reason.
    """
    strange = [rule for rule in waive or [] if rule not in WAIVABLE]
    if strange:
        raise InputError(
            f"--waive {strange[0]}: no rule that may be waived.",
            fix=f"Choose from {', '.join(WAIVABLE)}.",
            field="--waive",
        )
    if waive and not why:
        raise InputError("--waive needs a reason.", fix="Give it with --why.", field="--why")
    return Signature(who or login(), why, "command", tuple(dict.fromkeys(waive or ())))


def report(done: Move | None, bundle: str, alias: str = "champion") -> None:
    """Tell what was moved; running servers follow by themselves."""
    if done is None:
        console.print(f"{bundle} is the {alias} already", markup=False)
    else:
        console.print(shown(done), markup=False)


def shown(one: Move) -> str:
    """Write a move as one line."""
    waived = f", waived {', '.join(one.waived)}" if one.waived else ""
    why = f": {one.why}" if one.why else ""
    return (
        f"{one.at} {one.action} {one.alias} {one.before or 'none'} -> {one.bundle or 'none'} "
        f"by {one.who or 'unknown'} ({one.via}{waived}){why}"
    )
