"""Markdown to plain blocks: what a help-centre article uses, line by line and in linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"#{1,6}(?:[ \t]+(.*?))?[ \t]*#*$")
_ITEM = re.compile(r"([-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_RULE = re.compile(r"(?:[-*_][ \t]*){3,}$")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?$")
_FENCE = ("```", "~~~")
_LINK = re.compile(r"(?<!\\)(!?)\[([^\[\]\n]*)\]\(([^()\s]*)(?:[ \t]+\"[^\"\n]*\")?\)")
_AUTO_LINK = re.compile(r"(?<!\\)<(https?://[^<>\s]+|[^<>\s@]+@[^<>\s]+)>")
_TAG = re.compile(r"(?<!\\)(?:</?[A-Za-z][^<>]*>|<!--[^<>]*-->)")
_STRONG = re.compile(r"(?<!\\)(\*\*|__)(?=\S)([^*_\n]+)(?<!\\)\1")
_EMPHASIS = re.compile(r"(?<![\w*\\])([*_])(?=\S)([^*_\n]*[^*_\s\\])\1(?![\w*])")
_CODE = re.compile(r"(?<!\\)(`{1,2})([^`\n]+)\1")
_MARKUP = re.compile(r"[`\[<*_\\]")
"""What each of these begins with, ``_ESCAPE`` too."""
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!<>|-])")


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, list, table or piece of code under its nearest heading."""

    heading: str
    lines: tuple[str, ...]
    is_list: bool


def blocks(body: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown or plain text body, free of markup.

    A body without any empty line and heading is plain text: each line is a block.
    """
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    wrapped = any(not line.strip() or _HEADING.match(line.strip()) for line in lines[1:-1])
    heading, held = "", _Held()
    fenced = False
    for raw in lines:
        line = raw.strip()
        if line.startswith(_FENCE):
            fenced = not fenced
            continue
        title = None if fenced else _HEADING.match(line)
        if title or not line or _is_rule(line) or not (wrapped or fenced or held.continues(line)):
            yield from held.flush(heading)
        if title:
            heading = inline(title[1] or "")
        elif line and not _is_rule(line):
            if fenced:
                held.add_code(raw.rstrip())
            else:
                yield from held.add(heading, line, indented=raw[:1].isspace())
    yield from held.flush(heading)


def inline(text: str) -> str:
    """Take the markup out of one line; a link keeps its address when it is a full one."""
    if not _MARKUP.search(text):
        return " ".join(text.split())
    text = _CODE.sub(r"\2", text)
    text = _LINK.sub(_link, text)
    text = _AUTO_LINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    return " ".join(_ESCAPE.sub(r"\1", text).split())


class _Held:
    """The lines of the block being read."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._is_list = False
        self._is_code = False

    def continues(self, line: str) -> bool:
        """Tell whether a line of plain text belongs to the list before it."""
        return self._is_list and _ITEM.match(line) is not None

    def add(self, heading: str, line: str, *, indented: bool) -> Iterator[Block]:
        line = line.lstrip(">").lstrip() if line.startswith(">") else line
        item = _ITEM.match(line)
        row = line.startswith("|") and line.count("|") > 1
        if self._lines and (self._is_code or (bool(item or row) != self._is_list and not indented)):
            yield from self.flush(heading)
        text = inline(_cells(line) if row else line[item.end() :] if item else line)
        if not text:
            return
        if item:
            text = f"{item[1] if item[1][0].isdigit() else '-'} {text}"
        if self._lines and not item and not row:
            self._lines[-1] = f"{self._lines[-1]} {text}"
        else:
            self._lines.append(text)
        self._is_list = self._is_list or bool(item or row)

    def add_code(self, line: str) -> None:
        self._is_code = True
        self._lines.append(line)

    def flush(self, heading: str) -> Iterator[Block]:
        if self._lines:
            yield Block(heading, tuple(self._lines), self._is_list or self._is_code)
        self._lines, self._is_list, self._is_code = [], False, False


def _is_rule(line: str) -> bool:
    return bool(_RULE.match(line) or (("|" in line or "--" in line) and _TABLE_RULE.match(line)))


def _cells(row: str) -> str:
    return "; ".join(cell.strip() for cell in row.strip("|").split("|") if cell.strip())


def _link(match: re.Match[str]) -> str:
    image, shown, target = match.groups()
    if image or shown == target or not target.startswith(("https://", "http://", "mailto:")):
        return shown
    return f"{shown} ({target.removeprefix('mailto:')})" if shown else target
