"""Show how far reading has come: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from training.ingest.source import Source
from triage.rows import Row

EVERY = 100_000
"""Rows between two lines where there is no terminal."""
STEP = 256
"""Rows between two looks at the file's position."""


def watched(rows: Iterator[Row], source: Source, console: Console | None = None) -> Iterator[Row]:
    """Pass rows on and show on standard error how many there were."""
    shown = console or Console(stderr=True, highlight=False)
    return _bar(rows, source, shown) if shown.is_terminal else _lines(rows, source, shown)


def _lines(rows: Iterator[Row], source: Source, console: Console) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if number % EVERY == 0:
            share = source.share()
            told = f" ({share:.0%})" if share is not None else ""
            console.print(f"{source.path.name}: {number:,} rows{told}", markup=False)
        yield row


def _bar(rows: Iterator[Row], source: Source, console: Console) -> Iterator[Row]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(source.path.name, total=None, rows=0)
        for number, row in enumerate(rows, start=1):
            if number % STEP == 0:
                share = source.share()
                total = None if share is None else 1.0
                progress.update(task, completed=share or 0.0, total=total, rows=number)
            yield row
