"""Find quoted history and forwarded messages among the lines of a body."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from triage.text.headers import Header, attribution, bare, block, is_rule
from triage.text.mapped import QUOTED

_SHORT_NOTE = 8
_SHORT_NOTE_HAN = 16
_WRAP_WIDTH = 55
_WRAP_WORDS = 4
_ENDS = (".", "?", "!", "。", "？", "！")


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines ``[start, end)`` that somebody else wrote; the first ``header`` lines announce them."""

    kind: Literal["quote", "forward"]
    start: int
    end: int
    header: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body with what its markup said about it (see ``Mapped.marks``)."""

    text: str
    mark: int

    @property
    def quoted(self) -> bool:
        """Tell whether the mail program marked the line as a quote."""
        return bool(self.mark & QUOTED) or self.text.startswith(">")


def quotes(lines: Sequence[Line], *, forwarding: bool, replying: bool) -> list[Quote]:
    """Return the quotes of a body in order, not overlapping.

    ``forwarding`` and ``replying`` say what the prefix of the subject announced. Linear: each line
    is read by each matcher a bounded number of times.
    """
    texts = [line.text for line in lines]
    found: list[Quote] = []
    at = 0
    while at < len(lines):
        quote = _announced(lines, texts, at, forwarding=forwarding) or _marked(lines, at)
        if quote is None:
            at += 1
            continue
        found.append(quote)
        at = quote.end
    return _trusted(lines, found, replying=replying)


def is_short_note(text: str) -> bool:
    """Tell whether words above a forward say no more than "see below"."""
    han = sum("\u3400" <= char <= "\u9fff" for char in text)
    return han <= _SHORT_NOTE_HAN if han else len(text.split()) <= _SHORT_NOTE


def _announced(
    lines: Sequence[Line], texts: Sequence[str], at: int, *, forwarding: bool
) -> Quote | None:
    if not texts[at]:
        return None
    header = _header(texts, at)
    if header is None:
        return None
    size, forward = header
    # A header under a header announces the same words: forwards of forwards open like that.
    while (following := _after_blank(lines, at + size)) < len(lines):
        header = _header(texts, following)
        if header is None:
            break
        size, forward = following + header.lines - at, forward or header.forward
    forward = forward or (forwarding and not attribution(texts, at))
    start = at
    while start and is_rule(texts[start - 1]):
        start -= 1
    end = len(lines) if forward else _quote_end(lines, at + size)
    return Quote("forward" if forward else "quote", start, end, at + size - start)


def _header(texts: Sequence[str], at: int) -> Header | None:
    size = attribution(texts, at)
    return Header(size, forward=False) if size else block(texts, at)


def _quote_end(lines: Sequence[Line], at: int) -> int:
    """Return the end of marked lines from ``at``; without marks the quote runs to the end."""
    first = _after_blank(lines, at)
    if first == len(lines) or not lines[first].quoted:
        return len(lines)
    return _marked_end(lines, first)


def _marked_end(lines: Sequence[Line], at: int) -> int:
    end = at
    while at < len(lines):
        if lines[at].quoted or _is_overhang(lines, at):
            end = at + 1
        elif lines[at].text:
            break
        at += 1
    return end


def _is_overhang(lines: Sequence[Line], at: int) -> bool:
    """Tell whether a line is the end of a quoted one that a mail program broke in two."""
    if not 0 < at < len(lines) - 1 or not lines[at].text:
        return False
    above, below = lines[at - 1], lines[at + 1]
    return (
        above.text.startswith(">")
        and below.text.startswith(">")
        and len(above.text) >= _WRAP_WIDTH
        and len(lines[at].text.split()) <= _WRAP_WORDS
    )


def _marked(lines: Sequence[Line], at: int) -> Quote | None:
    if not lines[at].quoted:
        return None
    return Quote("quote", at, _marked_end(lines, at), 0)


def _trusted(lines: Sequence[Line], found: list[Quote], *, replying: bool) -> list[Quote]:
    """Drop ">" lines that nobody announced and that do not look like a quote.

    People write ">" before commands, prices and list items too. Without an announcement it is a
    quote when it ends like a sentence with the answer below it, and the subject or a second such
    pair says that this is a reply.
    """
    bare_ones = [quote for quote in found if _is_unannounced(lines, quote)]
    answered = [quote for quote in bare_ones if _is_answered(lines, quote, replying=replying)]
    sure = replying or len(answered) > 1 or len(bare_ones) < len(found)
    doubtful = set(bare_ones).difference(answered if sure else ())
    return [quote for quote in found if quote not in doubtful or _is_empty(lines, quote)]


def _is_empty(lines: Sequence[Line], quote: Quote) -> bool:
    return not any(bare(line.text) for line in lines[quote.start : quote.end])


def _is_unannounced(lines: Sequence[Line], quote: Quote) -> bool:
    return quote.header == 0 and not any(
        line.mark & QUOTED for line in lines[quote.start : quote.end]
    )


def _is_answered(lines: Sequence[Line], quote: Quote, *, replying: bool) -> bool:
    below = _after_blank(lines, quote.end)
    above = next((line.text for line in lines[quote.start - 1 :: -1] if line.text), "")
    if quote.start == 0:
        above = ""
    introduced = above.endswith(":") and not attribution([above], 0)
    ends_well = bare(lines[quote.end - 1].text).endswith(_ENDS)
    placed = below < len(lines) or (replying and bool(above))
    return placed and ends_well and not introduced


def _after_blank(lines: Sequence[Line], at: int) -> int:
    while at < len(lines) and not lines[at].text:
        at += 1
    return at
