"""Read articles for the command line: with a bar, and errors as one line."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from triage.domain import Article
from triage.errors import GateError, InputError, TriageError
from triage.knowledge.finder import LANGUAGES
from triage.knowledge.gathered import Gathered
from triage.knowledge.importer import read_articles
from triage.knowledge.sources import Asked, Format, gather
from triage.shell import REFUSED, UNUSABLE
from triage.text.language import UNKNOWN, LanguageIdentifier

PLAIN_EVERY = 1_000
"""Articles or passages between two plain progress lines where the output is no terminal."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn an error into one line and the exit code of the command."""
    try:
        yield
    except TriageError as error:
        typer.echo(f"{error.code}: {error}", err=True)
        raise typer.Exit(REFUSED if isinstance(error, GateError) else UNUSABLE) from error


def read_all(source: Path, language: str) -> tuple[Article, ...]:
    """Read the articles of a folder or file, whole or not at all, with a bar.

    Raises:
        ArticleError: With every fault found.
    """
    with bar("Reading articles") as advance:
        return read_articles(source, language, detect, lambda: advance(1))


def detect(text: str) -> str:
    """Name the language of a text, ``""`` when it is unsure."""
    code = _identifier().identify(text).code
    return "" if code == UNKNOWN else code


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and a plain line now and then elsewhere."""
    console = Console(stderr=True)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        progress.advance(task, count)
        if not console.is_terminal and done // PLAIN_EVERY > before // PLAIN_EVERY:
            typer.echo(f"{what}: {done}" + (f" of {total}" if total else ""), err=True)

    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield advance


def asked_for(
    kind: Format,
    language: str,
    brand: str,
    columns: Sequence[str] | None,
    least: int,
    *,
    internal: bool,
) -> Asked:
    """Put together how a source is to be read.

    Raises:
        InputError: When a column is not of the form NAME=COLUMN.
    """
    pairs = [one.partition("=") for one in columns or ()]
    if not all(sign and name and column for name, sign, column in pairs):
        raise InputError("A --column is not of the form NAME=COLUMN.", fix="As in answer=Reply.")
    chosen = {name.strip(): column.strip() for name, _, column in pairs}
    return Asked(kind, language, detect, brand, internal, chosen, least)


def gathered(path: Path, asked: Asked) -> Gathered:
    """Read a source, with a bar.

    Raises:
        InputError: When it holds nothing that could be an article.
    """
    with bar("Reading articles") as advance:
        found = gather(path, asked, lambda: advance(1))
    if not (found.placed or found.faults):
        rules = Counter(reason for _, reason in found.skipped)
        left_out = "".join(f" Left out: {count} {why}." for why, count in rules.items())
        raise InputError(
            f"{path}: no articles.{left_out}",
            fix="Give a folder with .md files or a table with rows, or name its --format.",
        )
    return found


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier(LANGUAGES)
