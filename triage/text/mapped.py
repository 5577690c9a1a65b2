"""Text that remembers where each of its code points came from in the request's own field."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUOTED = 1
SIGNED = 2

_SPACE = re.compile(r"[^\S\n]")
_SPACES = re.compile(r"\s{2,}")

Offsets = NDArray[np.int32]
Marks = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A text of n code points with their source spans.

    ``starts`` and ``ends`` are ``(n,)``: code point i came from ``[starts[i], ends[i])`` of the
    source; an empty span means that it was inserted there. ``marks`` is ``(n,)`` and holds what
    markup said about a code point: QUOTED, SIGNED or both.
    """

    text: str
    starts: Offsets
    ends: Offsets
    marks: Marks

    def take(self, ranges: Sequence[tuple[int, int]]) -> "Mapped":
        """Keep the given ascending ranges and join them."""
        if len(ranges) == 1:
            start, end = ranges[0]
            return Mapped(
                self.text[start:end],
                self.starts[start:end],
                self.ends[start:end],
                self.marks[start:end],
            )
        rows = _rows(ranges)
        text = "".join(self.text[start:end] for start, end in ranges)
        return Mapped(text, self.starts[rows], self.ends[rows], self.marks[rows])

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the smallest source span that covers ``[start, end)``; inserted ones give way."""
        starts, ends = self.starts[start:end], self.ends[start:end]
        real = ends > starts
        if real.any():
            starts, ends = starts[real], ends[real]
        if not len(starts):
            at = int(self.starts[start]) if start < len(self.starts) else self._last()
            return at, at
        return int(starts.min()), int(ends.max())

    def _last(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0


def plain(text: str) -> Mapped:
    """Return a text that is its own source."""
    starts = np.arange(len(text), dtype=np.int32)
    return Mapped(text, starts, starts + 1, np.zeros(len(text), dtype=np.uint8))


def tidy(mapped: Mapped) -> Mapped:
    """Shrink each run of white space to one space, one line break or one empty line; trim."""
    text = _SPACE.sub(" ", mapped.text)
    kept = list(_kept(text))
    whole = kept == [(0, len(text))]
    tidied = Mapped(text, mapped.starts, mapped.ends, mapped.marks)
    return tidied if whole else tidied.take(kept)


def _kept(text: str) -> Iterable[tuple[int, int]]:
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    at = first
    for run in _SPACES.finditer(text, first, max(first, last)):
        yield at, run.start()
        yield from _breaks(text, run.start(), run.end())
        at = run.end()
    yield at, max(at, last)


def _breaks(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    first = text.find("\n", start, end)
    if first < 0:
        yield start, start + 1
        return
    yield first, first + 1
    second = text.find("\n", first + 1, end)
    if second >= 0:
        yield second, second + 1


def _rows(ranges: Sequence[tuple[int, int]]) -> NDArray[np.intp]:
    bounds = np.array(ranges, dtype=np.intp).reshape(-1, 2)
    lengths = bounds[:, 1] - bounds[:, 0]
    before = np.cumsum(lengths) - lengths
    shifts: NDArray[np.intp] = np.repeat(bounds[:, 0] - before, lengths)
    return shifts + np.arange(len(shifts), dtype=np.intp)
