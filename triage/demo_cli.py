"""The command that shows the service alive: ``triage demo``."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from triage.errors import ConfigError
from triage.settings import load_settings

HOME = Path(".triage/demo")
DAYS = 14
STORE = "triage.db"


def demo(
    home: Annotated[Path, typer.Option(help="Folder of the demo; nothing else is touched.")] = HOME,
    days: Annotated[int, typer.Option(min=3, max=90, help="How many days of messages.")] = DAYS,
    seed: Annotated[int, typer.Option(help="Another seed gives other days.")] = 0,
    *,
    replace: Annotated[bool, typer.Option(help="Throw a demo in that folder away first.")] = False,
) -> None:
    """Fill a store with a made-up fortnight: messages, answers, agents, and an outage."""
    from triage.demo.fill import fill

    settings = load_settings(home=home, profile="tiny", database_url=f"sqlite:///{home / STORE}")
    if replace:
        _throw_away(home)
    home.mkdir(parents=True, exist_ok=True)
    columns = TextColumn("Messages"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)
        filled = fill(
            settings,
            days,
            seed,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(
        f"{filled.messages} messages of {days} days over {filled.articles} articles; agents got to "
        f"{filled.handled} of them. Look at them with:\n"
        f"  TRIAGE_HOME={home} triage serve --profile tiny"
    )


def _throw_away(home: Path) -> None:
    """Remove a demo, and nothing that is none."""
    if home.exists() and not (home / STORE).is_file() and any(home.iterdir()):
        raise ConfigError(
            f"{home} holds something else than a demo.",
            fix="Choose another --home.",
            field="--home",
        )
    shutil.rmtree(home, ignore_errors=True)
