"""What of a file is held in memory: lines and cells of bounded length, of what has an end."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from triage.errors import ExportError

MAX_CELL = 4 * 1024 * 1024
"""Longest cell accepted, in characters; a longer one is nearly always an unclosed quote."""
MAX_LINE = 16 * MAX_CELL
"""Longest line accepted, in characters."""


def bounded_lines(path: Path, stream: IO[str]) -> Iterator[str]:
    """Yield the lines of a file as long as each can be held in memory.

    Raises:
        ExportError: When a line is longer than ``MAX_LINE``; the line is named.
    """
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ExportError(
                f"{path.name}, line {number}: longer than {MAX_LINE:,} characters.",
                fix="Leave that row out; where the file has no line breaks at all, export it "
                "again.",
                blocker="broken_row",
            )
        yield line


def bounded(path: Path, number: int, row: dict[str, str]) -> dict[str, str]:
    """Return a row if no cell is longer than any message.

    Raises:
        ExportError: When one is; row and column are named.
    """
    for name, value in row.items():
        if len(value) > MAX_CELL:
            raise ExportError(
                f"{path.name}, row {number}: the cell of {name!r} is longer than {MAX_CELL:,} "
                "characters.",
                fix="Leave that row out.",
                field=name,
                row=number,
                blocker="broken_row",
            )
    return row


def refuse_stream(path: Path) -> None:
    """Refuse what can be read only once, such as a pipe or a terminal: a look would eat its head.

    Raises:
        ExportError: Saying to save it as a file.
    """
    once = path.exists() and not path.is_file() and not path.is_dir()
    if once or str(path) == "-":
        raise ExportError(
            f"{path}: a pipe or a device, which can be read only once.",
            fix="Save it as a file and name that, for example: zcat OLD.csv.gz > tickets.csv",
        )
