"""Show that a search goes on: a bar on a terminal; elsewhere its lines alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def watching(
    name: str, seconds: float | None = None, console: Console | None = None
) -> Iterator[Callable[[], None]]:
    """Draw a bar while a search goes on; the value given is called after every fit.

    Args:
        name: What is searched for.
        seconds: The budget, which the bar then fills; without one it moves to and fro.
        console: Where to draw; standard error when None.
    """
    shown = console or Console(stderr=True, highlight=False)
    if not shown.is_terminal:
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[fits]} fits"),
        TimeElapsedColumn(),
    )
    begun, fits = monotonic(), 0
    with Progress(*columns, console=shown, transient=True) as bar:
        task = bar.add_task(name, total=seconds, fits=0)

        def tick() -> None:
            nonlocal fits
            fits += 1
            spent = monotonic() - begun
            bar.update(task, fits=fits, completed=min(spent, seconds) if seconds else 0)

        yield tick
