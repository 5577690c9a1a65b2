"""Take tables of text apart row by row; a row that cannot be read is named, not raised.

Each parser yields a row or the error that keeps one from being read, so that a caller may stop at
the first or list them all. Where nothing can be read behind an error, it is the last.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeVar

from triage.bounds import MAX_CELL, bounded, bounded_lines
from triage.errors import ExportError

_Found = TypeVar("_Found", list[str], dict[str, str])


def delimited(path: Path, stream: IO[str], suffix: str) -> Iterator[list[str] | ExportError]:
    """Yield the header of a CSV or TSV, then the cells of each row; blank lines are no rows.

    A stream opened with ``surrogateescape`` has its rows of broken encoding named.

    Raises:
        ExportError: When there is no header, or the header names a column twice.
    """
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(path, stream)
    reader = csv.reader(lines, delimiter="\t" if suffix == ".tsv" else ",", strict=True)
    number = 0
    try:
        header = next(reader, None)
        if not header:
            raise ExportError(f"{path.name}: the file is empty.", fix="It needs a header line.")
        _check_header(path, header)
        if lines.broken():
            raise _not_utf8(path, "the header")
        yield header
        for number, cells in enumerate(filter(None, reader), start=1):
            if lines.broken():
                yield _not_utf8(path, f"row {number}", number)
            elif len(cells) != len(header):
                yield ExportError(
                    f"{path.name}, row {number}: {len(cells)} cells under {len(header)} columns.",
                    fix="Quote cells that hold the separator or a line break.",
                    row=number,
                    blocker="broken_row",
                )
            else:
                yield cells
    except csv.Error as error:
        yield ExportError(
            f"{path.name}, row {number + 1}: broken quoting ({error}).",
            fix="Close every quote; write a quote inside a cell twice.",
            row=number + 1,
            blocker="broken_row",
        )


def jsonl(path: Path, stream: IO[str]) -> Iterator[dict[str, str] | ExportError]:
    """Yield each object of a JSONL file with its values as text; null becomes an empty string."""
    lines = _Lines(path, stream)
    for number, line in enumerate(filter(str.strip, lines), start=1):
        if lines.broken():
            yield _not_utf8(path, f"row {number}", number)
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield _no_object(path, number, "not a JSON object")
            continue
        if not isinstance(value, dict):
            yield _no_object(path, number, f"a JSON {type(value).__name__}, not an object")
            continue
        try:
            row = bounded(path, number, {str(key): _text(cell) for key, cell in value.items()})
        except ExportError as error:
            yield error
            continue
        yield row


def sound(found: Iterator[_Found | ExportError]) -> Iterator[_Found]:
    """Pass rows on until one is broken.

    Raises:
        ExportError: The first that is found.
    """
    for one in found:
        if isinstance(one, ExportError):
            raise one
        yield one


class _Lines:
    """The lines of a file; remembers whether one since the last question was no UTF-8."""

    def __init__(self, path: Path, stream: IO[str]) -> None:
        self._lines = bounded_lines(path, stream)
        self._broken = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if not line.isascii():
                try:
                    line.encode()
                except UnicodeEncodeError:
                    self._broken = True
            yield line

    def broken(self) -> bool:
        """Tell, and forget."""
        broken, self._broken = self._broken, False
        return broken


def _not_utf8(path: Path, where: str, row: int | None = None) -> ExportError:
    return ExportError(
        f"{path.name}, {where}: not UTF-8.",
        fix="Convert the file first, for example: iconv -f WINDOWS-1252 -t UTF-8 IN > OUT.",
        row=row,
        blocker="not_utf8",
    )


def _no_object(path: Path, number: int, what: str) -> ExportError:
    return ExportError(
        f"{path.name}, row {number}: {what}.",
        fix="Write one JSON object a line.",
        row=number,
        blocker="broken_row",
    )


def _check_header(path: Path, header: list[str]) -> None:
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ExportError(
            f"{path.name}: the column {repeated[0]!r} stands twice in the header.",
            fix="Rename one of them.",
            field=repeated[0],
        )


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
