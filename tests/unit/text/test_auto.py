"""Machines and people who write about machines."""

import pytest

from triage.text.auto import is_automatic


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Automatic reply: x", ""),
        ("Autosvar: x", ""),
        ("Răspuns automat: x", ""),
        ("自动回复: x", ""),
        ("x", "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you"),
        ("x", "Reporting-MTA: dns; mx.example\nFinal-Recipient: rfc822; x\nAction: failed"),
        ("x", "Hello,\nthis is an automated message, do not reply."),
        ("x", "Thank you for your message. We are out of the office and will reply on Monday."),
        ("x", "Tak for din mail. Jeg holder ferie og vender tilbage på mandag."),
        ("x", "Mulțumim pentru mesaj. Sunt în concediu și voi răspunde luni."),
        ("x", "感谢您的来信。本人休假中,回来后尽快回复。"),
    ],
)
def test_machines(subject: str, body: str) -> None:
    """Prefixes, delivery reports and absence notes are automatic in four languages."""
    assert is_automatic(subject, body)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Re: Automatic reply: x", "When will somebody answer?"),
        ("Autosvar virker ikke", "Jeg kan ikke slå det til."),
        ("Delivery failure order 123", "The driver never came."),
        ("Nu se poate livra coletul?", "Spune curierul."),
        ("无法送达怎么办", "快递退回去了。"),
        ("Absent", "The courier wrote that I was absent."),
        ("", "I am on holiday until Monday, please contact my neighbour."),
        ("", "I get 'Action: failed' and 'status: 5.1.1' when I mail my bank."),
        ("", ""),
    ],
)
def test_people(subject: str, body: str) -> None:
    """Who answers or describes an automatic reply is a person."""
    assert not is_automatic(subject, body)
