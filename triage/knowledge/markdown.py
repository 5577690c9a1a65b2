"""Read a folder of Markdown articles with YAML front matter."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import yaml

from triage.domain import Article
from triage.knowledge.checks import FIELDS, FieldError, make_article
from triage.knowledge.faults import Fault, Placed

REQUIRED = ("id", "title", "language")
MAX_FILE = 1_000_000
"""Largest accepted file, in bytes."""
MAX_FRONT_MATTER = 20_000
"""Longest accepted front matter, in characters."""

_FENCE = "---"


def read_folder(
    folder: Path, advance: Callable[[], None] = lambda: None
) -> tuple[list[Placed], list[Fault]]:
    """Read every ``.md`` file below a folder, in the order of the paths; hidden ones are skipped.

    Args:
        folder: Where the articles stand.
        advance: Called after each file.
    """
    placed: list[Placed] = []
    faults: list[Fault] = []
    for path in article_files(folder):
        where = path.relative_to(folder).as_posix()
        try:
            placed.append((where, parse_article(_load(path))))
        except FieldError as error:
            faults.append(Fault(where, error.problem, error.fix, error.field))
        advance()
    return placed, faults


def article_files(folder: Path) -> list[Path]:
    """List the article files below a folder."""
    return [
        path
        for path in sorted(folder.rglob("*.md"))
        if path.is_file() and not _is_hidden(path.relative_to(folder))
    ]


def parse_article(text: str) -> Article:
    """Read one article from Markdown with front matter.

    Raises:
        FieldError: When the front matter is missing or broken, or a field is wrong.
    """
    lines = text.splitlines(keepends=True)
    closing = next((n for n, line in enumerate(lines) if n and line.rstrip() == _FENCE), 0)
    if not closing or lines[0].rstrip() != _FENCE:
        raise FieldError(
            "", "no front matter.", "Open the file with --- and close the fields with --- again."
        )
    fields = _front_matter("".join(lines[1:closing]))
    for name in REQUIRED:
        if fields.get(name) is None or fields[name] == "":
            raise FieldError(name, f"no {name} in the front matter.", f"Add a line {name}: ...")
    return make_article(fields, "".join(lines[closing + 1 :]), "")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _load(path: Path) -> str:
    if path.stat().st_size > MAX_FILE:
        raise FieldError("", f"larger than {MAX_FILE:,} bytes.", "Split the article.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FieldError("", f"not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from error
    except OSError as error:
        raise FieldError("", f"not readable ({error.strerror}).", "Check its rights.") from error


def _front_matter(text: str) -> dict[str, object]:
    if len(text) > MAX_FRONT_MATTER:
        raise FieldError("", "the front matter is too long.", "Close it with --- after the fields.")
    try:
        fields = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 2}" if mark else ""
        raise FieldError(
            "", f"the front matter is no valid YAML{line}.", "Put texts with : or # in quotes."
        ) from error
    if not isinstance(fields, dict):
        raise FieldError("", "the front matter holds no fields.", "Write lines such as id: ...")
    for name in fields:
        if name not in FIELDS:
            near = get_close_matches(str(name), FIELDS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(FIELDS)}."
            raise FieldError(str(name)[:50], f"unknown field {str(name)[:50]!r}.", hint)
    return fields
