"""Write labelled rows as the bytes of the file that they will stand in.

Workers do it, so that the one process that reads and writes has nothing to do per row. What they
make can be put behind each other: lines of text, members of a gzip file, and for Parquet Arrow
streams behind their length, of which the file is made at the end.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from triage.bulk.formats import file_format
from triage.bulk.units import Cells, Unit, packed, unpacked
from triage.cells import cell
from triage.parquet import SUFFIX, coarse

if TYPE_CHECKING:
    import pyarrow as pa

LENGTH = 8
"""Bytes of the length that stands before each Arrow stream."""
LEVEL = 6
"""Of gzip; the usual one."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes the bytes of a file.

    Args:
        suffix: Format of the file.
        compressed: Whether text is packed by gzip.
        columns: Names of the given columns, in order.
        added: Names of those that labelling adds.
        numbers: Which of these are numbers, where the format has numbers.
    """

    suffix: str
    compressed: bool
    columns: tuple[str, ...]
    added: tuple[str, ...]
    numbers: frozenset[str]

    @classmethod
    def of(
        cls, out: Path, columns: Sequence[str], added: Sequence[str], numbers: Sequence[str]
    ) -> "Renderer":
        """Return the renderer for a file."""
        suffix = file_format(out)
        compressed = suffix != SUFFIX and out.suffix == ".gz"
        return cls(suffix, compressed, tuple(columns), tuple(added), frozenset(numbers))

    def head(self) -> bytes:
        """Return what stands before the first row."""
        if self.suffix in (SUFFIX, ".jsonl"):
            return b""
        return self._text([[*self.columns, *self.added]])

    def body(self, unit: Unit, answers: Sequence[Cells]) -> bytes:
        """Return the rows of a unit with the cells that were added to each."""
        if self.suffix == SUFFIX:
            return self._stream(unit, answers)
        rows = _cells(unit.content) if isinstance(unit.content, bytes) else unit.content
        return self._text([own + cells for own, cells in zip(rows, answers, strict=True)])

    def _text(self, rows: Sequence[Cells]) -> bytes:
        buffer = io.StringIO()
        if self.suffix == ".jsonl":
            names = (*self.columns, *self.added)
            for row in rows:
                chosen = dict(zip(names, row, strict=True))
                buffer.write(json.dumps(chosen, ensure_ascii=False) + "\n")
        else:
            delimiter = "\t" if self.suffix == ".tsv" else ","
            csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
        content = buffer.getvalue().encode("utf-8", "backslashreplace")
        return gzip.compress(content, LEVEL, mtime=0) if self.compressed else content

    def _stream(self, unit: Unit, answers: Sequence[Cells]) -> bytes:
        import pyarrow as pa

        arrays, names = self._given(unit.content), list(self.columns)
        for name, values in zip(self.added, zip(*answers, strict=True), strict=True):
            names.append(name)
            if name in self.numbers:
                arrays.append(pa.array([float(value) for value in values], pa.float64()))
            else:
                arrays.append(pa.array([value or None for value in values], pa.string()))
        content = packed(pa.RecordBatch.from_arrays(arrays, names=names))
        return len(content).to_bytes(LENGTH, "little") + content

    def _given(self, content: list[Cells] | bytes) -> list["pa.Array"]:
        import pyarrow as pa

        if isinstance(content, bytes):
            return list(unpacked(content).columns)
        texts = [[_whole(value) for value in values] for values in zip(*content, strict=True)]
        return [pa.array(values, pa.string()) for values in texts]


def texts_of(unit: Unit, columns: Sequence[str], wanted: Sequence[str]) -> list[Cells]:
    """Return the values of some columns of a unit, row by row."""
    if isinstance(unit.content, bytes):
        return _cells(unit.content, wanted)
    places = [columns.index(name) for name in wanted]
    return [[row[place] for place in places] for row in unit.content]


def _cells(content: bytes, wanted: Sequence[str] | None = None) -> list[Cells]:
    batch = unpacked(content)
    batch = coarse(batch if wanted is None else batch.select(list(dict.fromkeys(wanted))))
    names = batch.schema.names if wanted is None else wanted
    columns = [list(map(cell, batch.column(name).to_pylist())) for name in names]
    return [list(row) for row in zip(*columns, strict=True)]


def _whole(text: str) -> str:
    """Write lone surrogates, which UTF-8 cannot hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
