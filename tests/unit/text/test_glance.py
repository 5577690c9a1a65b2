"""The short way of a plain message gives what the whole way gives."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.text.test_clean import MESSAGES
from triage.domain import Message
from triage.rows import read_rows
from triage.settings import CHECKOUT
from triage.text import clean as whole
from triage.text.clean import Cleaned, clean
from triage.text.closings import DISCLAIMER_OPENERS, SENT_FROM, SIGN_OFFS, THANKS
from triage.text.glance import is_plain_body
from triage.text.headers import MAX_LINE
from triage.text.mapped import plain
from triage.text.phrases import FORWARDED, ORIGINAL, REPLY_ABOVE, REPLY_PREFIXES, ROLES

WORDS = (
    *("Where is my parcel", "hello", "Anna Berg", "CEO", "a@b.dk", "+45 12 34 56 78", "iPhone"),
    *("On Mon, 3 Mar 2025 at 10:22 Help <a@b.c> wrote:", "Den 3. mar. 2025 10:22 skrev Bo:"),
    *("out of office", "thank you for your email", "will reply", "diagnostic-code:", "8"),
    *(SENT_FROM[0], SIGN_OFFS[0], THANKS[0], DISCLAIMER_OPENERS[0], "confidential", "delete this"),
    *(*sorted(FORWARDED)[:3], *sorted(ORIGINAL)[:3], REPLY_ABOVE[0], *sorted(REPLY_PREFIXES)[:3]),
    *(
        "，你好！",
        "“Hi” ＡＢ",
        "\u3000",
        "①",
        "㌖",
        "£5 back",
        "@shop",
        "(again)",
        "😀",
        "x" * 399 + ":",
    ),
    *(*sorted(ROLES)[:3], "你好", "Здравствуйте", "păcat", "ﬁn", "e\u0301", "\u200b", "x" * 400),
)
SIGNS = (" ", "  ", "\n", "\t", "\u00a0", ":", ": ", "-", "--", ">", "> ", "_" * 12, ".", "?", "*")
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS + SIGNS), max_size=12).map("".join),
    st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
)


def same(quick: Cleaned, slow: Cleaned) -> None:
    """Hold two cleaned messages together, with the way back of every code point."""
    for field in fields(Cleaned):
        if field.compare:
            assert getattr(quick, field.name) == getattr(slow, field.name)
    for name in ("_subject", "_body"):
        one = getattr(quick, name) or plain(getattr(quick, name[1:]))
        other = getattr(slow, name)
        assert one.text == other.text
        for part in ("starts", "ends", "marks"):
            assert np.array_equal(getattr(one, part), getattr(other, part))


def agrees(message: Message) -> bool:
    """Compare where there is a short way, and tell whether there is."""
    quick = whole._glanced(message)
    if quick is not None:
        same(quick, whole._worked_through(message))
    return quick is not None


@settings(max_examples=1_000)
@given(TEXTS, TEXTS)
def test_any_text(text: str, subject: str) -> None:
    """Whatever stands in it: a message that looks plain is one."""
    agrees(Message(text=text, subject=subject))


@pytest.mark.parametrize("opener", [*SENT_FROM, *SIGN_OFFS, *THANKS, *DISCLAIMER_OPENERS])
def test_line_that_opens_like_a_signature(opener: str) -> None:
    """Such a line goes the whole way, in capitals too."""
    assert not agrees(Message(text=f"{opener} iPhone"))
    assert not agrees(Message(text=opener.upper()))


@pytest.mark.parametrize("mark", ["@", "£", "$", '"', "“", "(", "😀", "¿", "《"])
def test_line_behind_a_mark_that_opens_no_quote(mark: str) -> None:
    """Such a line goes the short way."""
    assert agrees(Message(text=f"{mark}shop where is my parcel"))


@pytest.mark.parametrize("mark", [*">|[-–—_=*·~#.,;:!"])
def test_line_behind_a_mark_of_quotes_and_signatures(mark: str) -> None:
    """Such a line goes the whole way."""
    assert not agrees(Message(text=f"{mark}sent from my iPhone"))


def test_long_line() -> None:
    """A line is read as far as the whole way reads it: a colon where it is cut counts."""
    opening = "On 3 Mar 2025 at 10:22 " + "x" * (MAX_LINE - 30) + " wrote:"

    assert agrees(Message(text="word " * 300 + "end"))
    assert len(opening) == MAX_LINE
    assert not is_plain_body(f"{opening} more")
    assert clean(Message(f"{opening} more")).removed


def test_written_messages() -> None:
    """The messages with quotes, signatures and traps clean as ever."""
    for row in MESSAGES:
        agrees(Message(row["text"], subject=row["subject"], content_type=row["content_type"]))


def test_most_lines_of_the_samples_are_plain() -> None:
    """The short way is taken by most messages of a chat; with subjects, and in each language."""
    files = sorted((CHECKOUT / "data" / "samples" / "test").glob("*.jsonl"))
    rows = [row for file in files for row in read_rows(file)]
    lines = [row for row in rows if "\n" not in row["text"] and len(row["text"]) <= 400]

    taken = [agrees(Message(row["text"], subject=row["subject"])) for row in lines]
    for row in rows:
        agrees(Message(row["text"], subject=row["subject"]))

    assert len(taken) > 100
    assert sum(taken) > 0.6 * len(taken)
    assert clean(Message("Where is it?", subject="Parcel")).text == "Parcel\nWhere is it?"
