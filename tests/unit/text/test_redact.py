"""What is replaced, what stays, and where offsets go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.text import redact as redaction
from triage.text.redact import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail anna.berg+x@mail.example.com.", "Mail [email]."),
        ("邮箱li@qq.example谢谢", "邮箱[email]谢谢"),
        ("+45 20 30 40 50", "[phone]"),
        ("ring på 20304050", "ring på [phone]"),
        ("0722 123 456, 0722123456", "[phone], [phone]"),
        ("13800001234 或 010-5555 1234", "[phone] 或 [phone]"),
        ("(020) 7946 0011", "[phone]"),
        ("IBAN DK50 0040 0440 1162 43 tak", "IBAN [iban] tak"),
        ("RO49AAAA1B31007593840000", "[iban]"),
        ("4111 1111 1111 1111", "[card]"),
        ("cpr 010190-1234", "cpr [cpr]"),
        ("CNP 1800101221144", "CNP [cnp]"),
        ("身份证 11010519491231002X", "身份证 [cn_id]"),
        ("https://a.example/reset?token=1", "[url]"),
        ("https://user:pw@a.example/", "[url]"),
        ("https://a.example/r/Xa9Kd82LmQ07ZtR4pW1c", "[url]"),
        ("192.168.1.10, fe80::1ff:fe23:4567:890a", "[ip], [ip]"),
        ("password: hunter2!", "password: [secret]!"),
        ("密码：abc123", "密码：[secret]"),
        ("Adgangskode = kat-12", "Adgangskode = [secret]"),
        ("key sk-abcdefghijklmnopqrstuvwxyz", "key [secret]"),
        ("d41d8cd98f00b204e9800998ecf8427e", "[secret]"),
    ],
)
def test_replaces(text: str, expected: str) -> None:
    """Addresses, numbers with a checksum, telephones and secrets become placeholders."""
    assert redact(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 20304050 of 12.11.2026, 1.204,11 kr",
        "order 4111111111111112 and 1800101221145",
        "version 102.9.1.2, firmware 4.2.1",
        "at 10:22:11 on 2026-11-09",
        "invoice 2026-113, AB-2231-9982, case 4410",
        "DK51 bad 0440 1162",
        "https://a.example/help/reset-your-password",
        "a very-long-article-name-about-resetting-things-2026",
        "my password is wrong",
        "311299-9 and 991399-1234",
        "@kvistholm #refund 3 > 2",
        "",
    ],
)
def test_leaves(text: str) -> None:
    """Order numbers, dates, amounts, versions, times and plain links stay."""
    redacted = redact(text)

    assert redacted.text == text
    assert redacted.spans == ()


def test_remaps_offsets() -> None:
    """Offsets before, inside and behind a replacement land where the same words are now."""
    text = "write a.b@mail.example or call +45 20 30 40 50 today"
    redacted = redact(text)

    for word in ("write", "or", "call", "today"):
        at = redacted.remap(text.index(word))
        assert redacted.text[at : at + len(word)] == word
    assert redacted.text[redacted.remap(text.index("mail.")) :].startswith("[email]")
    assert [text[span.start : span.end] for span in redacted.spans] == [
        "a.b@mail.example",
        "+45 20 30 40 50",
    ]


def test_redacting_twice_changes_nothing() -> None:
    """Placeholders are not redacted again."""
    once = redact("password: x1y2z3 mail a@b.example card 4111 1111 1111 1111").text

    assert redact(once).text == once


@given(st.text(st.sampled_from("aZ09@:=.-/ +_：é"), max_size=60))
def test_what_is_read_once_holds_nothing(text: str) -> None:
    """The look that spares most messages the recognisers never spares one that needs them."""
    if not redaction._MAY_TELL.search(text):
        assert not any(list(redaction._spans(text, one)) for one in redaction._RECOGNISERS)


_PIECES = (
    *("anna.berg+x@mail.example.com", "https://user:pw@a.example/r?q=1", "DK50 0040 0440 1162 43"),
    *("RO49AAAA1B31007593840000", "4111 1111 1111 1111", "010190-1234", "1800101221144"),
    *("11010519491231002X", "+45 20 30 40 50", "(020) 7946 0011", "192.168.1.10", "::1f:a"),
    *("fe80::1ff:fe23:4567:890a", "password: x1y2", "密码：abc", "sk-abcdefghijklmnopqrstuvwxyz"),
    *("d41d8cd98f00b204e9800998ecf8427e", "ſE", "K", "٣", "ring på ", "10.30", "1.234,50", "add"),
    *" .:-/,()#+=@_aFx09é李\n",
)


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_what_a_recogniser_needs_is_in_all_it_finds(text: str) -> None:
    """No recogniser is passed over in a text in which it would find something."""
    for one in redaction._RECOGNISERS:
        assert one.needs.search(text) or not list(redaction._spans(text, one))
