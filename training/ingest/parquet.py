"""Parquet files, with the label names that Hugging Face writes into their schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.ingest.records import Record, checked, flatten
from training.ingest.source import Source
from triage.parquet import coarse, opened
from triage.rows import Row

BATCH = 1024
"""Rows in memory at a time."""


def read(source: Source) -> Iterator[Row]:
    """Yield each row of a Parquet file.

    Raises:
        ExportError: When the file is damaged or no Parquet.
    """
    for number, record in enumerate(read_records(source, source.path), start=1):
        yield checked(source, number, flatten(record))


def read_records(source: Source, path: Path) -> Iterator[Record]:
    """Yield the rows as records; numbers of a Hugging Face ``ClassLabel`` become its names."""
    with opened(path) as file:
        if path == source.path:
            source.total = file.metadata.num_rows
        names = _class_names(file.schema_arrow.metadata or {})
        for batch in file.iter_batches(batch_size=BATCH):
            for record in coarse(batch).to_pylist():
                source.read += 1
                yield _named(record, names)


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Find the label names of each column in the schema's note."""
    try:
        note = json.loads(metadata.get(b"huggingface", b"{}"))
        features = note["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {
        name: feature["names"]
        for name, feature in features.items()
        if isinstance(feature, dict) and isinstance(feature.get("names"), list)
    }


def _named(record: dict[str, Any], names: dict[str, list[str]]) -> Record:
    for column, labels in names.items():
        value = record.get(column)
        if isinstance(value, int):
            # Hugging Face writes -1 where a row has no label.
            record[column] = labels[value] if 0 <= value < len(labels) else None
    return record
