"""The ``triage store`` commands: look at the store, copy it, restore it, delete from it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from triage.errors import GateError, InputError, StoreError
from triage.settings import Settings, load_settings
from triage.storage.backup import back_up, look, restore
from triage.storage.engine import transaction
from triage.storage.erasure import (
    BATCH,
    FILE,
    Erased,
    Kind,
    bury,
    catch_up,
    expire_some,
    note,
    noted,
    scrub,
    tombstone_of,
)
from triage.storage.store import Store

MB = 1_000_000
app = typer.Typer(
    name="store", help="Look at the store, copy it, delete from it.", no_args_is_help=True
)
console = Console(highlight=False)

File = Annotated[Path, typer.Argument(help="A backup.")]


@app.command("check", epilog="Example: triage store check")
def check() -> None:
    """Read the whole store and tell whether it is sound; exit code 1 when it is not."""
    found = look(load_settings().store_url)
    rows = ", ".join(f"{count} {name}" for name, count in found.rows.items())
    mode = f", journal mode {found.journal_mode}" if found.journal_mode else ""
    _say(f"{found.name}: revision {found.revision}{mode}, {found.bytes / MB:.1f} MB; {rows}")
    for fault in found.faults:
        _say(fault)
    if found.faults:
        raise GateError(
            f"{len(found.faults)} faults in the store.", fix="Restore it from a backup."
        )
    _say("sound")


@app.command("backup", epilog="Example: triage store backup /backups/triage-2026-11-22.db")
def backup_(file: File) -> None:
    """Copy a SQLite store into a new file, while servers go on."""
    size = back_up(load_settings().store_url, file)
    _say(f"{file}: {size / MB:.1f} MB, checked")


@app.command("restore", epilog="Example: triage store restore /backups/triage-2026-11-22.db")
def restore_(
    file: File,
    erasures: Annotated[
        Path | None,
        typer.Option(help=f"Who was erased since; {FILE} in TRIAGE_HOME if left out."),
    ] = None,
) -> None:
    """Make a backup the store, which must be new or empty, without those erased since."""
    settings = load_settings()
    if erasures is not None and not erasures.is_file():
        raise InputError(f"There is no file {erasures}.", fix="Check --erasures.")
    gone = restore(settings.store_url, file, noted(erasures or settings.home / FILE))
    _say(f"restored; {_told(gone)} erased again")


@app.command("expire", epilog="Example: triage store expire --days 90")
def expire(
    days: Annotated[
        int | None, typer.Option(min=1, help="Age in days; TRIAGE_RETENTION_DAYS if left out.")
    ] = None,
) -> None:
    """Delete decisions and feedback that are too old, as the server does every hour."""
    settings = load_settings()
    age, gone = settings.retention_days if days is None else days, Erased()
    with Store.open(settings.store_url) as store:
        while True:
            with transaction(store.engine, write=True) as connection:
                more = expire_some(connection, age)
            gone += more
            if more.most < BATCH:
                break
    _say(f"{_told(gone)} deleted")


@app.command("erase", epilog="Example: triage store erase --requester customer-4711")
def erase(
    requester: Annotated[
        str | None, typer.Option(help="customer.id of the messages; all about them goes.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="Agent whose id is taken out of the feedback.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Erase anew all who were erased, after a restore.")
    ] = False,
) -> None:
    """Erase a person from the store, and note it for backups that are restored later."""
    if sum((requester is not None, agent is not None, again)) != 1:
        raise InputError(
            "Whom?", fix="Give one of --requester, --agent and --again.", field="--requester"
        )
    settings = load_settings()
    with Store.open(settings.store_url) as store:
        if again:
            _say(f"{_told(catch_up(store.engine, settings.home / FILE))} erased")
            return
        kind: Kind = "agent" if requester is None else "requester"
        _say(f"{_told(_erased(settings, store, kind, requester or agent or ''))} erased")


def _erased(settings: Settings, store: Store, kind: Kind, person: str) -> Erased:
    if not person.strip():
        raise InputError("The id is empty.", fix="Give the id that the desk sends.")
    stone = tombstone_of(kind, person)
    note(settings.home, stone)
    with transaction(store.engine, write=True) as connection:
        gone = bury(connection, stone)
    try:
        scrub(store.engine)
    except StoreError as error:
        raise StoreError(
            f"The rows are deleted, but their bytes may still stand in the file: {error.problem}",
            fix=f"{error.fix} Then run the command again.",
        ) from error
    return gone


def _told(gone: Erased) -> str:
    return (
        f"{gone.decisions} decisions, {gone.feedback} feedback, {gone.idempotency} kept answers, "
        f"{gone.disagreements} disagreements"
    )


def _say(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
