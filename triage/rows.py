"""Read and write tables of messages: CSV, TSV and JSONL, plain or ``.gz``, always UTF-8."""

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from triage.bounds import refuse_stream
from triage.errors import ExportError
from triage.parsing import delimited, jsonl, sound

Row = dict[str, str]
FORMATS = (".csv", ".tsv", ".jsonl")


def table_format(path: Path) -> str:
    """Name the format by the file's ending, ``.gz`` not counted.

    Raises:
        ExportError: When the ending is none of ``.csv``, ``.tsv``, ``.jsonl``.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix not in FORMATS:
        raise ExportError(
            f"{path.name}: unknown format {suffix or '(none)'}.",
            fix="Give a .csv, .tsv or .jsonl file, plain or .gz.",
        )
    return suffix


def open_text(path: Path) -> IO[str]:
    """Open a plain or gzip file as UTF-8 text; a byte order mark is dropped."""
    return _opened(path, "strict")


def open_marking(path: Path) -> IO[str]:
    """Open a file like ``open_text``; bytes that are no UTF-8 become lone surrogates."""
    return _opened(path, "surrogateescape")


def _opened(path: Path, errors: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors=errors, newline="")
    return path.open(encoding="utf-8-sig", errors=errors, newline="")


def read_rows(
    path: Path,
    required: Sequence[str] = (),
    *,
    suffix: str | None = None,
    opened: Callable[[Path], IO[str]] = open_text,
) -> Iterator[Row]:
    """Yield each row as a mapping of column to text, in file order.

    JSON values that are no text are written as JSON; null becomes an empty string.

    Args:
        path: The file.
        required: Columns that every row must have.
        suffix: One of ``FORMATS`` in place of the file's ending.
        opened: Opens the file, for callers that watch how far reading has come.

    Raises:
        ExportError: When the file is missing, is not UTF-8, lacks a required column, or has a row
            of another width; the error names file, column and row.
    """
    chosen = suffix or table_format(path)
    refuse_stream(path)
    with explained(path), opened(path) as stream:
        objects = chosen == ".jsonl"
        rows = sound(jsonl(path, stream)) if objects else _delimited(path, stream, chosen)
        yield from require(path, rows, required)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Explain what keeps a file from being read.

    Raises:
        ExportError: When the file is missing, is not UTF-8, or is damaged.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise ExportError(f"{path}: there is no such file.", fix="Check the path.") from error
    except UnicodeDecodeError as error:
        raise ExportError(
            f"{path.name}: not UTF-8 (byte {error.start} of a block).",
            fix="Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8 IN > OUT.",
            blocker="not_utf8",
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ExportError(f"{path.name}: a damaged gzip file.", fix="Compress it again.") from error
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be read ({error.strerror}).", fix="Give a file that you may read."
        ) from error


def column_names(path: Path) -> list[str]:
    """List the columns of a table in order; for JSONL those of all rows, by first sight.

    Raises:
        ExportError: When the file cannot be read or the rows that were looked at are broken.
    """
    if table_format(path) == ".jsonl":
        return list(dict.fromkeys(name for row in read_rows(path) for name in row))
    for row in read_rows(path):
        return list(row)
    with open_text(path) as stream:
        return next(sound(delimited(path, stream, table_format(path))))


def require(path: Path, rows: Iterator[Row], required: Sequence[str]) -> Iterator[Row]:
    """Pass rows on as long as each has the columns.

    Raises:
        ExportError: Naming the row, the column and those that are there.
    """
    for number, row in enumerate(rows, start=1):
        missing = [name for name in required if name not in row]
        if missing:
            raise ExportError(
                f"{path.name}, row {number}: no column named {missing[0]!r}.",
                fix=f"The columns are: {', '.join(row)}.",
                field=missing[0],
                row=number,
                # One that even the first row lacks is a name given wrongly.
                blocker="broken_row" if number > 1 else "",
            )
        yield row


def _delimited(path: Path, stream: IO[str], suffix: str) -> Iterator[Row]:
    rows = sound(delimited(path, stream, suffix))
    header = next(rows)
    for cells in rows:
        yield dict(zip(header, cells, strict=True))


def write_rows(
    path: Path,
    rows: Iterable[Mapping[str, str]],
    columns: Sequence[str],
    *,
    marked: bool = False,
) -> int:
    """Write rows with these columns in the format of the file's ending; return their number.

    The file appears under its name only when it is whole. Lone surrogates, which UTF-8 cannot hold,
    are written as escapes.

    Args:
        path: The file.
        rows: What to write; a column that a row lacks stays empty.
        columns: Their order.
        marked: Begin a table with a byte order mark, without which Excel misreads UTF-8.

    Raises:
        ExportError: When the format is unknown or the file cannot be written there.
    """
    suffix = table_format(path)
    check_destination(path)
    temporary = path.with_name(f".{path.name}.part")
    written = 0
    encoding = "utf-8-sig" if marked and suffix != ".jsonl" else "utf-8"
    try:
        with _create(temporary, encoding, compressed=path.suffix == ".gz") as stream:
            writer = _writer(stream, suffix, columns)
            for row in rows:
                writer(row)
                written += 1
        temporary.replace(path)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({error.strerror}).",
            fix="Make room there, or choose another place.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return written


def check_destination(path: Path) -> None:
    """Refuse a file that cannot be written, before the work on what to write there.

    Raises:
        ExportError: When the format is unknown, the path is a folder, or its own folder is missing
            or may not be written to.
    """
    table_format(path)
    check_place(path)


def check_place(path: Path) -> None:
    """Refuse a path under which no file can be written, whatever its format.

    Raises:
        ExportError: As ``check_destination``.
    """
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent}: there is no such folder.", fix="Create it first.")
    if path.is_dir():
        raise ExportError(f"{path}: a folder, not a file.", fix="Give the name of a file.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ExportError(
            f"{path.parent}: nothing may be written there.", fix="Choose another folder."
        )


def _create(path: Path, encoding: str, *, compressed: bool) -> IO[str]:
    if compressed:
        return io.TextIOWrapper(
            gzip.open(path, "wb"), encoding=encoding, errors="backslashreplace", newline=""
        )
    return path.open("w", encoding=encoding, errors="backslashreplace", newline="")


class _JsonlWriter:
    def __init__(self, stream: IO[str], columns: Sequence[str]) -> None:
        self.stream, self.columns = stream, columns

    def __call__(self, row: Mapping[str, str]) -> None:
        chosen = {name: row.get(name, "") for name in self.columns}
        self.stream.write(json.dumps(chosen, ensure_ascii=False) + "\n")


class _DelimitedWriter:
    def __init__(self, stream: IO[str], columns: Sequence[str], delimiter: str) -> None:
        self.writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        self.columns = columns
        self.writer.writerow(columns)

    def __call__(self, row: Mapping[str, str]) -> None:
        self.writer.writerow([row.get(name, "") for name in self.columns])


def _writer(
    stream: IO[str], suffix: str, columns: Sequence[str]
) -> _JsonlWriter | _DelimitedWriter:
    if suffix == ".jsonl":
        return _JsonlWriter(stream, columns)
    return _DelimitedWriter(stream, columns, "\t" if suffix == ".tsv" else ",")
