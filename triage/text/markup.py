"""A linear scanner of HTML: stretches of text and tags, with what the tags say about the text."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from triage.text.mapped import QUOTED, SIGNED

# Past 256 nested tags libxml2 silently loses all text; the layout takes 10 us a tag.
MAX_DEPTH = 200
MAX_TAGS = 5_000
# How much of each end is still looked at once a guard has stopped the scan.
ROUGH = 20_000

_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
# "<" opens a tag only before a name that is no address: "<ann@example.com>" is text.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:_-]*)(?![A-Za-z0-9@.:_-]|//)")
_ROUGH_TAG = re.compile(r"<[/!?]?[A-Za-z-][^<>]*>")
_ALT = re.compile(r"\salt\s*=\s*[\"']?([^\s\"'<>\x00-\x7f]{1,8})[\s\"'>]", re.IGNORECASE)
_RAW = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "xml", "svg", "noscript")
}
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr"),
    }
)
# A second one of these closes the first, so left open they do not nest.
_SELF_CLOSING = frozenset(
    {
        *("p", "li", "td", "th", "tr", "dt", "dd", "option", "body", "html", "head"),
        *("thead", "tbody", "tfoot"),
    }
)
_QUOTE_BLOCKS = ("cite", "gmail_quote", "protonmail_quote", "yahoo_quoted", "isreplycontent")
_QUOTE_MARKS = ("gmail_attr", "yahoo_quoted", "moz-cite-prefix", "isreplycontent")
_SIGNATURE_MARKS = (
    *("gmail_signature", "moz-signature", "ms-outlook-mobile-signature", 'id="signature"'),
    "protonmail_signature_block",
)
_HIDDEN_MARKS = ("display:none", "mso-hide:all")
_QUOTED_VALUE_TRIES = 8


class Tag(NamedTuple):
    """One tag as the layout needs it: its name and whether it hides what it holds."""

    name: str
    closing: bool
    hidden: bool

    def render(self) -> str:
        """Return the tag with nothing but its name and hiding."""
        if self.closing:
            return f"</{self.name}>"
        return f'<{self.name} style="display:none">' if self.hidden else f"<{self.name}>"


class Text(NamedTuple):
    """A stretch of source between tags; ``shown`` replaces it when it is an emoji image."""

    start: int
    end: int
    mark: int
    shown: str | None = None


class Scan(NamedTuple):
    """Text and tags in source order.

    ``whole`` is False when a guard stopped the exact scan, ``skipped`` counts the code points in
    the middle that the rough one then left out.
    """

    pieces: list[Text | Tag]
    whole: bool
    skipped: int


_BREAK = Tag("div", closing=False, hidden=False)


def scan(source: str) -> Scan:
    """Split HTML into text and tags. Scripts, styles and comments are left out.

    Past 5,000 tags or a depth of 200 the rest is split roughly: every tag is a break.
    """
    pieces: list[Text | Tag] = []
    stack = _Stack()
    at = tags = 0
    for start, end, tag in markups(source):
        if start > at:
            pieces.append(Text(at, start, stack.mark))
        at = end
        if tag is None:
            continue
        tags += 1
        attributes = "" if tag[1] else source[start:end].lower()
        stack.move(*tag, attributes)
        if tags > MAX_TAGS or stack.depth > MAX_DEPTH:
            skipped = max(0, len(source) - at - 2 * ROUGH)
            return Scan([*pieces, *_rough(source, at)], whole=False, skipped=skipped)
        pieces.append(Tag(*tag, hidden=_is_hidden(attributes)))
        if tag[0] == "img" and (alt := _ALT.search(source, start, end)) is not None:
            pieces.append(Text(start, end, stack.mark, alt[1]))
    if at < len(source):
        pieces.append(Text(at, len(source), stack.mark))
    return Scan(pieces, whole=True, skipped=0)


class _Stack:
    """The open tags, and what the innermost marked one says about its text."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []
        self._names: Counter[str] = Counter()

    @property
    def depth(self) -> int:
        return len(self._open)

    @property
    def mark(self) -> int:
        return self._open[-1][1] if self._open else 0

    def move(self, name: str, closing: bool, attributes: str) -> None:
        if name in _VOID or name in _SELF_CLOSING:
            return
        if not closing:
            self._open.append((name, self.mark | _mark(name, attributes)))
            self._names[name] += 1
            return
        while self._names[name]:
            last, _ = self._open.pop()
            self._names[last] -= 1
            if last == name:
                return


def _mark(name: str, attributes: str) -> int:
    quotes = _QUOTE_BLOCKS if name == "blockquote" else _QUOTE_MARKS
    mark = QUOTED if any(sign in attributes for sign in quotes) else 0
    return mark | (SIGNED if any(sign in attributes for sign in _SIGNATURE_MARKS) else 0)


def _is_hidden(attributes: str) -> bool:
    if "display" not in attributes and "mso-hide" not in attributes:
        return False
    dense = attributes.replace(" ", "")
    return any(sign in dense for sign in _HIDDEN_MARKS)


def _rough(source: str, begin: int) -> Iterator[Text | Tag]:
    end = len(source)
    spans = [(begin, end)]
    if end - begin > 2 * ROUGH:
        spans = [(begin, begin + ROUGH), (end - ROUGH, end)]
    for start, stop in spans:
        at = start
        for tag in _ROUGH_TAG.finditer(source, start, stop):
            if tag.start() > at:
                yield Text(at, tag.start(), 0)
            yield _BREAK
            at = tag.end()
        if stop > at:
            yield Text(at, stop, 0)
        yield _BREAK


def markups(source: str) -> Iterator[tuple[int, int, tuple[str, bool] | None]]:
    """Yield the stretches that are no text as (start, end, (name, closing) or None)."""
    absent: set[str] = set()
    at = 0
    while ">" not in absent and (opening := _MARKUP.search(source, at)) is not None:
        less = opening.start()
        tag = _TAG.match(source, less)
        end = _tag_end(source, less, absent) if tag else _declaration_end(source, less, absent)
        if end == less:
            at = less + 1
            continue
        yield less, end, (tag[2].lower(), bool(tag[1])) if tag else None
        at = end
        if tag and not tag[1] and tag[2].lower() in _RAW:
            at = _raw_end(source, end, tag[2].lower(), absent)
            if at > end:
                yield end, at, None


def _tag_end(source: str, less: int, absent: set[str]) -> int:
    """Return the end of the tag at ``less``, or ``less`` when it is never closed.

    A ">" inside a quoted value is looked past a few times only, which keeps the scan linear.
    """
    first = _find(source, ">", less, absent) + 1
    end = first
    for _ in range(_QUOTED_VALUE_TRIES):
        if not end or source.count('"', less, end) % 2 == 0:
            return end or first or less
        end = source.find(">", end) + 1
    return first or less


def _declaration_end(source: str, less: int, absent: set[str]) -> int:
    if source.startswith("<!--", less):
        end = _find(source, "-->", less + 4, absent)
        if end >= 0:
            return end + 3
    if source[less + 1 : less + 2] in {"!", "?"}:
        return max(less, _find(source, ">", less, absent) + 1)
    return less


def _raw_end(source: str, at: int, name: str, absent: set[str]) -> int:
    if name in absent:
        return at
    closing = _RAW[name].search(source, at)
    if closing is None:
        absent.add(name)
        return at
    return closing.start()


def _find(source: str, what: str, at: int, absent: set[str]) -> int:
    """Find like ``str.find``, but search no second time for what does not come again."""
    if what in absent:
        return -1
    found = source.find(what, at)
    if found < 0:
        absent.add(what)
    return found
