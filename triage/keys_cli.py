"""The ``triage keys`` commands: make, list, revoke and rotate keys of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from triage.access.keys import PREFIX, SCOPES, ApiKey, id_of, new_key, read_scopes, read_span
from triage.access.rates import read_rate
from triage.settings import load_settings
from triage.storage.keys import KeyRepository
from triage.storage.store import Store

PLAIN_WIDTH = 200
app = typer.Typer(name="keys", help="Make and revoke keys of the API.", no_args_is_help=True)
console = Console(stderr=True, highlight=False)

Id = Annotated[str, typer.Argument(help="Id of a key, as the list shows it.")]
ScopeNames = Annotated[
    list[str],
    typer.Option("--scope", help=f"What it is good for: {', '.join(SCOPES)}. Repeatable."),
]
Brand = Annotated[str | None, typer.Option(help="The one brand that it may see.")]
Expires = Annotated[str | None, typer.Option(help="Ends after this time, such as 90d.")]
Rate = Annotated[str | None, typer.Option(help="Most requests, such as 10/second.")]
Overlap = Annotated[str, typer.Option(help="Time for which the old key goes on, such as 24h.")]


@app.command("create", epilog="Example: triage keys create --name desk --scope classify")
def create(
    name: Annotated[str, typer.Option(help="Whose key it is, for people.")],
    scope: ScopeNames,
    brand: Brand = None,
    expires: Expires = None,
    rate: Rate = None,
) -> None:
    """Make a key and print it, this once; running servers know it within seconds."""
    lifetime = read_span(expires, "--expires") if expires else None
    if rate:
        read_rate(rate, "--rate")
    text, key = new_key(name, read_scopes(scope), _now(), brand=brand, rate=rate, lifetime=lifetime)
    with _keys() as keys:
        keys.add(key)
    _hand_over(text, key)


@app.command("list", epilog="Example: triage keys list")
def list_() -> None:
    """Show all keys, never their secrets."""
    with _keys() as keys:
        found = keys.list_keys()
    now, table = (
        _now(),
        Table("id", "name", "scopes", "brand", "rate", "state", "made", "last used"),
    )
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    for key in found:
        table.add_row(
            key.id,
            key.name,
            ", ".join(sorted(key.scopes)),
            key.brand or "all",
            key.rate or "",
            _state(key, now),
            _shown(key.created_at),
            _shown(key.last_used_at) if key.last_used_at else "never",
        )
    # A file or a pipe has no width; nothing is broken there.
    out = Console(highlight=False)
    (out if out.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)).print(table)


@app.command("revoke", epilog="Example: triage keys revoke 4kZ0pQ9x")
def revoke(key_id: Id) -> None:
    """Take a key back for good; running servers refuse it within 5 seconds."""
    with _keys() as keys:
        key = keys.revoke(id_of(key_id), _now())
    console.print(f"{key.id} ({key.name}) is revoked", markup=False)


@app.command("rotate", epilog="Example: triage keys rotate 4kZ0pQ9x --overlap 24h")
def rotate(key_id: Id, overlap: Overlap = "24h") -> None:
    """Make another key like one that is live, which itself ends after the overlap."""
    span, now = read_span(overlap, "--overlap"), _now()
    with _keys() as keys:
        old = keys.find(id_of(key_id))
        text, new = _successor(old, now)
        keys.replace(old.id, new, now + span)
        ended = keys.find(old.id).expires_at
    _hand_over(text, new)
    console.print(f"{old.id} ends {_shown(ended or now)}", markup=False)


def _successor(old: ApiKey, now: datetime) -> tuple[str, ApiKey]:
    """Make a key of the same name, scopes, brand, rate and lifetime."""
    lifetime: timedelta | None = old.expires_at - old.created_at if old.expires_at else None
    scopes = read_scopes(sorted(old.scopes))
    return new_key(old.name, scopes, now, brand=old.brand, rate=old.rate, lifetime=lifetime)


def _hand_over(text: str, key: ApiKey) -> None:
    """Print the key alone where it can be piped, and what it is beside it."""
    typer.echo(text)
    ends = f", ends {_shown(key.expires_at)}" if key.expires_at else ""
    scopes = ", ".join(sorted(key.scopes))
    console.print(
        f"{key.id} for {key.name}: {scopes}; brand {key.brand or 'all'}{ends}. The line that "
        f"begins with {PREFIX} is the key; it is not shown again.",
        markup=False,
        soft_wrap=True,
    )


def _state(key: ApiKey, now: datetime) -> str:
    state = key.state(now)
    return f"live until {_shown(key.expires_at)}" if state == "live" and key.expires_at else state


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _keys() -> Iterator[KeyRepository]:
    with Store.open(load_settings().store_url) as store:
        yield store.keys
