"""Replace what identifies a person or opens an account by placeholders. Pseudonyms, not anonymity.

Numbers are judged by their checksums where they have one, so that order numbers, dates and versions
stay. Every pattern is bounded: the time is linear in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from triage.text import identifiers as ids

Kind = Literal["email", "phone", "iban", "card", "cpr", "cnp", "cn_id", "url", "ip", "secret"]

_EDGE: Final = r"(?<![0-9A-Za-z])"
_CONTEXT: Final = 24
_END: Final = r"(?![0-9A-Za-z])"


class Span(NamedTuple):
    """One replacement: ``[start, end)`` of the text became ``[new_start, new_end)``."""

    kind: Kind
    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with placeholders such as ``[email]``, and what was replaced, in order."""

    text: str
    spans: tuple[Span, ...]

    def remap(self, offset: int) -> int:
        """Return where an offset of the text lies now; inside a replacement, where that begins."""
        at = bisect_right(self.spans, offset, key=lambda span: span.start) - 1
        if at < 0:
            return offset
        span = self.spans[at]
        return span.new_start if offset < span.end else offset - span.end + span.new_end


class _Recogniser(NamedTuple):
    """A kind of thing; every text that holds one also holds ``needs``, which is found sooner."""

    kind: Kind
    needs: re.Pattern[str]
    pattern: re.Pattern[str]
    accepts: Callable[[re.Match[str]], bool]
    group: int = 0


_SEVEN_DIGITS: Final = re.compile(r"[0-9](?:[ ()./-]{0,2}[0-9]){6}")

_LABELS: Final = (
    "password|passcode|passwd|pwd|pin|otp|api[ _-]?key|token|secret|adgangskode|kodeord|pinkode|"
    "engangskode|parola|parolă|cod pin|密码|口令|验证码|密鑰|密碼"
)

# The order settles overlaps that begin together.
_RECOGNISERS: Final[tuple[_Recogniser, ...]] = (
    _Recogniser(
        "secret",
        re.compile(r"[:=：]"),
        re.compile(
            rf"(?<![^\W\d_])(?:{_LABELS})[ \t]{{0,2}}[:=：][ \t]{{0,2}}(\S{{3,80}})",
            re.IGNORECASE,
        ),
        lambda match: not match[1].startswith("["),
        group=1,
    ),
    _Recogniser(
        "url",
        re.compile("://"),
        re.compile(r"(?:https?|ftp)://[^\s<>\"'，。；、）]{1,2000}", re.IGNORECASE),
        lambda match: ids.is_telling_url(match[0]),
    ),
    _Recogniser(
        "email",
        re.compile("@"),
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}"
            r"@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
        ),
        lambda _: True,
    ),
    _Recogniser(
        "iban",
        re.compile(r"[0-9]{2}"),
        re.compile(rf"{_EDGE}[A-Z]{{2}}[0-9]{{2}}(?:[ -]?[A-Z0-9]){{11,30}}", re.IGNORECASE),
        lambda match: ids.iban_length(match[0]) > 0,
    ),
    _Recogniser(
        "cn_id",
        _SEVEN_DIGITS,
        re.compile(rf"{_EDGE}[1-9][0-9]{{16}}[0-9X]{_END}", re.IGNORECASE),
        lambda match: ids.is_chinese_id(match[0]),
    ),
    _Recogniser(
        "cnp",
        _SEVEN_DIGITS,
        re.compile(rf"{_EDGE}[1-9][0-9]{{12}}{_END}"),
        lambda match: ids.is_cnp(match[0]),
    ),
    _Recogniser(
        "card",
        _SEVEN_DIGITS,
        re.compile(rf"{_EDGE}[2-6][0-9](?:[ -]?[0-9]){{11,17}}{_END}"),
        lambda match: ids.is_card(match[0]),
    ),
    _Recogniser(
        "cpr",
        _SEVEN_DIGITS,
        re.compile(rf"{_EDGE}(?<![-/.])[0-3][0-9][01][0-9]{{3}}[- ]?[0-9]{{4}}{_END}"),
        lambda match: ids.is_cpr(match[0]),
    ),
    _Recogniser(
        "ip",
        re.compile(r"[.:][0-9A-Fa-f]{0,37}[.:]"),
        re.compile(
            rf"{_EDGE}(?<![.:])(?:[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}|[0-9A-F:]{{3,39}})(?![0-9A-Za-z:])",
            re.IGNORECASE,
        ),
        lambda match: ids.is_address(match[0], _before(match)),
    ),
    _Recogniser(
        "phone",
        _SEVEN_DIGITS,
        re.compile(
            r"(?<![0-9A-Za-z#.,/-])(?:\+|\(|)[0-9](?:[ ()./-]{0,2}[0-9]){6,14}(?![0-9A-Za-z])"
            # An amount goes on behind its comma.
            r"(?![.,][0-9])"
        ),
        lambda match: ids.is_phone(match[0], _before(match)),
    ),
    _Recogniser(
        "secret",
        re.compile(r"[A-Za-z0-9_-]{20}"),
        re.compile(rf"{_EDGE}[A-Za-z0-9_-]{{20,256}}{_END}"),
        lambda match: ids.is_key(match[0]),
    ),
)


# Whatever is recognised holds one of these: most messages do not, and are read once.
_MAY_TELL: Final = re.compile(r"[0-9@:=：]|[A-Za-z0-9_-]{20}")


def redact(text: str) -> Redacted:
    """Replace e-mail and net addresses, telephone, account, card and id numbers, and secrets.

    Linear in the length. What stands between replacements is unchanged; ``remap`` carries offsets
    over.
    """
    parts: list[str] = []
    spans: list[Span] = []
    at = length = 0
    for kind, start, end in _found(text):
        if start < at:
            continue
        placeholder = f"[{kind}]"
        length += start - at
        parts += [text[at:start], placeholder]
        spans.append(Span(kind, start, end, length, length + len(placeholder)))
        length += len(placeholder)
        at = end
    return Redacted("".join([*parts, text[at:]]), tuple(spans))


def _found(text: str) -> list[tuple[Kind, int, int]]:
    if not _MAY_TELL.search(text):
        return []
    hits: list[tuple[int, int, Kind, int]] = []
    for rank, recogniser in enumerate(_RECOGNISERS):
        if recogniser.needs.search(text):
            hits += [(start, rank, recogniser.kind, end) for start, end in _spans(text, recogniser)]
    return [(kind, start, end) for start, _, kind, end in sorted(hits)]


def _spans(text: str, recogniser: _Recogniser) -> Iterator[tuple[int, int]]:
    for match in recogniser.pattern.finditer(text):
        if not recogniser.accepts(match):
            continue
        start, end = match.span(recogniser.group)
        if recogniser.kind == "iban":
            end = start + ids.iban_length(match[0])
        # A sentence goes on behind what stands at its end.
        yield start, start + len(text[start:end].rstrip(".,;:!?)"))


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _CONTEXT) : match.start()]
