"""Units of work: a few hundred rows each, cut at the same rows however often a file is read.

A unit of a text table holds rows of cells in the order of the columns; one of a Parquet file holds
an Arrow stream with one record batch, so that its types survive the way to another process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from triage.bounds import refuse_stream
from triage.bulk.formats import file_format
from triage.parquet import SUFFIX, opened
from triage.parsing import delimited, jsonl, sound
from triage.rows import explained, open_marking

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 512
"""Most rows of a unit."""
SIZE = 8 * 1024 * 1024
"""Characters (of Parquet: bytes) at which a unit ends although it has fewer rows."""
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that are labelled together; ``content`` is cells, or an Arrow stream."""

    rows: int
    content: list[Cells] | bytes


def units(path: Path, columns: Sequence[str], done: int = 0) -> Iterator[Unit]:
    """Yield the units of a file behind the first ``done`` rows, where a unit ended before.

    Raises:
        ExportError: When the file cannot be read, or a row is broken.
    """
    refuse_stream(path)
    if file_format(path) == SUFFIX:
        yield from _batches(path, done)
        return
    with explained(path), open_marking(path) as stream:
        if file_format(path) == ".jsonl":
            objects = sound(jsonl(path, stream))
            rows = ([one.get(name, "") for name in columns] for one in objects)
            yield from _cut(islice(rows, done, None))
        else:
            lines = sound(delimited(path, stream, file_format(path)))
            yield from _cut(islice(lines, 1 + done, None))


def _cut(rows: Iterator[Cells]) -> Iterator[Unit]:
    held: list[Cells] = []
    size = 0
    for row in rows:
        held.append(row)
        size += sum(map(len, row))
        if len(held) == ROWS or size >= SIZE:
            yield Unit(len(held), held)
            held, size = [], 0
    if held:
        yield Unit(len(held), held)


def _batches(path: Path, done: int) -> Iterator[Unit]:
    """Cut each row group for itself, so that reading may begin at any of them."""
    with opened(path) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if done >= rows:
                done -= rows
                continue
            batches = file.iter_batches(ROWS, row_groups=[group], use_threads=False)
            for batch in chain.from_iterable(_halved(_decoded(one)) for one in batches):
                if done:
                    done -= batch.num_rows
                    continue
                yield Unit(batch.num_rows, packed(batch))


def _decoded(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Write values of a dictionary out: each part of a batch would carry the whole dictionary."""
    import pyarrow as pa

    plain = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def _halved(batch: "pa.RecordBatch") -> Iterator["pa.RecordBatch"]:
    """Halve a batch until each part is small enough or one row."""
    if batch.num_rows > 1 and batch.nbytes > SIZE:
        half = batch.num_rows // 2
        yield from _halved(batch.slice(0, half))
        yield from _halved(batch.slice(half))
        return
    if batch.num_rows:
        yield batch


def packed(batch: "pa.RecordBatch") -> bytes:
    """Write a batch as an Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> "pa.RecordBatch":
    """Read the batch of an Arrow stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(content) as reader:
        return reader.read_next_batch()
