"""What the exports of help desks have in common."""

import re
from collections.abc import Iterator

from training.ingest.records import Record
from training.ingest.source import Source
from triage.errors import ExportError
from triage.rows import Row, read_rows

FIRST, FIRST_TYPE = "first_message", "first_message_type"
"""Columns that the readers add: the requester's first message, and its content type."""
_ZONE = re.compile(r" (?:UTC|(?=[+-]\d\d:?\d\d$))")


def unwrapped(record: object, key: str) -> Record:
    """Return what stands under a key when it is an object, else the record itself, if it is one."""
    if not isinstance(record, dict):
        return {}
    inner = record.get(key)
    return inner if isinstance(inner, dict) else record


def read_desk_table(source: Source, *, text: str, subject: str, time: str) -> Iterator[Row]:
    """Yield each row of a desk's CSV or TSV export with the message as ``first_message``.

    Raises:
        ExportError: When neither the column of the text nor that of the subject is there.
    """
    for row in read_rows(source.path, suffix=table_suffix(source), opened=source.open_text):
        if text not in row and subject not in row:
            raise ExportError(
                f"{source.path.name}: neither a column {text!r} nor {subject!r}.",
                fix=f"Name yours with --format csv --text COLUMN; there are: {', '.join(row)}.",
                field=text,
            )
        row[FIRST] = row.get(text, "")
        if time in row:
            row[time] = _ZONE.sub("", row[time])
        yield row


def table_suffix(source: Source) -> str:
    """Tell ``.tsv`` from ``.csv``; any other ending counts as CSV."""
    return ".tsv" if source.path.name.lower().removesuffix(".gz").endswith(".tsv") else ".csv"
