"""Greetings and courtesies around the matter of a reply."""

import pytest

from triage.text.greetings import is_courtesy, strip_greeting


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hi Anna,\n\nOpen the app.", "Open the app."),
        ("Hello there!\nOpen the app.", "Open the app."),
        ("Dear Mr. Smith - open the app.", "Smith - open the app."),
        ("Dear valued customer,\nOpen it.", "Open it."),
        ("Hi Anna Berg, open the app.", "open the app."),
        ("Hej Søren\nÅbn appen.", "Åbn appen."),
        ("Kære kunde, åbn appen.", "åbn appen."),
        ("Bună ziua, Andrei,\nDeschideți aplicația.", "Andrei,\nDeschideți aplicația."),
        ("Stimate domnule Popescu,\nDeschideți.", "Deschideți."),
        ("尊敬的王先生：您可以重新登录。", "您可以重新登录。"),
        ("王女士，您好！请重新登录。", "王女士，您好！请重新登录。"),
        ("您好，请重新登录。", "请重新登录。"),
        ("Hi, please restart the router.", "please restart the router."),
        ("Hello please restart the router.", "Hello please restart the router."),
        ("Hide the column.", "Hide the column."),
        ("Open the app.\nHi Anna,", "Open the app.\nHi Anna,"),
        ("", ""),
    ],
)
def test_greeting_goes_and_the_matter_stays(text: str, rest: str) -> None:
    """A greeting is an opening with at most a few names; a sentence is none."""
    assert strip_greeting(text) == rest


@pytest.mark.parametrize(
    "sentence",
    [
        "Thank you for contacting us.",
        "Thanks!",
        "Sorry for the inconvenience.",
        "Please let me know if you have any questions.",
        "I hope this helps!",
        "Tak for din henvendelse.",
        "Du er altid velkommen til at skrive igen.",
        "God dag.".replace("God", "Hav en god"),
        "Vă mulțumim pentru mesaj.",
        "Nu ezitați să ne scrieți.",
        "O zi frumoasă!",
        "感谢您的来信。",
        "如果您还有其他问题，欢迎联系。",
        "祝您生活愉快！",
    ],
)
def test_courtesies_are_told(sentence: str) -> None:
    """Thanks, apologies in general and good-byes in four languages."""
    assert is_courtesy(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Thank you for your message, please restart the router with the small button.",
        "Restart the router.",
        "Taksten er 40 kr.",
        "Mulțimea de fișiere se șterge.",
        "感谢您的来信，请在设置页面里重新登录您的账户。",
        "We are sorry for the delay; your refund takes five more working days.",
    ],
)
def test_sentence_that_says_something_is_none(sentence: str) -> None:
    """What tells the requester more than thanks stays."""
    assert not is_courtesy(sentence)
