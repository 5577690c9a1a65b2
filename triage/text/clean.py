"""Entry of the text floor: a message in, the words that its requester wrote out.

Decode HTML, normalise, take out what the requester did not write, shorten; every code point that is
left knows its place in the request. The text for the encoder is the subject, a line feed, the body:
a subject names the matter in few words and encoders weigh the beginning most.
"""

import re
from dataclasses import dataclass, field

from triage.domain import Message, Removed, TextField
from triage.text.auto import is_automatic
from triage.text.glance import is_plain_body, is_plain_subject
from triage.text.html import Rendered, to_text
from triage.text.limits import check_limits
from triage.text.mapped import Mapped, plain, tidy
from triage.text.strip import strip_body, strip_subject
from triage.text.unicode import fold_look_alikes, normal_line, normalise

__all__ = ["Cleaned", "check_limits", "clean"]

_BREAK = re.compile("[\r\n\x0b\x0c\x85\u2028\u2029]")

HEAD = 8_000
TAIL = 1_000


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is left of a message, and the way back to the request.

    ``text`` is what the encoder reads: subject and body, joined by a line feed. Offsets in
    ``removed`` count code points of the request's own field.
    """

    text: str
    body: str
    subject: str
    removed: tuple[Removed, ...]
    truncated: bool
    auto_generated: bool
    # None is a field that is its own source.
    _subject: Mapped | None = field(repr=False, compare=False)
    _body: Mapped | None = field(repr=False, compare=False)

    def to_source(self, start: int, end: int) -> tuple[TextField, int, int]:
        """Return the field and span of the request behind ``text[start:end]``.

        A span over both fields is answered for the one that holds more of it.
        """
        split = len(self.subject) + 1 if self.subject and self.body else len(self.subject)
        in_subject = min(end, len(self.subject)) - start
        if in_subject > end - max(start, split) or not self.body:
            subject = self._subject or plain(self.subject)
            return ("subject", *subject.source(start, min(end, len(self.subject))))
        first = max(start, split) - split
        body = self._body or plain(self.body)
        return ("text", *body.source(first, max(first, end - split)))


def clean(message: Message) -> Cleaned:
    """Take out of a message all that its requester did not write in it.

    Pure, linear in the length, and cleaning the result again changes nothing. Limits are not
    checked here: call ``check_limits`` first.
    """
    return _glanced(message) or _worked_through(message)


def _glanced(message: Message) -> Cleaned | None:
    """Return a message from which nothing goes; None where that does not show at once."""
    if message.content_type != "text/plain":
        return None
    text, subject = normal_line(message.text), normal_line(message.subject)
    if text is None or subject is None or not (is_plain_body(text) and is_plain_subject(subject)):
        return None
    return Cleaned(
        text=f"{subject}\n{text}" if subject and text else subject or text,
        body=text,
        subject=subject,
        removed=(),
        truncated=False,
        auto_generated=is_automatic(subject, text),
        _subject=None,
        _body=None,
    )


def _worked_through(message: Message) -> Cleaned:
    decoded = _decoded(message)
    full = tidy(fold_look_alikes(normalise(decoded.text)))
    line = plain(_BREAK.sub(" ", message.subject))
    raw_subject = tidy(fold_look_alikes(normalise(line)))
    body, body_removed = strip_body(full, raw_subject.text)
    body, truncated = _shortened(body)
    if truncated:
        body, more = strip_body(body, raw_subject.text)
        body_removed += more
    subject, subject_removed = strip_subject(raw_subject)
    return Cleaned(
        text="\n".join(part for part in (subject.text, body.text) if part),
        body=body.text,
        subject=subject.text,
        removed=(*_ordered(subject_removed), *_ordered((*decoded.hidden, *body_removed))),
        truncated=truncated or decoded.truncated,
        auto_generated=is_automatic(raw_subject.text, full.text),
        _subject=subject,
        _body=body,
    )


def _decoded(message: Message) -> Rendered:
    if message.content_type == "text/html":
        return to_text(message.text)
    return Rendered(plain(message.text), (), truncated=False)


def _shortened(body: Mapped) -> tuple[Mapped, bool]:
    """Keep the first 8,000 and the last 1,000 code points, a line feed between them."""
    length = len(body.text)
    if length <= HEAD + 1 + TAIL:
        return body, False
    joint = body.take([(0, HEAD), (HEAD, HEAD + 1), (length - TAIL, length)])
    text = f"{joint.text[:HEAD]}\n{joint.text[HEAD + 1 :]}"
    return tidy(Mapped(text, joint.starts, joint.ends, joint.marks)), True


def _ordered(removed: tuple[Removed, ...]) -> list[Removed]:
    """Sort by place and join neighbours of one kind, over the space between them."""
    joined: list[Removed] = []
    for part in sorted(removed, key=lambda part: (part.start, part.end)):
        last = joined[-1] if joined else None
        if last is not None and last.kind == part.kind and part.start <= last.end + 1:
            joined[-1] = Removed(last.kind, last.field, last.start, max(last.end, part.end))
        else:
            joined.append(part)
    return joined
