"""Turn the HTML of a help-centre article into the Markdown that articles are kept in.

One pass over the tags in the order they stand, without a tree, so that neither depth nor broken
nesting loses text. The scanner of messages finds them: the library's own takes quadratic time for
tags that never end, and reads here only one tag at a time. What the cutter knows is kept: headings,
paragraphs, lists, tables, code and links. Emphasis and pictures go.
"""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote

from triage.text.markup import markups

LONGEST_TAG = 4_000
"""Most characters of a tag whose attributes are read."""
DEEPEST = 10
"""Lists in lists that are still set in; a longer margin for each would grow without bound."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    {
        *("p", "div", "section", "article", "header", "footer", "main", "aside", "blockquote"),
        *("figure", "figcaption", "address", "details", "summary", "dl", "dt", "dd", "form"),
        *("fieldset", "table", "thead", "tbody", "tfoot", "caption", "hr", "body", "html"),
    }
)
_UNSEEN = frozenset(
    {"script", "style", "head", "template", "noscript", "svg", "iframe", "object", "video", "audio"}
)
_LISTS = frozenset({"ul", "ol"})
_WITH_ATTRIBUTES = frozenset({"a", "ol"})
_SPACE = re.compile(r"[^\S\n]+")
_SPECIAL = re.compile(r"[\\*`\[\]]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!])")
_OPENING = re.compile(r"(?=[#>|])|(?=(?:[-*_][ \t]*){3,}$)")
_UNSAFE = "()<> \t\n\"'"


def to_markdown(source: str) -> str:
    """Write HTML as Markdown; plain text comes out as its paragraphs. Linear in the length."""
    return _written(source, _Writer())


def plain_line(source: str) -> str:
    """Return the text of HTML on one line, such as that of a question."""
    return " ".join(_written(source, _Writer(escape=False)).split())


def _written(source: str, writer: "_Writer") -> str:
    at = 0
    for start, end, tag in markups(source):
        writer.handle_data(unescape(source[at:start]))
        if tag:
            writer.take_tag(source[start:end], *tag)
        at = end
    writer.handle_data(unescape(source[at:]))
    return writer.markdown()


class _Writer(HTMLParser):
    """Collects lines; a blank one stands between what are blocks."""

    def __init__(self, *, escape: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self._escape = escape
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._lists: list[int | None] = []
        self._item = ""
        self._level = 0
        self._cells: list[str] | None = None
        self._pre = self._unseen = 0
        self._links: list[tuple[int, str]] = []

    def markdown(self) -> str:
        """Return what was written."""
        self._end_row()
        self._block()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def take_tag(self, raw: str, name: str, closing: bool) -> None:
        """Take one whole tag; attributes are read where they matter."""
        if closing:
            self.handle_endtag(name)
            return
        if name in _WITH_ATTRIBUTES and len(raw) <= LONGEST_TAG:
            self.feed(raw)
            broken, self.rawdata = self.rawdata, ""
            if not broken:
                return
        self.handle_starttag(name, [])
        if raw.endswith("/>"):
            self.handle_endtag(name)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a list, a cell or a link."""
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag in {"td", "th"}:
            self._cell()
        elif tag == "a":
            # There is no link within a link.
            self._end_link()
            self._links.append((len(self._parts), dict(attrs).get("href") or ""))
        elif tag == "li":
            self._begin_item()
        elif tag == "tr":
            self._end_row()
            self._line()
            self._cells = []
        elif tag in _LISTS:
            self._line()
            self._lists.append(_start(attrs) if tag == "ol" else None)
        elif tag == "pre":
            self._block()
            self._pre += 1
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._block()
            self._level = _HEADINGS.get(tag, 0)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened; what never was is passed over."""
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a":
            self._end_link()
        elif tag in {"tr", "table"}:
            self._end_row()
            if tag == "table":
                self._block()
        elif tag == "pre" and self._pre:
            self._end_code()
        elif tag in _LISTS and self._lists:
            self._line()
            self._lists.pop()
            self._item = ""
            if not self._lists:
                self._lines.append("")
        elif tag == "li":
            self._line()
            self._item = ""
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._block()

    def handle_data(self, data: str) -> None:
        """Take text, unless it is not shown."""
        if not self._unseen:
            self._parts.append(data if self._pre else _escaped(data) if self._escape else data)

    def _begin_item(self) -> None:
        self._line()
        if not self._lists:
            self._lists.append(None)
        number = self._lists[-1]
        if number is not None:
            self._lists[-1] = number + 1
        self._item = "- " if number is None else f"{number}. "

    def _block(self) -> None:
        """End a block; within a list or a table it is only a line."""
        self._line()
        self._level = 0
        if not self._lists and self._cells is None:
            self._lines.append("")

    def _line(self) -> None:
        if self._cells is not None and not self._pre:
            # What there is stays for the cell that it stands in.
            self._links = []
            self._parts.append(" ")
            return
        text, self._parts, self._links = "".join(self._parts), [], []
        for line in text.split("\n") if "\n" in text else [text]:
            self._write(_SPACE.sub(" ", line).strip())

    def _write(self, line: str) -> None:
        if not line:
            return
        if not self._escape:
            self._lines.append(line)
        elif self._level:
            self._lines.append(f"{'#' * self._level} {line}")
        elif self._lists:
            depth = "  " * min(len(self._lists) - 1, DEEPEST)
            self._lines.append(f"{depth}{self._item or '  '}{line}")
            self._item = ""
        else:
            self._lines.append(_OPENING.sub(r"\\", line, count=1) if _opens(line) else line)

    def _cell(self) -> None:
        if self._cells is None:
            self._cells = []
        text = " ".join("".join(self._parts).split())
        self._parts, self._links = [], []
        if text:
            self._cells.append(text.replace("|", "/"))

    def _end_row(self) -> None:
        if self._cells is None:
            return
        self._cell()
        cells, self._cells = self._cells, None
        if cells:
            self._lines.append(f"| {' | '.join(cells)} |")

    def _end_code(self) -> None:
        text, self._parts, self._links = "".join(self._parts), [], []
        self._pre -= 1
        if text.strip():
            fence = "~~~" if "```" in text else "```"
            self._lines += [fence, *text.strip("\n").splitlines(), fence, ""]

    def _end_link(self) -> None:
        if not self._links:
            return
        at, target = self._links.pop()
        shown = "".join(self._parts[at:])
        if not target.lower().startswith(("https://", "http://", "mailto:")) or not shown.strip():
            return
        address = quote(
            target, safe="".join(chr(n) for n in range(33, 127) if chr(n) not in _UNSAFE)
        )
        text = shown.strip()
        bare = address.removeprefix("mailto:")
        written = f"{text} ({bare})" if re.search(r"[\[\]\n]", text) else f"[{text}]({address})"
        self._parts[at:] = [bare if text == bare else written]


def _start(attrs: list[tuple[str, str | None]]) -> int:
    value = dict(attrs).get("start") or "1"
    return int(value) if value.isascii() and value.isdigit() and len(value) < len("1000") else 1


def _escaped(text: str) -> str:
    """Keep characters from being read as Markdown."""
    return _SPECIAL.sub(r"\\\g<0>", text.replace("\n", " "))


def _opens(line: str) -> bool:
    return bool(_OPENING.match(line))
