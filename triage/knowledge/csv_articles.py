"""Read articles from a table: CSV, TSV or JSONL, plain or ``.gz``."""

from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from triage.domain import Article
from triage.errors import ExportError
from triage.knowledge.checks import FIELDS, FieldError, make_article
from triage.knowledge.faults import Fault, Placed
from triage.rows import Row, read_rows

ID_COLUMNS = ("article_id", "id")
COLUMNS = (*ID_COLUMNS, "body", *FIELDS[1:])
_ALIKE = 0.8
"""Likeness above which an unknown column is taken for a misspelt one (difflib ratio)."""

Detect = Callable[[str], str]
"""Names the language of a text by its code, ``""`` when it is unsure."""


def read_table(
    path: Path,
    language: str = "",
    detect: Detect | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[Placed], list[Fault]]:
    """Read one article a row; columns that are not ours are left alone.

    Args:
        path: The table, with ``article_id`` (or ``id``) and ``body``.
        language: Language of the rows that name none.
        detect: Asked for the rows that name none when ``language`` is empty; where it is unsure,
            the most usual language of the table is taken.
        advance: Called after each row.
    """
    rows, faults = _rows(path)
    spoken = [_language(row, language, detect) for row in rows]
    usual = Counter(filter(None, spoken)).most_common(1)
    placed: list[Placed] = []
    for number, (row, heard) in enumerate(zip(rows, spoken, strict=True), start=1):
        where = f"{path.name}, row {number}"
        try:
            if number == 1:
                _check_columns(row)
            placed.append((where, _article(row, heard or (usual[0][0] if usual else ""))))
        except FieldError as error:
            faults.append(Fault(where, error.problem, error.fix, error.field, number))
        advance()
    return placed, faults


def _rows(path: Path) -> tuple[list[Row], list[Fault]]:
    """Read rows up to the first one that breaks the table."""
    rows: list[Row] = []
    try:
        rows.extend(read_rows(path, required=("body",)))
    except ExportError as error:
        return rows, [Fault("", error.problem, error.fix, error.field, error.row)]
    return rows, []


def _language(row: Row, language: str, detect: Detect | None) -> str:
    given = row.get("language") or language
    if given or detect is None:
        return given
    return detect(f"{row.get('title', '')}\n{row['body']}")


def _article(row: Row, language: str) -> Article:
    fields: dict[str, object] = {name: row.get(name) for name in FIELDS}
    fields["id"] = next((row[name] for name in ID_COLUMNS if row.get(name)), None)
    return make_article(fields, row["body"], language)


def _check_columns(row: Row) -> None:
    for name in row:
        near = get_close_matches(name, COLUMNS, n=1, cutoff=_ALIKE)
        if near and name not in COLUMNS:
            raise FieldError(
                name[:50],
                f"the column {name[:50]!r} looks like {near[0]!r}.",
                f"Rename it to {near[0]}, or to something else if it is not meant.",
            )
    if not any(name in row for name in ID_COLUMNS):
        raise FieldError("article_id", "no column article_id or id.", "Add one.")
