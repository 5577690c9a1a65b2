"""The first sheet of an Excel workbook (.xlsx) that has rows; its first row names the columns."""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError

from training.ingest.records import checked
from training.ingest.source import Source
from triage.cells import cell
from triage.errors import ExportError
from triage.rows import Row, explained


def read(source: Source) -> Iterator[Row]:
    """Yield each row below the header; empty rows are left out.

    Raises:
        ExportError: When it is no workbook, has no header, or names a column twice.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with explained(source.path):
        try:
            with source.path.open("rb") as stream:
                with warnings.catch_warnings():
                    # It warns of styles and extensions, which no label depends on.
                    warnings.simplefilter("ignore", UserWarning)
                    book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
                try:
                    yield from _book(source, book.worksheets)
                finally:
                    book.close()
        except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError):
            # The cause may quote a cell.
            raise ExportError(
                f"{source.path.name}: damaged, protected by a password, or no .xlsx workbook.",
                fix="Open it in a spreadsheet program and save it as .xlsx or CSV.",
            ) from None


def _book(source: Source, sheets: Sequence[object]) -> Iterator[Row]:
    for sheet in sheets:
        rows = sheet.iter_rows(values_only=True)  # type: ignore[attr-defined] # has no types
        header = next((row for row in rows if any(value is not None for value in row)), None)
        if header is None:
            continue
        # The sheet tells its size, but some programs write a wrong one.
        source.total = max(0, (sheet.max_row or 1) - 1)  # type: ignore[attr-defined] # same
        yield from _sheet(source, [_text(value).strip() for value in header], rows)
        return


def _sheet(source: Source, header: list[str], rows: Iterator[Sequence[object]]) -> Iterator[Row]:
    used = [place for place, name in enumerate(header) if name]
    names = [header[place] for place in used]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ExportError(
            f"{source.path.name}: the column {repeated[0]!r} stands twice in the header.",
            fix="Rename one of them.",
            field=repeated[0],
        )
    number = 0
    for values in rows:
        source.read += 1
        if all(value is None for value in values):
            continue
        number += 1
        padded = [*values, *[None] * (len(header) - len(values))]
        yield checked(
            source, number, {name: _text(padded[at]) for name, at in zip(names, used, strict=True)}
        )


def _text(value: object) -> str:
    """Write a cell as a CSV export would: dates in ISO 8601, whole numbers without a point."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return cell(value)
