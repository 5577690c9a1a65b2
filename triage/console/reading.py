"""A text cut into stretches: what spoke for which label, and what cleaning took out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.domain import Evidence, LabelResult, Removed, RemovedKind, TextField

STRONG, MIDDLING = 0.3, 0.12
"""Shares of a label's score from which a stretch is marked strongly, or clearly."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``marks`` name its tasks and strengths, such as ``e0 e0-3``."""

    text: str
    marks: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces that were kept, or taken out as what ``kind`` says."""

    kind: RemovedKind | None
    pieces: tuple[Piece, ...]

    @property
    def characters(self) -> int:
        """How long it is."""
        return sum(len(piece.text) for piece in self.pieces)


def blocks(
    text: str,
    field: TextField,
    labels: Mapping[str, LabelResult],
    removed: Sequence[Removed] = (),
) -> tuple[Block, ...]:
    """Cut a field of a message into blocks; together they are the whole text.

    Args:
        text: The field as it was given.
        field: Its name.
        labels: With their evidence; tasks are numbered in their order.
        removed: What cleaning took out.
    """
    spans = [
        (task, one)
        for task, answer in enumerate(labels.values())
        for one in answer.evidence
        if one.field == field
    ]
    found, at = [], 0
    for part in (one for one in removed if one.field == field):
        start, end = max(at, part.start), min(len(text), part.end)
        if start >= end:
            continue
        if text[at:start].strip():
            found.append(Block(None, _pieces(text, at, start, spans)))
        found.append(Block(part.kind, (Piece(text[start:end]),)))
        at = end
    if text[at:].strip() or not found:
        found.append(Block(None, _pieces(text, at, len(text), spans)))
    return tuple(found)


def _pieces(
    text: str, start: int, end: int, spans: Sequence[tuple[int, Evidence]]
) -> tuple[Piece, ...]:
    """Cut at every edge of evidence, so that stretches of several tasks may overlap."""
    inside = [
        (task, max(start, one.start), min(end, one.end), one.weight)
        for task, one in spans
        if one.start < end and one.end > start
    ]
    edges = sorted({start, end, *(span[1] for span in inside), *(span[2] for span in inside)})
    return tuple(Piece(text[a:b], _marks(inside, a, b)) for a, b in pairwise(edges))


def _marks(inside: Sequence[tuple[int, int, int, float]], start: int, end: int) -> str:
    names = []
    for task, first, last, weight in inside:
        if first <= start and end <= last:
            names += [f"e{task}", f"e{task}-{_strength(weight)}"]
    return " ".join(dict.fromkeys(names))


def _strength(weight: float) -> int:
    if weight >= STRONG:
        return 3
    return 2 if weight >= MIDDLING else 1
