"""JSON of any layout as records, and records as rows of text."""

from collections.abc import Iterator, Mapping
from typing import Any

from training.ingest.json_stream import JsonStream
from training.ingest.source import Source
from triage.bounds import bounded
from triage.cells import cell
from triage.errors import ExportError
from triage.rows import Row, explained

Record = dict[str, Any]
WRAPPERS = frozenset({"tickets", "results", "rows", "items"})
"""Keys under which desks put the list of what they export."""
DEPTH = 4
"""Objects inside objects that become columns of their own; what lies deeper stays JSON."""


def read_records(source: Source) -> Iterator[Record]:
    """Yield each object of a JSON file, one in memory at a time.

    The objects stand in a list, in a list under a key such as ``tickets``, or one after the other.

    Raises:
        ExportError: When the file is no JSON or holds anything but objects; names the row.
    """
    number = 0
    place: str | None = None
    with explained(source.path):
        try:
            with source.open_text(source.path) as text:
                stream = JsonStream(text)
                if (place := _enter(stream)) is not None:
                    for number, item in enumerate(stream.items(), start=1):
                        yield _object(source, number, item, place)
                    if not place and stream.peek():
                        raise _wrong(source, number + 1, "more behind the end of the list", place)
                    return
            with source.open_text(source.path) as text:
                stream = JsonStream(text)
                while stream.peek():
                    item = stream.value()
                    number += 1
                    yield _object(source, number, item, None)
        except UnicodeDecodeError:
            raise
        except (ValueError, RecursionError):
            # The cause would hold what stands there.
            raise _wrong(source, number + 1, "no valid JSON, or too large", place) from None


def _enter(stream: JsonStream) -> str | None:
    """Enter the list of objects and name where it is; None when they stand one after the other."""
    if stream.skip("["):
        return ""
    if not stream.skip("{"):
        return None
    while isinstance(key := stream.value(), str) and stream.skip(":"):
        if key in WRAPPERS and stream.skip("["):
            return key
        stream.value()
        if not stream.skip(","):
            return None
    return None


def _object(source: Source, number: int, item: object, place: str | None) -> Record:
    if not isinstance(item, dict):
        raise _wrong(source, number, "a JSON value that is no object", place)
    return item


def _wrong(source: Source, number: int, what: str, place: str | None) -> ExportError:
    where = "" if place is None else f" (JSON path {place}[{number - 1}])"
    return ExportError(
        f"{source.path.name}, row {number}{where}: {what}.",
        fix="Write a JSON list of objects, or one object a line, and export the file again if it "
        "was cut short.",
        row=number,
        blocker="broken_row",
    )


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = DEPTH) -> Row:
    """Write a record as text: ``{"via": {"channel": "web"}}`` becomes ``via.channel``.

    Lists of simple values become one cell with ``|`` between them, other lists JSON.
    """
    row: Row = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth > 1:
            row |= flatten(value, f"{name}.", depth - 1)
        else:
            row[name] = cell(value)
    return row


def checked(source: Source, number: int, row: Row) -> Row:
    """Refuse a row with a cell that no message is as long as.

    Raises:
        ExportError: Naming row and column.
    """
    return bounded(source.path, number, row)


def read_json(source: Source) -> Iterator[Row]:
    """Yield each object of a JSON file as a row."""
    for number, record in enumerate(read_records(source), start=1):
        yield checked(source, number, flatten(record))
