"""JSON of any layout as records, and records as rows of text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import ijson

from training.ingest.source import Source
from triage.errors import ExportError
from triage.rows import MAX_CELL, Row, explained

Record = dict[str, Any]
WRAPPERS = frozenset({"tickets", "results", "rows", "items"})
"""Keys under which desks put the list of what they export."""
SEPARATOR = "|"
"""Stands between several labels of one cell."""
DEPTH = 4
"""Objects inside objects that become columns of their own; what lies deeper stays JSON."""


def read_records(source: Source) -> Iterator[Record]:
    """Yield each object of a JSON file, one in memory at a time.

    The objects stand in a list, in a list under a key such as ``tickets``, or one after the other.

    Raises:
        ExportError: When the file is no JSON or holds anything but objects; names the row.
    """
    number = 0
    with explained(source.path):
        place = _place(source)
        with source.bytes() as stream:
            try:
                for number, item in enumerate(
                    ijson.items(stream, place, multiple_values=not place), start=1
                ):
                    if not isinstance(item, dict):
                        raise _wrong(source, number, "a JSON value that is no object", place)
                    yield item
            except (ijson.JSONError, UnicodeDecodeError):
                # The cause would quote what stands there.
                raise _wrong(source, number + 1, "no valid JSON in UTF-8", place) from None


def _wrong(source: Source, number: int, what: str, place: str) -> ExportError:
    where = f", {place.replace('item', f'[{number - 1}]')}" if place else ""
    return ExportError(
        f"{source.path.name}, row {number}{where}: {what}.",
        fix="Write a JSON list of objects, or one object a line, and export the file again if it "
        "was cut short.",
        row=number,
    )


def _place(source: Source) -> str:
    """Find where the objects stand: ``item``, ``tickets.item``, or one after the other ("")."""
    key = ""
    with source.bytes() as stream:
        try:
            for prefix, event, value in ijson.parse(stream, multiple_values=True):
                if (prefix, event) == ("", "start_array"):
                    return "item"
                if event == "start_array" and prefix in WRAPPERS and prefix == key:
                    return f"{prefix}.item"
                if (prefix, event) == ("", "map_key"):
                    key = value
                elif not prefix and event != "start_map":
                    return ""
        except (ijson.JSONError, UnicodeDecodeError):
            # Reading tells it with its row.
            return ""
    return ""


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = DEPTH) -> Row:
    """Write a record as text: ``{"via": {"channel": "web"}}`` becomes ``via.channel``.

    Lists of simple values become one cell with ``|`` between them, other lists JSON.
    """
    row: Row = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and depth > 1:
            row |= flatten(value, f"{name}.", depth - 1)
        else:
            row[name] = cell(value)
    return row


def cell(value: object) -> str:
    """Write one value as text; null and an empty list or object are empty."""
    if value is None or value == {}:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return SEPARATOR.join(cell(one) for one in value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def checked(source: Source, number: int, row: Row) -> Row:
    """Refuse a row with a cell that no message is as long as.

    Raises:
        ExportError: Naming row and column.
    """
    for name, value in row.items():
        if len(value) > MAX_CELL:
            raise ExportError(
                f"{source.path.name}, row {number}: the cell of {name!r} is longer than "
                f"{MAX_CELL} characters.",
                fix="Leave that row out.",
                field=name,
                row=number,
            )
    return row


def read_json(source: Source) -> Iterator[Row]:
    """Yield each object of a JSON file as a row."""
    for number, record in enumerate(read_records(source), start=1):
        yield checked(source, number, flatten(record))
