"""An export ready to be read: its format is known, and so are the columns of the message."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.config import Columns
from training.ingest.formats import TABLES, Format, find_format
from training.ingest.progress import watched
from training.ingest.source import Source
from triage.errors import ExportError
from triage.rows import Row, column_names, require

SHOWN = 40
"""Columns named in an error."""
OPTIONAL = ("subject", "language", "time", "group", "content_type", "channel")


@dataclass(frozen=True, slots=True)
class Export:
    """A file, folder or store with labelled messages.

    Args:
        path: Where it stands.
        format: How it is read.
        columns: What its columns mean, the format's own filled in.
        own: Columns that the format brought beside the text, which the export may lack.
    """

    path: Path
    format: Format
    columns: Columns
    own: frozenset[str]

    def rows(self) -> Iterator[Row]:
        """Yield each row, in order; all columns of the message and the labels are there.

        Raises:
            ExportError: When the export cannot be read, or has no column of a name that was given.
        """
        source = Source(self.path)
        rows = watched(self.format.read(source), source)
        if self.format.strict:
            named = tuple(name for name in self.columns.required if name not in self.own)
            rows = require(self.path, rows, named)
        return self._filled(rows)

    def describe(self) -> str:
        """Write on one line what the export is read as."""
        used = {name: getattr(self.columns, name) for name in ("text", *OPTIONAL)}
        told = ", ".join(f"{name} {column}" for name, column in used.items() if column)
        return f"{self.path.name}: {self.format.name}; {told}"

    def names(self) -> list[str]:
        """List the columns in order, by first sight."""
        if self.format in TABLES.values():
            return column_names(self.path)
        return list(dict.fromkeys(name for row in self.rows() for name in row))

    def _filled(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Give every row all columns; a name that no row has is refused at the end."""
        unseen = set(self.columns.required) - self.own
        known: dict[str, None] = {}
        some = False
        for row in rows:
            some = True
            if unseen:
                unseen -= row.keys()
                known |= dict.fromkeys(list(row)[:SHOWN])
            for name in self.columns.required:
                row.setdefault(name, "")
            yield row
        if some and unseen:
            raise _unknown(self, min(unseen), [name for name in known if name])


def _unknown(export: Export, name: str, known: list[str]) -> ExportError:
    return ExportError(
        f"{export.path.name}: no row has a column named {name!r} (read as {export.format.name}).",
        fix=f"The columns are: {', '.join(known[:SHOWN])}. If the format is another, force it with "
        "--format.",
        field=name,
    )


def open_export(path: Path, columns: Columns) -> Export:
    """Find the format of an export and fill in the columns that it brings.

    Raises:
        InputError: When the forced format is unknown.
        ExportError: When the file is missing, of no known kind, or needs ``--text``.
    """
    found = find_format(path, columns.format)
    own = {**found.defaults}
    if columns.text:
        # The type that the format tells is that of its own text.
        own.pop("content_type", None)
    text = columns.text or own.get("text", "")
    if not text:
        raise ExportError(
            f"{path.name}: the format {found.name} has no text column of its own.",
            fix="Name the column of the message with --text.",
            field="--text",
        )
    brought: dict[str, Any] = {
        name: own[name]
        for name in OPTIONAL
        if getattr(columns, name) is None and own.get(name, text) != text
    }
    ids = own.get("ids", columns.ids) if columns.ids == "id" else columns.ids
    filled = replace(columns, text=text, ids=ids, **brought)
    given = {columns.text, *columns.cells, *(getattr(columns, n) for n in OPTIONAL)}
    return Export(path, found, filled, frozenset({*brought.values()} - {*given, text}))
