"""Hostile text at full size: a bounded time, no error, and still nothing to clean twice."""

import time

import pytest

from triage.domain import Message
from triage.text.clean import clean
from triage.text.limits import MAX_HTML_BYTES, MAX_TEXT
from triage.text.redact import redact

# Of processor time. The worst takes about 0.1 s on a quiet machine; a step that grew with the
# square of the length would take minutes, so this bound tells the two apart anywhere.
SECONDS = 5.0


def filled(unit: str, size: int) -> str:
    """Repeat a unit up to a size in bytes of UTF-8."""
    return unit * (size // len(unit.encode()))


PLAIN = {
    name: (unit * MAX_TEXT)[:MAX_TEXT]
    for name, unit in {
        "marks": ">",
        "spaced marks": "> ",
        "line feeds": "\n",
        "empty quotes": ">\n",
        "on a": "On a ",
        "on lines": "On a\n",
        "attributions": "On 2026 10:10 wrote:\n",
        "split attributions": "On 2026\n10:10 a\nwrote:\n",
        "attribution and answer": "On 2026 10:10 a@b\n> x.\ny\n",
        "headers": "From: a@b\nSent: x\nTo: y\nSubject: z\n",
        "from lines": "From: a@b\n",
        "dashes": "-",
        "delimiters": "--\n",
        "sign-offs": "Best regards\n",
        "phones": "Sent from my iPhone\n",
        "zalgo": "\u0301",
        "mixed zalgo": "a\u0315\u0301\u0323",
        "unordered zalgo": "\u0301\u0323\u0334",
        "zero width": "\u200b",
        "bidi": "\u202e",
        "ligature sentences": "\ufdfa",
        "ligature words": "\ufdfb",
        "squares": "㌖",
        "jamo": "\u1161",
        "kana": "ﾊﾞ",
        "spaces": " ",
        "space lines": " \n",
        "colons": ":",
        "pairs": "a: ",
        "han": "我",
        "han writers": "写道:\n",
        "emoji": "😀",
        "pipes": "|",
        "rows": "| a | b |\n",
        "rules": "__________\n",
        "forwards": "---- Forwarded message ----\n",
        "disclaimers": "confidential intended recipient\n\n",
        "thanks": "thanks\n",
        "cards": "Ab Cd\ntel: 1\ntel: 2\n\n",
        "at signs": "a@",
        "digits": "1",
        "spaced digits": "1 ",
        "hex": "a:",
        "addresses": "a@b.c ",
        "ibans": "DK50",
        "passwords": "password:",
        "links": "http://",
    }.items()
}
HTML = {
    name: filled(unit, MAX_HTML_BYTES)
    for name, unit in {
        "less": "<",
        "open divs": "<div>",
        "open bold": "<b>x",
        "open comments": "<!--",
        "comments": "<!-- -->",
        "scripts": "<script>",
        "open quotes": '<a "',
        "quotes": "<a '\">",
        "entities": "&amp;",
        "ampersands": "&",
        "words": "a ",
        "words and tags": "a<b>",
        "paragraphs": "<p>x",
        "cells": "<td>x",
        "tables": "<table><tr><td>x",
        "lists": "<ul><li>x",
        "closed divs": "</div>",
        "quoted blocks": "<blockquote type=cite>x</blockquote>",
        "emoji images": '<img alt="😀">',
        "open alts": "<img alt=",
        "rows": "<tr><td>x</td></tr>",
    }.items()
}


def timed(message: Message) -> tuple[float, str]:
    """Clean a message; return the seconds it took and the body."""
    started = time.process_time()
    body = clean(message).body
    return time.process_time() - started, body


@pytest.mark.parametrize("name", PLAIN)
def test_plain_text_is_bounded(name: str) -> None:
    """Plain text of any shape is cleaned in bounded time, and cleaning it again changes nothing."""
    seconds, body = timed(Message(text=PLAIN[name]))
    _, again = timed(Message(text=body))

    assert seconds < SECONDS
    assert again == body


@pytest.mark.parametrize("name", HTML)
def test_html_is_bounded(name: str) -> None:
    """HTML of any shape is cleaned in bounded time."""
    seconds, _ = timed(Message(text=HTML[name], content_type="text/html"))

    assert seconds < SECONDS


@pytest.mark.parametrize("name", PLAIN)
def test_redaction_is_bounded(name: str) -> None:
    """Redaction takes bounded time on the same texts."""
    started = time.process_time()
    redact(PLAIN[name])

    assert time.process_time() - started < SECONDS
