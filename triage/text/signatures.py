"""Find signatures and disclaimers at the end of what the requester wrote, and warnings above it."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from triage.text.closings import (
    BANNER_OPENERS,
    BANNER_TERMS,
    BANNERS,
    CONTACT_LABELS,
    DEVICE_FILLERS,
    DEVICE_FILLERS_HAN,
    DEVICES,
    DISCLAIMER_DEMANDS,
    DISCLAIMER_MATTERS,
    DISCLAIMER_OPENERS,
    LOOSE_SIGN_OFFS,
    NAME_WORDS,
    SENT_FROM,
    SENTENCE_HAN,
    SIGN_OFFS,
    THANKS,
    is_personal,
)
from triage.text.mapped import SIGNED
from triage.text.quotes import Line

_MAX_SIGNATURE_LINES = 12
_MAX_SIGNATURE_WIDTH = 90
_MAX_DEVICE_LINE = 80
_MAX_PARAGRAPH = 30
_MAX_NAMES = 9
_MAX_HAN_NAME = 8
_MAX_LOWER = 2
_MIN_TERMS = 3
_MIN_CONTACTS = 2
_MAX_READ = 1_500

_WORD = re.compile(r"[^\W\d_](?:['’-]?[^\W\d_])*")
_PHONE = re.compile(r"\+?[\d ().-]{7,20}$")
_ADDRESS = re.compile(r"\S+@\S+\.\S+$|(?:https?://|www\.)\S+$")
_SIGN_OFF_SET = frozenset(SIGN_OFFS)
_THANKS_SET = frozenset(THANKS)
_STOPS = ",.!;: "


class Tail(NamedTuple):
    """Lines ``[start, end)`` to take out, and what they are."""

    kind: Literal["signature", "disclaimer"]
    start: int
    end: int


def tails(lines: Sequence[Line]) -> list[Tail]:
    """Return signatures and disclaimers, peeled from the end upwards, and a banner at the top."""
    found: list[Tail] = []
    end = _trimmed(lines, len(lines))
    while end:
        tail = _marked(lines, end) or _device(lines, end) or _disclaimer(lines, end)
        tail = tail or _delimited(lines, end) or _signed_off(lines, end) or _card(lines, end)
        if tail is None:
            break
        found.append(tail)
        end = _trimmed(lines, tail.start)
    banner = _banner(lines, end)
    return [banner, *reversed(found)] if banner else found[::-1]


def _trimmed(lines: Sequence[Line], end: int) -> int:
    while end and not lines[end - 1].text:
        end -= 1
    return end


def _marked(lines: Sequence[Line], end: int) -> Tail | None:
    start = end
    while start and lines[start - 1].mark & SIGNED:
        start -= 1
    return Tail("signature", start, end) if start < end else None


def _device(lines: Sequence[Line], end: int) -> Tail | None:
    return Tail("signature", end - 1, end) if is_device_line(lines[end - 1].text) else None


def is_device_line(line: str) -> bool:
    """Tell whether a whole line is a phone's or mail program's "Sent from my ..."."""
    text = line.casefold().strip("- .!")
    opener = next((words for words in SENT_FROM if text.startswith(words)), None)
    if opener is None or len(text) > _MAX_DEVICE_LINE:
        return False
    rest = text[len(opener) :].strip()
    bare = rest.partition("<http")[0].strip()
    for device in DEVICES:
        bare = bare.replace(device, " ")
    if bare == rest or (opener in {"从", "從", "从我的", "從我的"} and "发送" not in rest):
        return False
    for filler in DEVICE_FILLERS_HAN:
        bare = bare.replace(filler, " ")
    words = (word.strip(".,()!-") for word in bare.split())
    return all(not word or word in DEVICE_FILLERS or not word.isalpha() for word in words)


def _paragraph(lines: Sequence[Line], end: int) -> int:
    start = end
    while start and lines[start - 1].text and end - start < _MAX_PARAGRAPH:
        start -= 1
    return start


def _disclaimer(lines: Sequence[Line], end: int) -> Tail | None:
    start = _paragraph(lines, end)
    text = " ".join(line.text for line in lines[start:end])[:_MAX_READ].casefold()
    if text.startswith(DISCLAIMER_OPENERS):
        return Tail("disclaimer", start, end)
    if not start or is_personal(text):
        return None
    matters = sum(term in text for term in DISCLAIMER_MATTERS)
    demands = sum(term in text for term in DISCLAIMER_DEMANDS)
    legal = matters and demands and matters + demands >= _MIN_TERMS
    return Tail("disclaimer", start, end) if legal else None


def _banner(lines: Sequence[Line], limit: int) -> Tail | None:
    end = next((at for at in range(limit) if not lines[at].text), 0)
    text = " ".join(line.text for line in lines[:end])[:_MAX_READ].casefold()
    if not end or end > _MAX_PARAGRAPH or is_personal(text):
        return None
    warns = text.startswith(BANNER_OPENERS) and any(term in text for term in BANNER_TERMS)
    warns = warns or text.strip("[]*-:!【】 ") in BANNERS
    return Tail("disclaimer", 0, end) if warns else None


def _delimited(lines: Sequence[Line], end: int) -> Tail | None:
    """Find the "-- " of Usenet (RFC 3676, section 4.3), its space trimmed already."""
    for start in range(end - 1, max(-1, end - 1 - _MAX_SIGNATURE_LINES), -1):
        text = lines[start].text
        if text in {"--", "—"}:
            return Tail("signature", start, end) if start + 1 < end or start else None
        if not _may_sign(text):
            return None
    return None


def _signed_off(lines: Sequence[Line], end: int) -> Tail | None:
    start = None
    for at in range(end - 1, max(-1, end - 1 - _MAX_SIGNATURE_LINES), -1):
        if is_sign_off(lines[at].text):
            start = at
        elif _is_thanks(lines[at].text):
            below = lines[at + 1 : end]
            if start is None and any(is_contact(line.text) for line in below):
                start = at + 1
            break
        elif start is not None or not _may_sign(lines[at].text):
            break
    return Tail("signature", start, end) if start is not None else None


def _is_thanks(text: str) -> bool:
    return text.casefold().strip(_STOPS) in _THANKS_SET


def is_sign_off(line: str) -> bool:
    """Tell whether a line is "Best regards", alone or with names behind it."""
    if len(line) > _MAX_SIGNATURE_WIDTH:
        return False
    text = line.casefold().strip(_STOPS)
    if text in _SIGN_OFF_SET:
        return True
    thanks = next((words for words in THANKS if text.startswith(words)), None)
    if thanks and any(text.endswith(f" {words}") for words in SIGN_OFFS):
        return len(text.split()) <= _MAX_NAMES
    opener = max((words for words in SIGN_OFFS if text.startswith(words)), key=len, default=None)
    rest = line[len(opener or "") :]
    if opener is None or (opener in LOOSE_SIGN_OFFS and not rest.startswith(",")):
        return False
    return _are_names(rest)


def _are_names(rest: str) -> bool:
    if not rest or rest[0].isalnum():
        return False
    words = _WORD.findall(rest)
    if any(char in "?!:;。" for char in rest) or not 0 < len(words) <= _MAX_NAMES:
        return False
    if any("\u3400" <= char <= "\u9fff" for char in rest):
        return len(rest) <= _MAX_HAN_NAME
    return all(word[0].isupper() or word in NAME_WORDS for word in words) and any(
        word[0].isupper() for word in words
    )


def _may_sign(text: str) -> bool:
    """Tell whether a line could stand below a sign-off: short, and no sentence."""
    if len(text) > _MAX_SIGNATURE_WIDTH or text.endswith(("?", "。")) or text.startswith(">"):
        return False
    if is_contact(text) or is_device_line(text) or not text:
        return True
    words = _WORD.findall(text)
    lower = sum(word[0].islower() and word not in NAME_WORDS for word in words)
    # "Limited company" holds a character that otherwise tells a sentence: to have.
    bare = text.replace("有限", "")
    han = sum("\u3400" <= char <= "\u9fff" for char in bare)
    if han > 2 * _MAX_HAN_NAME or any(char in SENTENCE_HAN for char in bare):
        return False
    return lower <= _MAX_LOWER and not text.casefold().startswith("p.s")


def is_contact(line: str) -> bool:
    """Tell whether a line is a telephone number, an address of the net, or labelled as one."""
    text = line.casefold().strip()
    if _PHONE.match(text) or _ADDRESS.match(text) or " | " in text:
        return True
    label = next((label for label in CONTACT_LABELS if text.startswith(label)), None)
    if label is None:
        return text[1:2] == ":" and text[:1] in "tmfewp" and len(text) > len("t:")
    return label.endswith((".", "/")) or text[len(label) : len(label) + 1] in {":", ".", " "}


def _card(lines: Sequence[Line], end: int) -> Tail | None:
    """Find a name over at least two contact lines, as a paragraph of its own."""
    start = _paragraph(lines, end)
    texts = [line.text for line in lines[start:end]]
    if not start or not 1 + _MIN_CONTACTS <= len(texts) <= _MAX_SIGNATURE_LINES:
        return None
    named = not is_contact(texts[0]) and _are_names(f" {texts[0]}")
    contacts = sum(is_contact(text) for text in texts)
    if named and contacts >= _MIN_CONTACTS and all(_may_sign(text) for text in texts):
        return Tail("signature", start, end)
    return None
