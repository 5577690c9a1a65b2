from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest

from tests.unit.suggest.builders import article
from triage.domain import Waiting
from triage.suggest.draft import Recipient, compose
from triage.suggest.voice.safety import is_unsafe
from triage.suggest.voice.tone import Tone
from triage.suggest.voice.voices import Voice, load_voices

VOICES = load_voices(Path("data"))
STEPS = "Reset your password\n1. Open the page.\n2. Click the link."
RESET = article("reset", "Reset your password", STEPS, url="https://help.example/reset")
PLAIN = article("reset", "Reset your password", STEPS)


def voice(language: str = "en", brand: str | None = None) -> Voice:
    """Return a shipped voice."""
    found = VOICES.of(language, brand)
    assert found
    return found


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
def test_draft_has_all_parts_in_order(language: str) -> None:
    """Greeting, opening, the answer with its steps, the link and the sign-off follow each other."""
    own = article("reset", "T", STEPS, language, url="https://help.example/reset")

    parts = compose(own, STEPS, voice(language)).split("\n\n")

    assert parts[0] == voice(language).greeting
    assert parts[1] == voice(language).openings["neutral"]
    assert parts[2] == STEPS
    assert parts[3].endswith("https://help.example/reset")
    assert parts[4] == voice(language).sign_off


def test_only_a_negative_tone_apologises() -> None:
    """An apology opens the draft for a negative message and for no other."""
    drafts = {tone: compose(PLAIN, "x", voice(), Recipient(tone=tone)) for tone in get_args(Tone)}

    assert [name for name, draft in drafts.items() if "sorry" in draft] == ["negative"]


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
def test_urgent_message_is_seen_as_urgent(language: str) -> None:
    """The line of the priority stands behind the opening; other labels add nothing."""
    own = article("reset", "T", STEPS, language)
    urgent, low = (
        compose(own, "x", voice(language), Recipient(priority=label)).split("\n\n")
        for label in ("urgent", "low")
    )

    assert urgent[1].startswith(low[1])
    assert urgent[1].endswith(voice(language).priority["urgent"])
    assert low[1] == voice(language).openings["neutral"]


def test_waiting_time_is_told_with_its_moment() -> None:
    """The figure stands before the sign-off with when it was measured."""
    waiting = Waiting(37, datetime(2026, 11, 22, 14, 5, tzinfo=timezone(timedelta(hours=1))))

    parts = compose(PLAIN, "x", voice(), Recipient(waiting=waiting)).split("\n\n")

    assert parts[-2] == (
        "If you write again, an answer currently takes about 40 minutes (as of 2026-11-22 14:05)."
    )


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
@pytest.mark.parametrize("url", [None, "https://help.example/reset"])
def test_article_in_another_language_is_only_pointed_at(language: str, url: str | None) -> None:
    """The draft is one honest sentence with title and link in the customer's language."""
    foreign = article("hjaelp", "Ein Titel", "Ein Text.", "de", url=url)

    draft = compose(foreign, "Ein Text.", voice(language))

    assert "Ein Titel" in draft
    assert (url or "") in draft
    assert "Ein Text" not in draft
    assert "{" not in draft
    assert len(draft.split("\n\n")) == 3


def test_unlisted_article_language_has_a_common_name() -> None:
    """A language that the canned file does not name is called another language."""
    foreign = article("a", "Otsikko", "Teksti.", "fi")

    assert "in another language" in compose(foreign, "Teksti.", voice())


def test_name_is_greeted() -> None:
    """The customer's name stands in the greeting, spaces tidied."""
    draft = compose(PLAIN, "x", voice("da"), Recipient("  Søren \n Ø. Kjær "))

    assert draft.startswith("Hej Søren Ø. Kjær,")


@pytest.mark.parametrize(
    "name", ["", "   ", "anna@example.com", "{{name}}", "<b>Anna</b>", "user_4711", "A" * 61]
)
def test_what_is_no_name_is_not_greeted(name: str) -> None:
    """Addresses, markup and placeholders give the greeting without a name."""
    draft = compose(PLAIN, "x", voice(), Recipient(name))

    assert draft.startswith("Hello,")


def test_brand_speaks_with_its_own_voice() -> None:
    """Its sign-off is taken for its messages, and no other's."""
    own = compose(PLAIN, "x", voice(brand="kvistholm"))
    other = compose(PLAIN, "x", voice(brand="nobody"))

    assert own.endswith("Kind regards\nKvistholm customer care")
    assert other.endswith("Kind regards")


def test_banned_word_blocks_the_draft_of_its_brand_alone() -> None:
    """A promise in an article stays out of what the brand sends."""
    promise = "We guarantee delivery tomorrow."

    assert compose(PLAIN, promise, voice(brand="kvistholm")) == ""
    assert promise in compose(PLAIN, promise, voice())


def test_internal_article_blocks_the_draft() -> None:
    """What only agents may read is never drafted to a customer."""
    secret = article("s", "T", "Body.", visibility="internal")

    assert compose(secret, "Body.", voice()) == ""
    assert compose(secret, "Body.", voice("da")) == ""


def test_internal_link_of_the_article_blocks_the_draft() -> None:
    """A link that only works inside blocks the draft."""
    linked = article("s", "T", "Body.", url="http://intranet/kb/1")

    assert compose(linked, "Body.", voice()) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Dear {{ticket.requester.first_name}}",
        "Dear {first_name}",
        "Case #{ticket.title}",
        "Hello <OTRS_CUSTOMER_DATA_UserFirstname>",
        "Insert [[signature]] here",
        "Price: ${amount}",
        "See http://localhost:8080/x",
        "See http://127.0.0.1/x",
        "See http://10.1.2.3/x",
        "See https://[fe80::1]/x",
        "See http://wiki/page",
        "See https://kb.company.internal/page",
        "See https://intranet.company.example/page",
        "See intranet.company.example for more",
        "See kb.company.internal for more",
        "See http://help.example@localhost/x",
        "See http://[broken/x",
        "See file:///srv/kb/page",
        "请看http://wiki/页面。",
    ],
)
def test_placeholders_and_internal_links_are_unsafe(text: str) -> None:
    """Unfilled placeholders and links that only work inside are recognised."""
    assert is_unsafe(text)


@pytest.mark.parametrize(
    "text",
    [
        "See https://help.example.com/articles/1?x=y#z.",
        "Our internal checks take two days.",
        "Set x to {1, 2, 3}.",
        "Open %APPDATA% and type $True.",
        "Ask on the intranet. It is quick.",
        "Price < 20 and > 10 [optional]",
        "请看 https://help.example.com/文章。",
        "Use 192.168.1.1 in the app's address field.",
    ],
)
def test_ordinary_text_is_safe(text: str) -> None:
    """Braces with numbers, variables and plain words do not block a draft."""
    assert not is_unsafe(text)


def test_hostile_text_is_checked_in_linear_time() -> None:
    """Long runs that look like the start of a link or host do not hang."""
    assert not is_unsafe("a" * 100_000 + "-." * 50_000 + "x:" * 50_000)
