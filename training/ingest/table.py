"""Read a CSV, TSV or JSONL export into examples."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from training.config import Columns
from training.datasets import Examples, join
from triage.domain import Message
from triage.errors import ExportError
from triage.predictions import content_type_of
from triage.rows import Row, read_rows
from triage.text.clean import clean
from triage.text.language import LanguageIdentifier

IGNORED = frozenset({"", "null", "none", "nan", "n/a"})
"""Cells that mean "no label" in the exports seen, whatever their case."""


def read_exports(
    paths: Sequence[Path], columns: Columns, identifier: LanguageIdentifier
) -> Examples:
    """Read several exports as one; ids must differ across them where the exports have ids.

    Raises:
        ExportError: As ``read_export``, or when two exports have a row of the same id.
    """
    parts = [read_export(path, columns, identifier) for path in paths]
    seen: dict[str, tuple[Path, int]] = {}
    for path, part in zip(paths, parts, strict=True):
        for name, number in zip(part.ids, part.numbers, strict=True):
            if name == _made_up(path, number):
                continue
            if name in seen:
                first, row = seen[name]
                raise ExportError(
                    f"{path}, row {number}: the id {name!r} stands already in {first}, row {row}.",
                    fix="Give every row of all files its own id, or drop the id column.",
                    field=columns.ids,
                    row=number,
                )
            seen[name] = (path, number)
    return join(parts)


def read_export(path: Path, columns: Columns, identifier: LanguageIdentifier) -> Examples:
    """Read an export, cleaning each message exactly as serving does.

    Raises:
        ExportError: When the file is broken, a column is missing, an id stands twice, a date is
            none, or no row is left; the error names file, column and row.
    """
    table: list[Row] = list(read_rows(path, columns.required))
    if not table:
        raise ExportError(f"{path.name}: there is no row in it.", fix="Export some tickets first.")
    ids = _ids(path, table, columns)
    cleaned = [clean(_message(row, columns)).text for row in table]
    declared = [row[columns.language].strip().lower() if columns.language else "" for row in table]
    languages = [
        identifier.identify(text, hint or None).code
        for text, hint in zip(cleaned, declared, strict=True)
    ]
    return Examples(
        ids=ids,
        texts=tuple(cleaned),
        languages=tuple(languages),
        declared=tuple(a or b for a, b in zip(declared, languages, strict=True)),
        labels={
            task: tuple(_label(row[column], columns, task) for row in table)
            for task, column in columns.labels.items()
        },
        groups=tuple(_group(columns, row, id_) for row, id_ in zip(table, ids, strict=True)),
        times=tuple(_time(path, number, row, columns) for number, row in enumerate(table, start=1)),
        numbers=tuple(range(1, len(table) + 1)),
        sources=(path.name,) * len(table),
        weights=np.ones(len(table)),
        target=np.ones(len(table), bool),
        cells={
            task: frozenset(row[column].strip() for row in table)
            for task, column in columns.labels.items()
        },
    )


def _made_up(path: Path, number: int) -> str:
    """Name a row that has no id of its own."""
    return f"{path}:{number}"


def _ids(path: Path, table: list[Row], columns: Columns) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for number, row in enumerate(table, start=1):
        name = row.get(columns.ids) or _made_up(path, number)
        if name in seen:
            raise ExportError(
                f"{path.name}, row {number}: the id {name!r} stands already in row {seen[name]}.",
                fix="Give every row its own id, or drop the id column.",
                field=columns.ids,
                row=number,
            )
        seen[name] = number
    return tuple(seen)


def _message(row: Row, columns: Columns) -> Message:
    kind = content_type_of(row[columns.content_type] if columns.content_type else "")
    subject = row[columns.subject] if columns.subject else ""
    return Message(text=row[columns.text], subject=subject, content_type=kind)


def _label(cell: str, columns: Columns, task: str) -> str:
    value = cell.strip()
    unnamed = "" if value.lower() in IGNORED else value
    return columns.renames.get(task, {}).get(value, unnamed)


def _time(path: Path, number: int, row: Row, columns: Columns) -> str:
    """Write a date in UTC, so that dates compare as text; one without a zone counts as UTC."""
    cell = row[columns.time].strip() if columns.time else ""
    if not cell:
        return ""
    try:
        moment = datetime.fromisoformat(cell)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise ExportError(
            f"{path.name}, row {number}: the cell of {columns.time!r} is no ISO 8601 date.",
            fix="Write dates like 2026-03-31 or 2026-03-31T14:05:00Z.",
            field=columns.time or "",
            row=number,
        ) from error


def _group(columns: Columns, row: Row, row_id: str) -> str:
    return (row[columns.group] if columns.group else "") or row_id
