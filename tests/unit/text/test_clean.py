"""Cleaning as a whole: what it keeps, where it came from, and what never changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain import ContentType, Message
from triage.text.clean import HEAD, TAIL, clean

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cleaning"


def written(part: str) -> list[dict[str, Any]]:
    """Read one part of the written messages."""
    lines = (FIXTURES / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


MESSAGES = [*written("dev"), *written("heldout")]


def dense(text: str) -> str:
    """Return a text without its white space."""
    return "".join(text.split())


@pytest.mark.parametrize("row", MESSAGES, ids=[row["id"] for row in MESSAGES])
def test_written_message(row: dict[str, Any]) -> None:
    """Each written message keeps its requester's words, and nothing else."""
    cleaned = clean(
        Message(text=row["text"], subject=row["subject"], content_type=row["content_type"])
    )
    again = clean(Message(text=row["kept"]))

    assert dense(cleaned.body) == dense(again.body)
    assert cleaned.auto_generated == row["auto_generated"]
    assert {part.kind for part in cleaned.removed if part.field == "text"} >= set(row["removed"])
    if row["trap"] and row["content_type"] == "text/plain":
        assert not [part for part in cleaned.removed if part.field == "text"]


def test_fixture_set() -> None:
    """The written messages are at least 200, sixty of them traps, four languages evenly."""
    count = {
        code: sum(row["language"] == code for row in MESSAGES) for code in ("en", "da", "ro", "zh")
    }

    assert len(MESSAGES) >= 200
    assert sum(row["trap"] for row in MESSAGES) >= 60
    assert set(count) == {"en", "da", "ro", "zh"}
    assert max(count.values()) - min(count.values()) <= 2


@pytest.mark.parametrize("text", ["", "   \n\t ", "\u200b\u200b", "> \n>\n"])
def test_nothing_written(text: str) -> None:
    """A message without any words cleans to an empty text."""
    cleaned = clean(Message(text=text))

    assert cleaned.text == cleaned.body == ""
    assert not cleaned.auto_generated


def test_joins_subject_and_body() -> None:
    """The encoder's text is the subject without its prefixes, a line feed, the body."""
    cleaned = clean(Message(text="It is late.", subject="Re: SV: 回复：My parcel"))

    assert cleaned.text == "My parcel\nIt is late."
    assert [(part.kind, part.field) for part in cleaned.removed] == [("quote", "subject")]


def test_removed_offsets_count_the_request() -> None:
    """Offsets of removed parts count code points of the request's own text."""
    text = "Still broken 😀.\r\n\r\nBest regards\r\nAnna Berg\r\n\r\n> Is it broken?\r\n"
    cleaned = clean(Message(text=text, subject="Re: lamp"))
    signature = next(part for part in cleaned.removed if part.kind == "signature")

    assert text[signature.start : signature.end] == "Best regards\r\nAnna Berg"


def test_quote_header_first_keeps_the_quote() -> None:
    """A message that is all quote keeps the quoted words and loses header and marks."""
    cleaned = clean(
        Message(
            text="On Mon, 9 Nov 2026 at 10:22, A <a@b.example> wrote:\n> The lamp is\n> broken."
        )
    )

    assert cleaned.body == "The lamp is\nbroken."
    assert {part.kind for part in cleaned.removed} == {"quote"}


def test_forward_under_a_short_note_stays() -> None:
    """Under "please see below" the forwarded words are the matter and stay."""
    header = "---------- Forwarded message ---------\nFrom: a@b.example\nSubject: x"
    short, long = "Please see below", "Why do I get this when I collected it on Monday?"
    bodies = [
        clean(Message(text=f"{note}\n\n{header}\n\nYour parcel is lost.")).body
        for note in (short, long)
    ]

    assert bodies == [f"{short}\n\nYour parcel is lost.", long]


def test_shortens_to_both_ends() -> None:
    """A long body keeps its first 8,000 and last 1,000 code points and says so."""
    text = "a" * HEAD + " middle " + "b" * 2 * TAIL
    cleaned = clean(Message(text=text))

    assert cleaned.truncated
    assert cleaned.body == "a" * HEAD + "\n" + "b" * TAIL
    assert cleaned.to_source(HEAD + 1, HEAD + 2) == ("text", len(text) - TAIL, len(text) - TAIL + 1)
    assert not clean(Message(text="a" * (HEAD + TAIL))).truncated


@pytest.mark.parametrize(
    ("text", "content_type", "found", "source"),
    [
        ("我的  订单：没到", "text/plain", "订单:没到", "订单：没到"),
        ("<p>我的&nbsp;<b>订</b>单没到</p>", "text/html", "订单", "订</b>单"),
        ("<p>5 &lt; 6 &amp; more</p>", "text/html", "< 6 &", "&lt; 6 &amp;"),
        (
            "<table><tr><td>one<br>two</td><td>three</td></tr></table>",
            "text/html",
            "three",
            "three",
        ),
        ("a\u200bb cafe\u0301 x", "text/plain", "café", "cafe\u0301"),
        ("ﬁne ２０ kr", "text/plain", "fine 20", "ﬁne ２０"),
        ('<p>so <img src=x alt="😀"> glad</p>', "text/html", "😀", '<img src=x alt="😀">'),
    ],
)
def test_maps_back_to_the_request(
    text: str, content_type: ContentType, found: str, source: str
) -> None:
    """A span of the cleaned text maps to the code points of the request behind it."""
    cleaned = clean(Message(text=text, content_type=content_type, subject="Hi"))
    at = cleaned.text.index(found)
    field, start, end = cleaned.to_source(at, at + len(found))

    assert field == "text"
    assert text[start:end] == source


def test_maps_into_the_subject() -> None:
    """A span of the subject maps to the subject as it was sent, prefix included in the count."""
    subject = "Re:  lost parcel"
    cleaned = clean(Message(text="see above", subject=subject))
    field, start, end = cleaned.to_source(0, 4)

    assert (field, subject[start:end]) == ("subject", "lost")
    assert cleaned.to_source(3, 20)[0] == "text"


FRAGMENTS = """On 9 Nov 2026 at 10:22, A <a@b.example> wrote:|> hi there.|> |Best regards|Anna Berg
Tel: 123456789|--|Sent from my iPhone|From: a@b.example|To: x|Sent: 2026 10:10|Subject: y||Thanks
---------- Forwarded message ---------|This is confidential. intended recipient, delete it
I need help|写道:|此致|敬礼|发件人: a|Den 9. nov. 2026 kl. 10.22 skrev A <a@b.example>:|__________
hello?
CAUTION: This originated from outside|　全角：|<b>x</b>|&lt;|…|<div style=display:none>y</div>
## above this line ##"""
ODD = ("\r", "e\u0301\u0301", "\uff8a\uff9e", "\ufdfa", "\u1100", "\u1161")
PIECES = st.sampled_from([*FRAGMENTS.replace("\n", "|").split("|"), *ODD])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25),
    st.sampled_from(["", "Re: x", "Fwd: y", "SV: z", "Re:"]),
    st.sampled_from(["text/plain", "text/html"]),
)
def test_cleaning_twice_changes_nothing(
    lines: list[str], subject: str, content_type: ContentType
) -> None:
    """The result, cleaned again, is the same, and all offsets lie inside the request."""
    message = Message(text="\n".join(lines), subject=subject, content_type=content_type)
    once = clean(message)
    twice = clean(Message(text=once.body, subject=once.subject))

    assert (twice.text, twice.body) == (once.text, once.body)
    for part in once.removed:
        assert 0 <= part.start < part.end <= len(message.text if part.field == "text" else subject)
    for at in range(len(once.text)):
        field, start, end = once.to_source(at, at + 1)
        assert 0 <= start <= end <= len(message.text if field == "text" else subject)


def test_chinese_letter_closing_with_a_company_is_a_signature() -> None:
    """The formal closing goes with name, post, limited company, address and numbers."""
    body = "我的订单三天了还没有发货，请帮我查一下。"
    closing = (
        "此致\n敬礼\n\n李明\n行政部经理\n海蓝贸易有限公司\n青岛市海岸路8号\n电话：0532-0000-0000"
    )
    cleaned = clean(Message(text=f"{body}\n\n{closing}"))

    assert cleaned.body == "我的订单三天了还没有发货,请帮我查一下。"
    assert [part.kind for part in cleaned.removed] == ["signature"]


def test_forward_under_a_short_note_is_kept() -> None:
    """An agent who forwards a customer's words with a line of their own means those words."""
    note = "Forwarding this from a customer, please handle:"
    header = "---------- Forwarded message ---------\nFrom: A <a@example.com>\nSubject: Oven"
    cleaned = clean(Message(text=f"{note}\n\n{header}\n\nThe oven shows E4 and stays cold."))

    assert "The oven shows E4 and stays cold." in cleaned.body
