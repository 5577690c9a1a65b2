"""The two-column CSV of Amazon Comprehend's custom classification: label, text, no header.

Several labels of one message stand in the first cell with ``|`` between them.
"""

import csv
from collections.abc import Iterator, Sequence

from training.ingest.source import Source
from triage.bounds import MAX_CELL, bounded_lines
from triage.errors import ExportError
from triage.rows import Row, explained

WIDTH = 2
DEFAULTS = {"text": "text"}
HEADERS = (frozenset({"label", "labels", "class", "classes"}), frozenset({"text", "document"}))


def is_headless(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether first rows are labels and texts: a header's name never comes back below it."""
    if not rows or any(len(row) != WIDTH for row in rows):
        return False
    first = rows[0][0].strip()
    return bool(first) and not _is_header(rows[0]) and any(row[0] == first for row in rows[1:])


def read(source: Source) -> Iterator[Row]:
    """Yield the columns ``label`` and ``text``; a header is left out.

    Raises:
        ExportError: When a row has not two cells or a quote is broken; names the row.
    """
    csv.field_size_limit(MAX_CELL)
    number = 0
    with explained(source.path), source.open_text(source.path) as stream:
        rows = filter(None, csv.reader(bounded_lines(source.path, stream), strict=True))
        try:
            for cells in rows:
                if number == 0 and len(cells) == WIDTH and _is_header(cells):
                    continue
                number += 1
                if len(cells) != WIDTH:
                    raise _wrong(source, number, f"{len(cells)} cells instead of label and text")
                yield {"label": cells[0].strip(), "text": cells[1]}
        except csv.Error:
            raise _wrong(source, number + 1, "broken quoting or a cell too long") from None


def _is_header(cells: Sequence[str]) -> bool:
    return all(c.strip().lower() in names for c, names in zip(cells, HEADERS, strict=True))


def _wrong(source: Source, number: int, what: str) -> ExportError:
    return ExportError(
        f"{source.path.name}, row {number}: {what}.",
        fix="Write LABEL,text with the text in quotes, a quote inside it twice.",
        row=number,
        blocker="broken_row",
    )
