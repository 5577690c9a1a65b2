"""Show how far a long work is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

LINE_EVERY_S = 10.0
"""Seconds between two plain lines."""


@contextmanager
def shown(console: Console, total: int, done: int) -> Iterator[Callable[[int], None]]:
    """Yield what to call with the number of rows after each step.

    Args:
        console: Where to show it.
        total: All rows.
        done: Rows that were done before.
    """
    if not console.is_terminal:
        yield _Lines(console, total, done)
        return
    columns = (
        TextColumn("labelling"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("rows, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("labelling", total=total, completed=done)
        yield lambda rows: bar.update(task, advance=rows)


class _Lines:
    """Tells rows, share and speed on a line every few seconds."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console, self._total = console, total
        self._begun_at = self._done = done
        self._begun = self._last = monotonic()

    def __call__(self, rows: int) -> None:
        self._done += rows
        now = monotonic()
        if now - self._last < LINE_EVERY_S:
            return
        self._last = now
        speed = (self._done - self._begun_at) / (now - self._begun)
        self._console.print(
            f"{self._done} of {self._total} rows ({100 * self._done // self._total} %), "
            f"{speed:.0f} a second"
        )
