"""The formats that exports come in, and how a file's format is found."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from training.ingest import (
    comprehend,
    excel,
    freshdesk,
    hub,
    journal,
    labelstudio,
    parquet,
    rasa,
    zammad,
    zendesk,
)
from training.ingest.records import Record, read_json, read_records
from training.ingest.source import Source
from triage.bounds import MAX_CELL, bounded_lines, refuse_stream
from triage.errors import ExportError, InputError
from triage.rows import Row, explained, read_rows

Read = Callable[[Source], Iterator[Row]]
LOOKED_AT = 100
"""Rows of a CSV that are looked at to tell a header from data."""
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of export.

    Args:
        name: What ``--format`` calls it.
        read: Yields its rows.
        defaults: Columns it brings: text, subject, content_type, language, time, group, ids.
        strict: Every row has all columns; elsewhere a column may be missing in some rows.
    """

    name: str
    read: Read
    defaults: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False


def _table(suffix: str) -> Read:
    return lambda source: read_rows(source.path, suffix=suffix, opened=source.open_text)


TABLES = {
    f".{name}": Format(name, _table(f".{name}"), strict=True) for name in ("csv", "tsv", "jsonl")
}
JSON = Format("json", read_json)
PARQUET = Format("parquet", parquet.read)
EXCEL = Format("excel", excel.read, strict=True)
RASA = Format("rasa", rasa.read, rasa.DEFAULTS)
HUB = Format("dataset", hub.read, hub.DEFAULTS)
COMPREHEND = Format("comprehend", comprehend.read, comprehend.DEFAULTS, strict=True)
JOURNAL = Format("journal", journal.read, journal.DEFAULTS)
ZENDESK = Format("zendesk", zendesk.read, zendesk.DEFAULTS)
ZENDESK_CSV = Format("zendesk", zendesk.read_csv, zendesk.CSV_DEFAULTS)
FRESHDESK = Format("freshdesk", freshdesk.read, freshdesk.DEFAULTS)
FRESHDESK_CSV = Format("freshdesk", freshdesk.read_csv, freshdesk.CSV_DEFAULTS)
ZAMMAD = Format("zammad", zammad.read, zammad.DEFAULTS)
LABEL_STUDIO = Format("label-studio", labelstudio.read, labelstudio.DEFAULTS)

FORMATS = {
    one.name: one
    for one in (
        *TABLES.values(),
        *(JSON, PARQUET, EXCEL, ZENDESK, FRESHDESK, ZAMMAD),
        *(RASA, LABEL_STUDIO, HUB, COMPREHEND, JOURNAL),
    )
}
"""Formats by the name that ``--format`` takes."""
_AS_TABLE = {"zendesk": ZENDESK_CSV, "freshdesk": FRESHDESK_CSV}
_BY_ENDING = {".parquet": PARQUET, ".xlsx": EXCEL, ".yml": RASA, ".yaml": RASA}
_BY_RECORD: tuple[tuple[Callable[[Record], bool], Format], ...] = (
    (labelstudio.is_task, LABEL_STUDIO),
    (zendesk.is_ticket, ZENDESK),
    (freshdesk.is_ticket, FRESHDESK),
    (zammad.is_ticket, ZAMMAD),
)


def find_format(path: Path, forced: str | None) -> Format:
    """Find the format of an export from its name and content, or take the one that is forced.

    Raises:
        InputError: When there is no format of the forced name.
        ExportError: When the file is missing or of no known kind.
    """
    refuse_stream(path)
    if forced is not None:
        return _forced(path, forced)
    if _is_journal(path):
        return JOURNAL
    if path.is_dir():
        return HUB
    ending = _ending(path)
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending in {".csv", ".tsv"}:
        return _find_table(path, ending)
    if ending in {".json", ".jsonl", ".ndjson"}:
        return _find_json(path, ending)
    raise ExportError(
        f"{path.name}: unknown format {ending or '(none)'}.",
        fix=f"Name it with --format: {', '.join(FORMATS)}."
        + (" Save .xls as .xlsx first." if ending == ".xls" else ""),
    )


def _forced(path: Path, name: str) -> Format:
    if name not in FORMATS:
        raise InputError(
            f"--format {name}: there is no such format.",
            fix=f"The formats are: {', '.join(FORMATS)}.",
            field="--format",
        )
    table = _ending(path) in {".csv", ".tsv"}
    return _AS_TABLE.get(name, FORMATS[name]) if table else FORMATS[name]


def _ending(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _is_journal(path: Path) -> bool:
    """Tell whether a path is a store, or the word for the store of the settings."""
    if path.is_dir():
        return (path / journal.FILE).is_file()
    if str(path) == journal.NAME and not path.exists():
        return True
    with explained(path), path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def _find_table(path: Path, ending: str) -> Format:
    """Look at a table's header; one that cannot be read is told while reading."""
    csv.field_size_limit(MAX_CELL)
    with explained(path), Source(path).open_text(path) as stream:
        lines = bounded_lines(path, stream)
        cells = csv.reader(lines, delimiter="\t" if ending == ".tsv" else ",", strict=True)
        try:
            rows = list(islice(filter(None, cells), LOOKED_AT))
        except (csv.Error, ExportError):
            return TABLES[ending]
    names = frozenset(name.strip().lower() for name in rows[0]) if rows else frozenset()
    if zendesk.is_header(names):
        return ZENDESK_CSV
    if freshdesk.is_header(names):
        return FRESHDESK_CSV
    return COMPREHEND if ending == ".csv" and comprehend.is_headless(rows) else TABLES[ending]


def _find_json(path: Path, ending: str) -> Format:
    """Look at the first record; a file that cannot be read is told while reading."""
    fallback = TABLES.get(ending, JSON)
    try:
        first = next(read_records(Source(path)), None)
    except ExportError:
        return fallback
    return next((kind for fits, kind in _BY_RECORD if first and fits(first)), fallback)
