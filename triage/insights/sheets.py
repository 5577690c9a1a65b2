"""Tables as CSV that spreadsheets open without running what stands in them."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection")."""
_WIDE = "＝＋－＠"
_BLANKS = " \u00a0\u3000\ufeff"
_INSIDE = re.compile(rf"([;\t\r\n][;\t\r\n\"{_BLANKS}]*)(?=[=+@{_WIDE}-])")
"""A sign behind what cuts cells and rows where the comma is for decimals, as in Danish."""
GUARD = "'"
BOM = "\ufeff"

Cell = str | int | float | None


def sheet(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table as CSV; texts that would be formulas get an apostrophe in front.

    It begins with a byte-order mark, without which Excel reads Chinese and Danish letters wrongly.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(cell) for cell in head])
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()


def guarded(cell: Cell) -> str:
    """Write one cell; numbers stay numbers, negative ones too."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    # Spreadsheets pass over blanks, and over full-width forms of the same signs.
    risky = cell.startswith(BEGINS) or cell.lstrip(_BLANKS).startswith((*BEGINS, *_WIDE))
    inside = _INSIDE.sub(rf"\1{GUARD}", cell)
    return GUARD + inside if risky else inside
