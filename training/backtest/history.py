"""Read exports as a history: rows with dates, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.config import Columns
from training.datasets import Examples, Rows
from training.ingest.export import Export, open_export
from training.ingest.table import read_exports
from triage.domain import Message
from triage.errors import ExportError
from triage.predictions import content_type_of
from triage.rows import Row
from triage.text.clean import clean
from triage.text.language import LanguageIdentifier

SHOWN = 5
"""Rows named in one line."""
ISO = "Write dates like 2026-03-31 or 2026-03-31T14:05:00Z"
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Dated rows, oldest first; rows of the same moment stay in the order of the export.

    Args:
        examples: The rows, ``n`` of them.
        moments: Their dates in UTC, ascending.
        automatic: Whether each is mail that a machine wrote, as serving would tell, shape ``(n,)``.
        file_order: The rows as the export has them, shape ``(n,)``.
        warnings: What was left out or looks wrong.
    """

    examples: Examples
    moments: tuple[datetime, ...]
    automatic: NDArray[np.bool_]
    file_order: Rows
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.moments)


def read_history(
    paths: Sequence[Path],
    columns: Columns,
    time_format: str | None,
    identifier: LanguageIdentifier,
    now: datetime,
) -> History:
    """Read exports oldest row first.

    Raises:
        ExportError: When the export is broken, has no dates, or dates that cannot be read; these
            rows are named.
    """
    dates, automatic = _dates(paths, columns, time_format)
    examples = read_exports(paths, replace(columns, time=""), identifier)
    blank = [i for i, date in enumerate(dates) if date is None]
    if len(blank) == len(dates):
        raise ExportError(
            "No row has a date.", fix="Name the column of the dates with --time.", field="--time"
        )
    empty = [i for i, text in enumerate(examples.texts) if not text]
    late = [i for i, date in enumerate(dates) if date is not None and date > now]
    said = {"no date, left out": blank, "empty after cleaning, left out": empty}
    said["dated after today, are the dates right?"] = late
    told = [f"{what}: {_named(examples, rows)}" for what, rows in said.items() if rows]
    left_out = {*blank, *empty}
    kept = [(date, i) for i, date in enumerate(dates) if date is not None and i not in left_out]
    if not kept:
        raise ExportError("No dated row has any text after cleaning.", fix="Check --text.")
    order = np.asarray([i for _, i in sorted(kept)], np.int64)
    moments = tuple(date for date, _ in sorted(kept))
    ordered = replace(
        examples.take(order),
        times=tuple(moment.isoformat() for moment in moments),
        cells=examples.cells,
    )
    flags = np.asarray(automatic, bool)[order]
    return History(ordered, moments, flags, np.argsort(order), tuple(told))


def _dates(
    paths: Sequence[Path], columns: Columns, time_format: str | None
) -> tuple[list[datetime | None], list[bool]]:
    """Read the date of each row, and whether a machine wrote it; every bad date is collected."""
    dates: list[datetime | None] = []
    automatic: list[bool] = []
    for path in paths:
        export = open_export(path, columns)
        if not export.columns.time:
            raise ExportError(
                f"{path.name}: a backtest needs dates.",
                fix="Name their column with --time.",
                field="--time",
            )
        wrong = []
        for number, row in enumerate(export.rows(), start=1):
            try:
                dates.append(_date(row[export.columns.time].strip(), time_format))
            except (ValueError, OverflowError):
                wrong.append(number)
            automatic.append(clean(_message(row, export)).auto_generated)
        _refuse(path, wrong, export.columns.time, time_format)
    return dates, automatic


def _date(cell: str, time_format: str | None) -> datetime | None:
    """Read a date in UTC; one without a zone counts as UTC.

    Raises:
        ValueError: When it is none, or of no century that a desk has seen.
    """
    if not cell:
        return None
    moment = datetime.strptime(cell, time_format) if time_format else datetime.fromisoformat(cell)  # noqa: DTZ007 - the zone is set below where the date has none
    aware = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if not FIRST <= aware < LAST:
        raise ValueError
    return aware


def _refuse(path: Path, wrong: Sequence[int], column: str, time_format: str | None) -> None:
    if wrong:
        shape = f"of the form {time_format!r}" if time_format else "an ISO 8601 date"
        raise ExportError(
            f"{path.name}: the cell of {column!r} is not {shape} in {_rows(wrong)}.",
            fix=f"{ISO}, or say how they are written, such as --time-format '%d/%m/%Y %H:%M'.",
            field=column,
            row=wrong[0],
        )


def _message(row: Row, export: Export) -> Message:
    columns = export.columns
    kind = content_type_of(row[columns.content_type] if columns.content_type else "")
    subject = row[columns.subject] if columns.subject else ""
    return Message(text=row[columns.text], subject=subject, content_type=kind)


def _named(examples: Examples, rows: Sequence[int]) -> str:
    """Name rows as their export numbers them, with its name where there are several."""
    several = len(set(examples.sources)) > 1
    return _rows([f"{examples.sources[i]} " * several + str(examples.numbers[i]) for i in rows])


def _rows(numbers: Sequence[object]) -> str:
    named = ", ".join(str(number) for number in numbers[:SHOWN])
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f"row{'s' if len(numbers) > 1 else ''} {named}{more}"
