"""Read what an agent answered as sentences that could stand in an article.

Quotes and signatures are stripped as of any message, then greeting, courtesies and whatever tells
of a person: numbers, addresses and names are replaced, and a sentence that held one is left out.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from triage.domain import Message
from triage.text.clean import check_limits, clean
from triage.text.greetings import is_courtesy, strip_greeting
from triage.text.markdown import inline
from triage.text.names import SHORTEST_PART, greeted_name, hide_name
from triage.text.passages import sentences
from triage.text.redact import redact
from triage.text.signatures import is_sign_off

_MARKER = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_HTML = re.compile(r"<(?:p|div|br|html|body|span|ul|ol|table)\b[^<>]{0,500}>", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[(?:name|email|phone|iban|card|cpr|cnp|cn_id|url|ip|secret)\]")
_WORD = re.compile(r"[^\W\d_]+")
_SPACE = re.compile(r"\s+")
# What a reader of Markdown does not see, and an article would hold all the same.
_UNSEEN = re.compile(r"\]\([^()\n]*\)|<[^<>\n]*>")
# Cleaning narrows the marks of Chinese, which people read in their full width.
_HAN_MARK = re.compile(r"(?<=[\u3400-\u9fff])[,?!:;]")
_FULL = {",": "，", "?": "？", "!": "！", ":": "：", ";": "；"}


class Unit(NamedTuple):
    """One sentence of a reply.

    ``key`` is what equal sentences share, ``line`` the number of the line it stands in and
    ``marker`` what that opens with, such as ``1. ``.
    """

    key: str
    text: str
    line: int
    marker: str


class Reply(NamedTuple):
    """A reply as its sentences; ``automatic`` where no person wrote it.

    ``names`` holds the parts of the names that were given, and of the one that it greets.
    """

    units: tuple[Unit, ...]
    automatic: bool
    names: frozenset[str]


def read_text(text: str, subject: str = "") -> Message:
    """Take a text as a message, in HTML where it is marked up.

    Raises:
        InputError: When it is too long or holds what is no text.
    """
    kind = "text/html" if _HTML.search(text) else "text/plain"
    message = Message(
        text=text,
        subject=subject,
        content_type="text/html" if kind == "text/html" else "text/plain",
    )
    check_limits(message)
    return message


def names_in(text: str, *given: str) -> set[str]:
    """Collect the names that a text greets and those given, in their parts."""
    greeted = greeted_name(text)
    whole = [*given, greeted if greeted and is_name(greeted) else ""]
    return {part for name in whole for part in _WORD.findall(name) if len(part) >= SHORTEST_PART}


def is_name(text: str) -> bool:
    """Tell whether words could be a name: few, and each with a capital where there are such."""
    words = _WORD.findall(text)
    return 0 < len(words) <= 4 and all(not word[0].islower() for word in words)  # noqa: PLR2004 - first, middle and last names


def read_reply(text: str, names: Collection[str]) -> Reply:
    """Read a reply.

    Args:
        text: As it was sent, plain or HTML.
        names: Of the requester and the agent, as far as they are known.

    Raises:
        InputError: When it is too long or holds what is no text.
    """
    cleaned = clean(read_text(text))
    greeted = greeted_name(cleaned.body)
    said = strip_greeting(_own_lines(cleaned.body))
    body = redact(_HAN_MARK.sub(lambda mark: _FULL[mark[0]], said)).text
    for name in (*names, greeted if greeted and is_name(greeted) else None):
        body = hide_name(body, name)
    units: list[Unit] = []
    for number, line in enumerate(body.split("\n")):
        found = _MARKER.match(line.strip())
        marker = found[0] if found else ""
        for sentence in sentences(line.strip()[len(marker) :]):
            plain = sentence.strip()
            if plain and not is_courtesy(plain) and not is_telling(plain):
                units.append(Unit(key_of(plain), plain, number, marker))
    met = names_in(cleaned.body, *names)
    return Reply(tuple(units), cleaned.auto_generated, frozenset(met))


def _own_lines(body: str) -> str:
    """Leave out every quoted line, and all from the first sign-off below the top on."""
    lines = [line for line in body.split("\n") if not line.startswith(">")]
    end = next((at for at, line in enumerate(lines) if at and is_sign_off(line)), len(lines))
    return "\n".join(lines[:end])


def is_telling(text: str) -> bool:
    """Tell whether something about a person was taken out of a text."""
    return _PLACEHOLDER.search(text) is not None


def key_of(text: str) -> str:
    """Return what equal sentences share: their words, whatever their case, spaces and marks.

    Addresses and tags belong to it, shown or not: they are published as they stand.
    """
    seen = _SPACE.sub(" ", inline(text)).strip(" .,!?;:。，！？；：").casefold()
    return " ".join([seen, *_UNSEEN.findall(text)])


def mentions(text: str, names: Collection[str], *, within: bool = True) -> bool:
    """Tell whether a text holds one of some names, in the case that names are written in.

    Args:
        text: A sentence or a title.
        names: Parts of names.
        within: Leave out the first word, which has a capital anyway.
    """
    words = _WORD.findall(text)
    return any(word in names for word in (words[1:] if within else words))
