"""Read articles from any kind of source; what is wrong or left out is told, nothing is lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from triage.errors import ArticleError, InputError
from triage.knowledge.csv_articles import Detect, read_table
from triage.knowledge.faq_page import read_pages
from triage.knowledge.gathered import Gathered
from triage.knowledge.markdown import read_folder
from triage.knowledge.tickets import MIN_SOURCES, read_tickets
from triage.knowledge.zendesk import read_help_center

Format = Literal["auto", "markdown", "table", "faq", "zendesk", "tickets"]
FORMATS: tuple[str, ...] = get_args(Format)
HTML_ENDINGS = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a source is to be read.

    Attributes:
        format: What kind it is; ``auto`` tells by its files. Past tickets are never guessed.
        language: Of articles that name none.
        detect: Asked for those articles when ``language`` is empty.
        brand: Of articles that name none.
        internal: Import every article as internal.
        columns: Of past tickets: our names to those of the table.
        min_sources: Of past tickets: tickets that an answer must rest on.
    """

    format: Format = "auto"
    language: str = ""
    detect: Detect | None = None
    brand: str = ""
    internal: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    min_sources: int = MIN_SOURCES


def gather(
    path: Path, asked: Asked | None = None, advance: Callable[[], None] = lambda: None
) -> Gathered:
    """Read all articles of a folder or file.

    Args:
        path: Where they stand.
        asked: How to read them.
        advance: Called after each file or row, for a progress bar.

    Raises:
        ArticleError: When there is no such path, or it is of no kind known.
        InputError: When the format asked for is none.
    """
    asked = asked or Asked()
    if asked.format not in FORMATS:
        raise InputError(
            f"There is no format {asked.format!r}.", fix=f"Choose one of {', '.join(FORMATS)}."
        )
    if not path.exists():
        raise ArticleError(f"{path}: there is no such file or folder.", fix="Check the path.")
    found = _read(path, kind_of(path, asked), asked, advance)
    if asked.brand or asked.internal:
        found.placed[:] = [
            (
                where,
                replace(
                    one,
                    brand=one.brand or asked.brand or None,
                    visibility="internal" if asked.internal else one.visibility,
                ),
            )
            for where, one in found.placed
        ]
    return found


def kind_of(path: Path, asked: Asked) -> str:
    """Tell the kind of a source: the one asked for, or by the names of its files."""
    return _format(path) if asked.format == "auto" else asked.format


def _read(path: Path, kind: str, asked: Asked, advance: Callable[[], None]) -> Gathered:
    if kind == "markdown":
        if not path.is_dir():
            raise ArticleError(f"{path}: no folder.", fix="Give the folder of the .md files.")
        return Gathered(*read_folder(path, advance))
    if kind == "faq":
        return read_pages(path, asked.language, asked.detect, advance)
    if kind == "zendesk":
        return read_help_center(path, advance)
    if kind == "tickets":
        return read_tickets(
            path, asked.language, asked.detect, asked.columns, asked.min_sources, advance
        )
    return Gathered(*read_table(path, asked.language, asked.detect, advance))


def _format(path: Path) -> str:
    """Tell the kind by the names of the files; Markdown goes first where there are several."""
    if not path.is_dir():
        ending = path.suffix.lower()
        return "faq" if ending in HTML_ENDINGS else "zendesk" if ending == ".json" else "table"
    kinds = (("markdown", (".md",)), ("faq", HTML_ENDINGS), ("zendesk", (".json",)))
    endings = {one.suffix.lower() for one in path.rglob("*") if one.is_file()}
    return next((kind for kind, known in kinds if not endings.isdisjoint(known)), "markdown")
