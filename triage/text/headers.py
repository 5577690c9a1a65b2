"""Lines that mail programs put above a quoted or forwarded message."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from triage.text.phrases import FORWARDED, ORIGINAL, REPLY_ABOVE, ROLES, Role

MAX_LINE = 400
_WRAPPED = 3
_MAX_HEADER_LINES = 14
_MIN_ROLES = 3
_MIN_RULE = 10

_DATE = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_TIME = re.compile(r"\d{1,2}[:.]\d\d")
_KEY = re.compile(r"\*{0,2}([^\W\d_][^:*|]{0,22}?)\*{0,2} ?: ?\*{0,2} ?(.*)")
_ROW = re.compile(r"\| ?([^|:]{1,20}?) ?\| ?(.*?) ?\|$")
_RULE = "-–—_=*·~# "
_FENCE = ("#", "-", "=", "*", "~", "_")

_PAIR = 2
_MAX_REPLY_ABOVE = 80
_YOU_AND_I = frozenset(
    {
        *("you", "i", "he", "she", "they", "we", "someone", "du", "jeg", "han", "hun", "de", "vi"),
        *("man", "nogen", "dumneavoastră", "voi"),
    }
)
_YOU_AND_I_HAN = ("你", "您", "我", "他", "她", "邮件里", "信里")
_OPENERS = ("on ", "den ", "d. ", "în ", "in ", "pe ", "la ")


class Header(NamedTuple):
    """A header found: how many lines it takes and whether it announces a forward."""

    lines: int
    forward: bool


def bare(line: str) -> str:
    """Return a line without its ">" marks, cut to what matchers read."""
    return line[:MAX_LINE].lstrip("> ").rstrip()


def attribution(lines: Sequence[str], at: int) -> int:
    """Return how many lines a "On ... wrote:" takes at ``at``, 0 when there is none.

    It needs a date with a time or an address, and a writer who is not spoken to: what people
    write themselves ("On Monday you wrote:") has neither.
    """
    joined = ""
    for count in range(1, min(_WRAPPED, len(lines) - at) + 1):
        line = bare(lines[at + count - 1])
        if not line:
            return 0
        joined = f"{joined} {line}" if joined else line
        if joined.endswith(":") and _is_attribution(joined.casefold()):
            return count
    return 0


def _is_attribution(text: str) -> bool:
    if "@" not in text and not (_DATE.search(text) and _TIME.search(text)):
        return False
    if text.endswith(("写道:", "寫道:", "写道 :", "寫道 :")):
        return not any(word in _without_address(text) for word in _YOU_AND_I_HAN)
    if text.endswith(" wrote:"):
        return text.startswith("on ") and _writer(text.removesuffix(" wrote:"), -1)
    if text.endswith(" a scris:"):
        return text.startswith(_OPENERS) and not text.endswith("mi-a scris:")
    before, skrev, after = text.partition(" skrev ")
    return bool(skrev) and before.startswith(_OPENERS) and _writer(after, 0)


def _writer(text: str, place: int) -> bool:
    words = text.rstrip(":").split()
    return bool(words) and words[place] not in _YOU_AND_I


def _without_address(text: str) -> str:
    opening = text.find("<")
    return text if opening < 0 else text[:opening] + text[text.rfind(">") :]


def announcement(line: str) -> Header | None:
    """Read a line such as "-----Original Message-----" or "Begin forwarded message:"."""
    text = bare(line)
    words = text.strip(f"{_RULE}:").casefold()
    if words in FORWARDED and (text[:2].strip(_RULE) == "" or text.endswith(":")):
        return Header(1, forward=True)
    if words in ORIGINAL and text[:2].strip(_RULE) == "":
        return Header(1, forward=False)
    if len(text) <= _MAX_REPLY_ABOVE and text[:1] in _FENCE and text[-1:] in _FENCE:
        # What help desks put over their own mails.
        return Header(1, forward=False) if any(cue in words for cue in REPLY_ABOVE) else None
    return None


def is_rule(line: str) -> bool:
    """Tell whether a line is a long row of underscores or dashes."""
    text = bare(line)
    return len(text) >= _MIN_RULE and not text.strip("_-—")


def block(lines: Sequence[str], at: int) -> Header | None:
    """Read a header at ``at``: an announcement, a block of "From: ..." lines, or both."""
    announced = announcement(lines[at])
    begin = at + 1 if announced or is_rule(lines[at]) else at
    while announced and begin < len(lines) and not bare(lines[begin]):
        begin += 1
    roles, end, written = _fields(lines, begin)
    if _is_header(roles, written, announced=announced is not None):
        return Header(end - at, forward=announced.forward if announced else False)
    return announced


def _fields(lines: Sequence[str], begin: int) -> tuple[list[Role], int, str]:
    roles: list[Role] = []
    written: list[str] = []
    end = at = begin
    loose = 0
    while at < min(len(lines), begin + _MAX_HEADER_LINES):
        line = bare(lines[at])
        role = field_role(line)
        if not line or (role is None and (not roles or loose or len(roles) < _PAIR)):
            break
        loose = 0 if role else loose + 1
        at += 1
        if role:
            roles.append(role)
            written.append(line)
            end = at
    return roles, end, " ".join(written)


def field_role(line: str) -> Role | None:
    """Return what a "Key: value" line or a "| key | value |" row says, if it is a mail header's."""
    match = _KEY.match(line) or _ROW.match(line)
    return ROLES.get(match[1].strip().casefold()) if match else None


def _is_header(roles: Sequence[Role], written: str, *, announced: bool) -> bool:
    if "from" not in roles or "form" in roles:
        return False
    if announced:
        return len(set(roles)) >= _MIN_ROLES - 1
    if len(set(roles)) < _MIN_ROLES or "sent" not in roles:
        return False
    # "From: Leeds, To: York, Date: 12 May" is a journey.
    return "subject" in roles or "@" in written
