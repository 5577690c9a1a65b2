"""HTML to text that knows, for every code point, where in the HTML it stood.

inscriptis lays out blocks, lists and tables but tells no offsets. So every word travels through it
as one private-use code point and is put back afterwards: whatever the layout does with a word, its
place in the source stays known. The words come from ``markup.scan``, linear in the source.
"""

import html as entities
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml.html import document_fromstring

from triage.domain import Removed
from triage.text.mapped import Mapped
from triage.text.markup import Tag, Text, scan

# Of more visible text only both ends are rendered; cleaning uses less than this.
VISIBLE_HEAD = 18_000
VISIBLE_TAIL = 2_000
# A stretch of source without visible text is named from this length on; shorter is mere markup.
SHOWN_GAP = 200

_FIRST_CARRIER = 0xF0000
_PLAIN_SPACE = re.compile(r"[^\S \n]")
_BLANK = re.compile(r"\s")
_WORD = re.compile(r"\S+|\s+")
_ENTITY = re.compile(r"&(?:#[0-9A-Za-z]{1,8}|[A-Za-z][0-9A-Za-z]{1,31});?")
_INLINE = frozenset(
    {
        *("a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "mark", "q"),
        *("s", "small", "span", "strike", "strong", "sub", "sup", "u"),
    }
)


class Rendered(NamedTuple):
    """Text with offsets, the long stretches that show nothing, and whether a middle is missing."""

    text: Mapped
    hidden: tuple[Removed, ...]
    truncated: bool


def to_text(source: str) -> Rendered:
    """Render HTML as text. Linear: guards of ``markup`` and a budget of visible text bound it.

    Where a guard stopped the scan the layout is skipped: tags are dropped and blocks become lines.
    """
    scanned = scan(source)
    pieces, truncated = _within_budget(scanned.pieces)
    builder = _Builder(source)
    for piece in _laid_out(source, pieces) if scanned.whole else _flat(source, pieces):
        builder.add(piece)
    hidden = _gaps(source, builder.shown, at_least_one=not scanned.whole)
    return Rendered(builder.mapped(), hidden, truncated or scanned.skipped > 0)


class _Builder:
    """Collects words and inserted code points into one Mapped."""

    def __init__(self, source: str) -> None:
        self.shown: list[Text] = []
        self._source = source
        self._text: list[str] = []
        self._runs: list[int] = []
        self._last = Text(0, 0, 0)

    def add(self, piece: str | Text) -> None:
        if isinstance(piece, str):
            self._spread(piece, self._last.end, self._last.end, self._last.mark)
            return
        self.shown.append(piece)
        self._last = piece
        raw = self._source[piece.start : piece.end]
        if piece.shown is not None:
            self._spread(piece.shown, piece.start, piece.end, piece.mark)
        elif "&" in raw:
            self._decode(raw, piece)
        else:
            self._copy(raw, piece.start, piece.mark)

    def mapped(self) -> Mapped:
        runs = np.array(self._runs, np.int32).reshape(-1, 5)
        sizes = runs[:, 0]
        first, last, step, mark = np.repeat(runs[:, 1:], sizes, axis=0).T
        within = np.arange(len(mark)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        along = (step * within).astype(np.int32)
        return Mapped("".join(self._text), first + along, last + along, mark.astype(np.uint8))

    def _decode(self, raw: str, piece: Text) -> None:
        done = 0
        for entity in _ENTITY.finditer(raw):
            first, last = entity.span()
            self._copy(raw[done:first], piece.start + done, piece.mark)
            shown = entities.unescape(entity[0])
            if shown == entity[0]:
                self._copy(shown, piece.start + first, piece.mark)
            else:
                self._spread(shown, piece.start + first, piece.start + last, piece.mark)
            done = last
        self._copy(raw[done:], piece.start + done, piece.mark)

    def _copy(self, text: str, start: int, mark: int) -> None:
        self._text.append(text)
        self._runs += (len(text), start, start + 1, 1, mark)

    def _spread(self, text: str, start: int, end: int, mark: int) -> None:
        self._text.append(text)
        self._runs += (len(text), start, end, 0, mark)


def _within_budget(pieces: Sequence[Text | Tag]) -> tuple[list[Text | Tag], bool]:
    total = sum(piece.end - piece.start for piece in pieces if isinstance(piece, Text))
    if total <= VISIBLE_HEAD + VISIBLE_TAIL:
        return list(pieces), False
    kept: list[Text | Tag] = []
    at = 0
    for piece in pieces:
        if isinstance(piece, Tag):
            kept.append(piece)
            continue
        size = piece.end - piece.start
        head = min(size, max(0, VISIBLE_HEAD - at))
        tail = min(size - head, max(0, at + size - (total - VISIBLE_TAIL)))
        if head:
            kept.append(piece._replace(end=piece.start + head))
        if tail:
            kept.append(piece._replace(start=piece.end - tail))
        at += size
    return kept, True


def _parts(source: str, piece: Text) -> Iterator[str | Text]:
    if piece.shown is not None or not _BLANK.search(source, piece.start, piece.end):
        yield piece
        return
    for match in _WORD.finditer(source, piece.start, piece.end):
        if match[0].isspace():
            yield _PLAIN_SPACE.sub(" ", match[0])
        else:
            yield Text(match.start(), match.end(), piece.mark)


def _flat(source: str, pieces: Sequence[Text | Tag]) -> Iterator[str | Text]:
    for piece in pieces:
        if isinstance(piece, Text):
            yield from _parts(source, piece)
        elif piece.name not in _INLINE:
            yield "\n"


def _laid_out(source: str, pieces: Sequence[Text | Tag]) -> Iterator[str | Text]:
    skeleton: list[str] = []
    words: list[Text] = []
    for piece in pieces:
        if isinstance(piece, Tag):
            skeleton.append(piece.render())
            continue
        for part in _parts(source, piece):
            if isinstance(part, Text):
                skeleton.append(chr(_FIRST_CARRIER + len(words)))
                words.append(part)
            else:
                skeleton.append(part)
    if not words:
        return
    config = ParserConfig(css=CSS_PROFILES["strict"])
    for char in Inscriptis(document_fromstring("".join(skeleton)), config).get_text():
        yield words[ord(char) - _FIRST_CARRIER] if ord(char) >= _FIRST_CARRIER else char


def _gaps(source: str, shown: Sequence[Text], *, at_least_one: bool) -> tuple[Removed, ...]:
    bounds = [0]
    for start, end in sorted((word.start, word.end) for word in shown):
        bounds += [start, end]
    bounds.append(len(source))
    pairs = zip(bounds[::2], bounds[1::2], strict=True)
    gaps = [(start, end) for start, end in pairs if end > start and source[start:end].strip()]
    long = [gap for gap in gaps if gap[1] - gap[0] >= SHOWN_GAP]
    if at_least_one and not long and gaps:
        long = [max(gaps, key=lambda gap: gap[1] - gap[0])]
    return tuple(Removed("html", "text", start, end) for start, end in long)
