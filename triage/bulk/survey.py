"""Look through a whole file before the work begins: its columns, its rows, and what is broken.

Labelling takes hours where reading takes a minute, so that a broken row is told at once, with all
others, and not after the hours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage.bounds import MAX_CELL, refuse_stream
from triage.bulk.formats import file_format
from triage.errors import ExportError
from triage.parquet import SUFFIX, opened
from triage.parsing import delimited, jsonl
from triage.rows import explained, open_marking

if TYPE_CHECKING:
    import pyarrow as pa

NAMED = 10
"""Broken rows that are named; the rest is counted."""
BATCH = 8_192
"""Rows of a Parquet file that are looked at together."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds: its columns in order, and the number of its rows."""

    columns: tuple[str, ...]
    rows: int


def survey(path: Path, required: Sequence[str]) -> Survey:
    """Read a file to its end and make sure that every row can be labelled.

    Args:
        path: The file.
        required: Columns that every row must have.

    Raises:
        ExportError: When the file cannot be read, lacks a column, or has broken rows; the first
            ones are named by their numbers.
    """
    refuse_stream(path)
    suffix = file_format(path)
    if suffix == SUFFIX:
        return _parquet(path, required)
    with explained(path), open_marking(path) as stream:
        if suffix == ".jsonl":
            return _objects(path, jsonl(path, stream), required)
        found = delimited(path, stream, suffix)
        header = next(found)
        if isinstance(header, ExportError):
            raise header
        _check_required(path, header, required)
        return Survey(tuple(header), _Tally(path).count(found))


def _check_required(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        raise ExportError(
            f"{path.name}: no column named {missing[0]!r}.",
            fix=f"The columns are: {', '.join(columns)}.",
            field=missing[0],
        )


class _Tally:
    """Counts rows, and keeps the first errors to tell them together."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._named: list[ExportError] = []
        self._broken = 0

    def count(self, found: Iterable[object]) -> int:
        """Count what is found.

        Raises:
            ExportError: When some of it is broken.
        """
        rows = 0
        for one in found:
            rows += 1
            if isinstance(one, ExportError):
                self._add(one)
        if self._broken:
            raise self._summary()
        return rows

    def _add(self, error: ExportError) -> None:
        self._broken += 1
        if len(self._named) < NAMED:
            self._named.append(error)

    def _summary(self) -> ExportError:
        first = self._named[0]
        if self._broken == 1:
            return first
        lead = f"{self._path.name}, "
        told = "; ".join(one.problem.removeprefix(lead).removesuffix(".") for one in self._named)
        more = self._broken - len(self._named)
        return ExportError(
            f"{self._path.name}: {self._broken} rows cannot be read: {told}"
            f"{f'; and {more} more' if more else ''}.",
            fix=first.fix,
            row=first.row,
            blocker=first.blocker,
        )


def _objects(
    path: Path, found: Iterator[dict[str, str] | ExportError], required: Sequence[str]
) -> Survey:
    names: dict[str, None] = {}

    def seen() -> Iterator[object]:
        for number, one in enumerate(found, start=1):
            if isinstance(one, dict):
                names.update(dict.fromkeys(one))
                missing = [name for name in required if name not in one]
                if missing:
                    yield ExportError(
                        f"{path.name}, row {number}: no column named {missing[0]!r}.",
                        fix=f"The columns are: {', '.join(one)}.",
                        field=missing[0],
                        row=number,
                    )
                    continue
            yield one

    rows = _Tally(path).count(seen())
    return Survey(tuple(names), rows)


def _parquet(path: Path, required: Sequence[str]) -> Survey:
    with opened(path) as file:
        columns = file.schema_arrow.names
        repeated = sorted({name for name in columns if columns.count(name) > 1})
        if repeated:
            raise ExportError(
                f"{path.name}: two columns are named {repeated[0]!r}.",
                fix="Rename one of them.",
                field=repeated[0],
            )
        _check_required(path, columns, required)
        rows = _Tally(path).count(_checked(path, file))
    return Survey(tuple(columns), rows)


def _checked(path: Path, file: Any) -> Iterator[object]:  # noqa: ANN401 - pyarrow has no types
    """Yield something for each row: its error, or None."""
    number = 0
    for batch in file.iter_batches(BATCH, use_threads=False):
        if _is_sound(batch):
            yield from [None] * batch.num_rows
        else:
            for at in range(batch.num_rows):
                yield _fault(path, number + at + 1, batch.slice(at, 1))
        number += batch.num_rows


def _is_sound(batch: "pa.RecordBatch") -> bool:
    import pyarrow as pa

    if batch.nbytes > MAX_CELL:
        return False
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _fault(path: Path, number: int, row: "pa.RecordBatch") -> ExportError | None:
    """Name what is wrong with one row, if anything is."""
    import pyarrow as pa

    where = f"{path.name}, row {number}: the cell of "
    for name, given in zip(row.schema.names, row.columns, strict=True):
        column = given
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            return ExportError(
                f"{where}{name!r} is not UTF-8.",
                fix="Write the file again, or leave that row out.",
                field=name,
                row=number,
                blocker="not_utf8",
            )
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if column.nbytes > 4 * MAX_CELL:
            return ExportError(
                f"{where}{name!r} is longer than {4 * MAX_CELL:,} bytes.",
                fix="Leave that row out.",
                field=name,
                row=number,
                blocker="broken_row",
            )
    return None
