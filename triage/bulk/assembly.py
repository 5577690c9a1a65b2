"""Make a Parquet file of the Arrow streams that labelling left behind each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from triage.bulk.formats import file_format
from triage.bulk.rendering import LENGTH, Renderer
from triage.bulk.units import unpacked
from triage.parquet import SUFFIX, opened

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 65_536
"""Most rows of a row group."""
GROUP_BYTES = 64 * 1024 * 1024
"""Bytes in memory at which a row group ends."""


def assemble(part: Path, whole: Path, source: Path, renderer: Renderer) -> None:
    """Write the streams of a file into another as Parquet, a row group in memory at a time.

    Args:
        part: Holds the streams.
        whole: Written anew.
        source: The file that was labelled; the types of a Parquet file are taken over.
        renderer: Made the streams.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(source, renderer)
    with part.open("rb") as stream, pq.ParquetWriter(whole, schema) as writer:
        for batches in _groups(_streams(stream)):
            writer.write_table(_typed(pa.Table.from_batches(batches), schema))


def _schema(source: Path, renderer: Renderer) -> "pa.Schema":
    import pyarrow as pa

    fields, metadata = [pa.field(name, pa.string()) for name in renderer.columns], None
    if file_format(source) == SUFFIX:
        with opened(source) as file:
            fields, metadata = list(file.schema_arrow), file.schema_arrow.metadata
    for name in renderer.added:
        fields.append(pa.field(name, pa.float64() if name in renderer.numbers else pa.string()))
    return pa.schema(fields, metadata)


def _streams(stream: IO[bytes]) -> Iterator["pa.RecordBatch"]:
    while length := stream.read(LENGTH):
        yield unpacked(stream.read(int.from_bytes(length, "little")))


def _groups(batches: Iterator["pa.RecordBatch"]) -> Iterator[Sequence["pa.RecordBatch"]]:
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield held
            held, rows, size = [], 0, 0
    if held:
        yield held


def _typed(table: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    """Give columns the types they had; those of a dictionary get one again."""
    import pyarrow as pa

    columns = []
    for field, column in zip(schema, table.columns, strict=True):
        if pa.types.is_dictionary(field.type):
            coded = column.combine_chunks().dictionary_encode()
            columns.append(
                pa.DictionaryArray.from_arrays(
                    coded.indices.cast(field.type.index_type),
                    coded.dictionary,
                    ordered=field.type.ordered,
                )
            )
        else:
            columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)
