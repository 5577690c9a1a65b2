"""The ``triage accounts`` commands: people who sign in to the console with a password."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.access.accounts import fold_name, hash_password, new_account
from triage.access.roles import ROLES, read_role
from triage.settings import load_settings
from triage.storage.people import AccountRepository
from triage.storage.store import Store

app = typer.Typer(name="accounts", help="Let people sign in to the console.", no_args_is_help=True)
console = Console(stderr=True, highlight=False)

Name = Annotated[str, typer.Argument(help="What the person signs in with.")]
Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
]


@app.command("add", epilog="Example: triage accounts add anna --role lead")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "agent",
    brand: Annotated[str | None, typer.Option(help="The one brand that they may see.")] = None,
    password_stdin: Stdin = False,
) -> None:
    """Add an account; the password is asked for and kept as an argon2id hash alone."""
    chosen = read_role(role)
    account = new_account(name, _password(password_stdin), chosen, _now(), brand)
    with _accounts() as accounts:
        accounts.add(account)
    console.print(f"{account.name} may sign in as {chosen}; brand {brand or 'all'}", markup=False)


@app.command("list", epilog="Example: triage accounts list")
def list_() -> None:
    """Show all accounts."""
    with _accounts() as accounts:
        found = accounts.list_accounts()
    table = Table("name", "role", "brand", "made", "password set")
    for one in found:
        made, changed = (f"{moment:%Y-%m-%d %H:%M}" for moment in (one.created_at, one.changed_at))
        table.add_row(one.name, one.role, one.brand or "all", made, changed)
    Console(highlight=False).print(table)


@app.command("password", epilog="Example: triage accounts password anna")
def password(name: Name, password_stdin: Stdin = False) -> None:
    """Set another password and sign the person out everywhere."""
    hashed = hash_password(_password(password_stdin))
    with _accounts() as accounts:
        accounts.set_password(fold_name(name), hashed, _now())
    console.print(f"{fold_name(name)} has another password", markup=False)


@app.command("remove", epilog="Example: triage accounts remove anna")
def remove(name: Name) -> None:
    """Remove an account and sign the person out everywhere."""
    with _accounts() as accounts:
        accounts.remove(fold_name(name))
    console.print(f"{fold_name(name)} is removed", markup=False)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _accounts() -> Iterator[AccountRepository]:
    with Store.open(load_settings().store_url) as store:
        yield store.accounts
