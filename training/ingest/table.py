"""Read exports of any format into examples."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from training.config import Columns
from training.datasets import Examples, join
from training.ingest.export import open_export
from training.members import column_of, member_of, parts_of
from triage.domain import Message
from triage.errors import ExportError
from triage.labeling.groups import ANSWERS
from triage.predictions import content_type_of
from triage.rows import Row
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
    if len(parts) == 1:
        return parts[0]
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
                    blocker="duplicate_id",
                )
            seen[name] = (path, number)
    return join(parts)


def read_export(
    path: Path,
    columns: Columns,
    identifier: LanguageIdentifier,
    wanted: Callable[[Row], bool] | None = None,
) -> Examples:
    """Read an export, cleaning each message exactly as serving does.

    Args:
        path: File, folder or store.
        columns: What its columns mean.
        identifier: Of languages.
        wanted: Chooses rows; all where None.

    Raises:
        ExportError: When the file is broken, a column is missing, an id stands twice, a date is
            none, or no row is left; the error names file, column and row.
    """
    export = open_export(path, columns)
    columns, found = export.columns, _Columns(path, export.columns)
    for number, row in enumerate(export.rows(), start=1):
        if wanted is not None and not wanted(row):
            continue
        text = clean(message_of(row, columns)).text
        declared = row[columns.language].strip().lower() if columns.language else ""
        found.add(number, row, text, declared, identifier.identify(text, declared or None).code)
    if not found.ids:
        raise ExportError(f"{path.name}: there is no row in it.", fix="Export some tickets first.")
    return found.examples()


class _Columns:
    """Examples while they are read: one list a column, so that a row can go once it is read."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path, self.columns = path, columns
        self.ids: dict[str, int] = {}
        self.texts: list[str] = []
        self.languages: list[str] = []
        self.declared: list[str] = []
        self.groups: list[str] = []
        self.times: list[str] = []
        self.channels: list[str] = []
        self.labels: dict[str, list[str]] = {task: [] for task in columns.labels}
        self.cells: dict[str, dict[str, str]] = {task: {} for task in columns.labels}

    def add(self, number: int, row: Row, text: str, declared: str, language: str) -> None:
        """Take over what training needs of a row."""
        columns = self.columns
        name = _id(self.path, number, row, columns, self.ids)
        self.ids[name] = number
        self.texts.append(text)
        self.languages.append(language)
        self.declared.append(sys.intern(declared) or language)
        self.groups.append(_group(columns, row, name))
        self.times.append(_time(self.path, number, row, columns))
        if columns.channel:
            self.channels.append(sys.intern(row[columns.channel].strip()))
        for task, place in columns.labels.items():
            cell = row[column_of(place)].strip()
            label = self.cells[task].setdefault(cell, label_of(cell, columns, task))
            self.labels[task].append(label)

    def examples(self) -> Examples:
        """Build the examples."""
        count = len(self.ids)
        return Examples(
            ids=tuple(self.ids),
            texts=tuple(self.texts),
            languages=tuple(self.languages),
            declared=tuple(self.declared),
            labels={task: tuple(values) for task, values in self.labels.items()},
            groups=tuple(self.groups),
            times=tuple(self.times),
            numbers=tuple(range(1, count + 1)),
            sources=(self.path.name,) * count,
            weights=np.ones(count),
            target=np.ones(count, bool),
            cells={task: frozenset(cells) for task, cells in self.cells.items()},
            channels=tuple(self.channels),
        )


def _made_up(path: Path, number: int) -> str:
    """Name a row that has no id of its own."""
    return f"{path}:{number}"


def _id(path: Path, number: int, row: Row, columns: Columns, seen: Mapping[str, int]) -> str:
    name = row.get(columns.ids) or _made_up(path, number)
    if name in seen:
        raise ExportError(
            f"{path.name}, row {number}: the id {name!r} stands already in row {seen[name]}.",
            fix="Give every row its own id, or drop the id column.",
            field=columns.ids,
            row=number,
            blocker="duplicate_id",
        )
    return name


def message_of(row: Row, columns: Columns) -> Message:
    """Build the message of a row, as serving would be given it."""
    kind = content_type_of(row[columns.content_type] if columns.content_type else "")
    subject = row[columns.subject] if columns.subject else ""
    return Message(text=row[columns.text], subject=subject, content_type=kind)


def label_of(cell: str, columns: Columns, task: str) -> str:
    """Return the label that a stripped cell means, empty where it means none."""
    unnamed = "" if cell.lower() in IGNORED else cell
    member = member_of(columns.labels[task])
    if member:
        return ANSWERS[member in parts_of(cell)] if unnamed else ""
    return columns.renames.get(task, {}).get(cell, unnamed)


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
            fix="Write dates like 2026-03-31 or 2026-03-31T14:05:00Z, or leave them out: --time ''",
            field=columns.time or "",
            row=number,
            blocker="bad_date",
        ) from error


def _group(columns: Columns, row: Row, row_id: str) -> str:
    return (row[columns.group] if columns.group else "") or row_id
