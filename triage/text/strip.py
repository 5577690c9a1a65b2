"""Take out what the requester did not write: quotes, forwards, signatures, disclaimers.

The rule for a message that holds nothing of its own: what was quoted or forwarded is then the
message, so only its headers, ">" marks and signatures go. The same holds for a forward under a note
of at most eight words ("From a customer, please handle"), since the matter is in the forward.
"""

import re
from collections.abc import Sequence
from itertools import accumulate

from triage.domain import Removed, RemovedKind, TextField
from triage.text.mapped import Mapped, tidy
from triage.text.phrases import FORWARD_PREFIXES, REPLY_PREFIXES
from triage.text.quotes import Line, Quote, is_short_note, quotes
from triage.text.signatures import Tail, is_device_line, tails

MAX_LINES = 2_000
# Each round may uncover the next layer; mail has one or two, and hostile text must end.
_MAX_ROUNDS = 12

_PREFIX = re.compile(r"([^\W\d_]{2,14}) ?(?:\[\d{1,3}\]|\(\d{1,3}\))? ?: ?", re.UNICODE)
_MARKS = re.compile(r">[> ]*", re.MULTILINE)

_Cut = tuple[RemovedKind, int, int]


def strip_subject(subject: Mapped) -> tuple[Mapped, tuple[Removed, ...]]:
    """Take "Re:" and "Fwd:" of four languages off a subject."""
    cuts: list[_Cut] = []
    at = 0
    while (prefix := _PREFIX.match(subject.text, at)) is not None:
        word = prefix[1].casefold()
        if word not in REPLY_PREFIXES and word not in FORWARD_PREFIXES:
            break
        cuts.append(("forward" if word in FORWARD_PREFIXES else "quote", at, prefix.end()))
        at = prefix.end()
    return _without(subject, cuts, "subject")


def strip_body(body: Mapped, subject: str = "") -> tuple[Mapped, tuple[Removed, ...]]:
    """Take quotes, forwards, signatures and disclaimers out of a tidy body.

    ``subject`` is the tidy subject with its prefixes; they tell a reply from a forward. Repeated
    until nothing more goes, so that doing it again changes nothing.
    """
    prefix = _PREFIX.match(subject)
    word = prefix[1].casefold() if prefix else ""
    removed: list[Removed] = []
    for _ in range(_MAX_ROUNDS):
        page = _Page(body, forwarding=word in FORWARD_PREFIXES, replying=word in REPLY_PREFIXES)
        cuts = page.cuts()
        if not cuts:
            break
        body, more = _without(body, cuts, "text")
        removed += more
    return body, tuple(removed)


class _Page:
    """The lines of a body, its quotes, and the requester's own stretches between them."""

    def __init__(self, body: Mapped, *, forwarding: bool, replying: bool) -> None:
        # What follows line 2,000 hangs on the last one, too long for any matcher.
        texts = body.text.split("\n", MAX_LINES - 1)
        self._body = body
        self._starts = [0, *accumulate(len(text) + 1 for text in texts)]
        self._lines = [
            Line(text, _mark(body, start)) for text, start in zip(texts, self._starts, strict=False)
        ]
        self._quotes = quotes(self._lines, forwarding=forwarding, replying=replying)
        self._own = _between(self._quotes, len(texts))
        self._tails = [
            Tail(tail.kind, tail.start + start, tail.end + start)
            for start, end in self._own
            for tail in tails(self._lines[start:end])
        ]

    def cuts(self) -> list[_Cut]:
        """Return what to take out, as ranges of the body in order."""
        own = self._own_text()
        if not own and not self._quotes:
            return self._span(*(tail for tail in self._tails if self._is_certain(tail)))
        if not own and any(self._holds_text(quote) for quote in self._quotes):
            return sorted(
                [*self._span(*self._tails), *self._headers(), *self._marks()],
                key=lambda cut: cut[1:],
            )
        if is_short_note(own) and any(quote.kind == "forward" for quote in self._quotes):
            return sorted([*self._span(*self._tails), *self._headers()], key=lambda cut: cut[1:])
        return sorted(self._span(*self._tails, *self._quotes), key=lambda cut: cut[1:])

    def _own_text(self) -> str:
        gone = {at for tail in self._tails for at in range(tail.start, tail.end)}
        kept = (at for start, end in self._own for at in range(start, end) if at not in gone)
        return " ".join(self._lines[at].text for at in kept).strip()

    def _span(self, *parts: Tail | Quote) -> list[_Cut]:
        return [(part.kind, self._starts[part.start], self._starts[part.end]) for part in parts]

    def _headers(self) -> list[_Cut]:
        return [
            (quote.kind, self._starts[quote.start], self._starts[quote.start + quote.header])
            for quote in self._quotes
            if quote.header
        ]

    def _marks(self) -> list[_Cut]:
        cuts: list[_Cut] = []
        for quote in self._quotes:
            for at in range(quote.start + quote.header, quote.end):
                mark = _MARKS.match(self._body.text, self._starts[at])
                if mark is not None:
                    cuts.append((quote.kind, *mark.span()))
        return cuts

    def _holds_text(self, quote: Quote) -> bool:
        lines = self._lines[quote.start + quote.header : quote.end]
        return any(line.text.strip("> ") for line in lines)

    def _is_certain(self, tail: Tail) -> bool:
        """Tell whether a tail may empty the message: "Regards" alone may be all that was said."""
        lines = self._lines[tail.start : tail.end]
        return tail.kind == "disclaimer" or all(is_device_line(line.text) for line in lines)


def _mark(body: Mapped, start: int) -> int:
    return int(body.marks[start]) if start < len(body.marks) else 0


def _between(found: Sequence[Quote], count: int) -> list[tuple[int, int]]:
    bounds = [0, *(at for quote in found for at in (quote.start, quote.end)), count]
    pairs = zip(bounds[::2], bounds[1::2], strict=True)
    return [(start, end) for start, end in pairs if end > start]


def _without(
    mapped: Mapped, cuts: Sequence[_Cut], field: TextField
) -> tuple[Mapped, tuple[Removed, ...]]:
    removed: list[Removed] = []
    kept: list[tuple[int, int]] = []
    at = 0
    for kind, start, end in cuts:
        words = mapped.text[start:end]
        first = start + len(words) - len(words.lstrip())
        last = start + len(words.rstrip())
        if first < last:
            removed.append(Removed(kind, field, *mapped.source(first, last)))
        kept.append((at, max(at, start)))
        at = max(at, end)
    if not cuts:
        return mapped, ()
    kept.append((at, max(at, len(mapped.text))))
    return tidy(mapped.take(kept)), tuple(removed)
