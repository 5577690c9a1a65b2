"""Quotes and signatures: the near misses that the written messages do not hold."""

import pytest

from triage.domain import Message
from triage.text.clean import clean


def body(text: str, subject: str = "") -> str:
    """Return the cleaned body of a plain message."""
    return clean(Message(text=text, subject=subject)).body


@pytest.mark.parametrize(
    "text",
    [
        "Which hotel was it?\nBest Western Hotel",
        "Min hub er død.\n\nHilsen fra kortet mangler",
        "The second one is broken.\nGet Outlook working again",
        "验证码收不到\n从手机登录不了",
        "发自官网的订单\n来自华为商城",
        "It was sent from Samsung store, never arrived",
        "God dag\nMin hub virker ikke\nHvad gør jeg",
        "Salutări,\nNu merge aplicația",
        "Hub offline since Monday\n--\nand the camera shows nothing at all today",
        "The parcel is open.\n\nThe confidential attachments are missing, please send it again.",
        "External email addresses cannot log in since Monday.\n\nPlease fix.",
        "祝好\n为什么还没发货",
        "Prices:\n> 500 kr. for delivery\nIs that right?",
        "Regards, refund my order",
    ],
)
def test_stays_whole(text: str) -> None:
    """Words that look like a signature, a quote or a disclaimer stay."""
    assert body(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not solved.\n\nGet Outlook for Android<https://aka.ms/AAb9ysg>", "Not solved."),
        ("Not solved.\n\nSent from my iPhone, please excuse any typos", "Not solved."),
        ("Not solved.\n\nTak på forhånd og venlig hilsen\nLars Bo", "Not solved."),
        ("Not solved.\n\nTina Holm\ntina@shop.example\n+45 20 30 40 50", "Not solved."),
        ("Not solved.\n\n##- Please type your reply above this line -##\nHi Tina", "Not solved."),
        (
            "Not solved.\n\n*From:* A <a@b.example>\n*Sent:* Monday\n*Subject:* x\n\nHi",
            "Not solved.",
        ),
        ("[EXTERNAL EMAIL]\n\nNot solved.", "Not solved."),
    ],
)
def test_is_taken_out(text: str, expected: str) -> None:
    """Forms of signatures, banners and headers beyond the plain ones are found."""
    assert body(text) == expected


def test_quote_below_a_reply() -> None:
    """In a reply, ">" lines below the answer are its quote though nobody announced them."""
    text = "Yes, Tuesday works.\n\n> Does Tuesday work for you?"

    assert body(text, "Re: visit") == "Yes, Tuesday works."
    assert body(text, "visit") == text


def test_broken_quote_line() -> None:
    """The end of a quoted line that a mail program broke belongs to the quote."""
    long = "> We have looked into the matter of your second invoice and\nfound nothing\n> wrong."

    assert (
        body(f"On 9 Nov 2026 at 10:22, A <a@b.example> wrote:\n{long}\nBut I did.") == "But I did."
    )


def test_line_limit() -> None:
    """Past 2,000 lines nothing is matched and nothing is lost."""
    text = "x\n" * 3_000 + "Best regards\nAnn"

    assert body(text).endswith("Ann")
