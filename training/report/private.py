"""What of a message may stand in a report: a short piece without identifiers, as plain text."""

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from triage.labeling.evidence import Span
from triage.text.redact import Redacted, redact

LIMIT = 300
"""Most characters shown of a message."""
LEAD = 60
"""Characters shown before the first word that spoke for a label, where the start is cut."""
Piece: TypeAlias = "dict[str, str | float]"
_ODD = re.compile(r"\s+")


def printable(text: str) -> str:
    """Return one line of text without control, format and surrogate characters.

    Those could hide text, turn its direction, or break the file.
    """
    spaced = _ODD.sub(" ", text)
    return "".join(char for char in spaced if unicodedata.category(char) not in _FORBIDDEN).strip()


_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})


def named(text: str) -> str:
    """Return an identifier, file name or command line that may stand in a report."""
    return printable(redact(text).text)


def excerpt(text: str, evidence: Sequence[Span] = ()) -> list[Piece]:
    """Cut a message to at most ``LIMIT`` characters, identifiers replaced before the cut.

    Args:
        text: The cleaned text.
        evidence: Stretches of it that spoke for a label.

    Returns:
        Pieces in order; one that spoke for the label has its ``weight``.
    """
    hidden = redact(text)
    marks = _marks(hidden, evidence)
    start = _start(hidden.text, marks)
    end = min(len(hidden.text), start + LIMIT)
    pieces: list[Piece] = []
    at = start
    for low, high, weight in marks:
        if low < at or high > end:
            continue
        pieces += [_piece(hidden.text[at:low], 0.0), _piece(hidden.text[low:high], weight)]
        at = high
    pieces.append(_piece(hidden.text[at:end], 0.0))
    if start:
        pieces.insert(0, _piece("… ", 0.0))
    if end < len(hidden.text):
        pieces.append(_piece(" …", 0.0))
    return [piece for piece in pieces if piece["text"]]


def _start(text: str, marks: Sequence[tuple[int, int, float]]) -> int:
    """Begin where the first mark can still be seen."""
    if not marks or len(text) <= LIMIT:
        return 0
    strongest = max(marks, key=lambda mark: mark[2])
    if strongest[1] <= LIMIT:
        return 0
    return min(max(0, strongest[0] - LEAD), max(0, len(text) - LIMIT))


def _marks(hidden: Redacted, evidence: Sequence[Span]) -> list[tuple[int, int, float]]:
    moved = [(hidden.remap(span.start), hidden.remap(span.end), span.weight) for span in evidence]
    return [mark for mark in moved if mark[0] < mark[1]]


def _piece(text: str, weight: float) -> Piece:
    spaced = _ODD.sub(" ", text)
    shown = "".join(char for char in spaced if unicodedata.category(char) not in _FORBIDDEN)
    return {"text": shown, "weight": round(weight, 3)} if weight else {"text": shown}
