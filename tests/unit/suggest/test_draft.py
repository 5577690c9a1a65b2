from pathlib import Path

import pytest

from tests.unit.suggest.builders import article
from triage.errors import ConfigError
from triage.suggest.draft import compose, is_unsafe, load_canned

CANNED = load_canned(Path("data/canned"))
STEPS = "Reset your password\n1. Open the page.\n2. Click the link."
RESET = article("reset", "Reset your password", STEPS, url="https://help.example/reset")
PLAIN = article("reset", "Reset your password", STEPS)


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
def test_draft_has_all_parts_in_order(language: str) -> None:
    """Greeting, opening, the answer with its steps, the link and the sign-off follow each other."""
    canned = CANNED[language]
    own = article("reset", "T", STEPS, language, url="https://help.example/reset")

    parts = compose(own, STEPS, canned, language=language).split("\n\n")

    assert parts[0] == canned.greeting
    assert parts[1] == canned.opening.neutral
    assert parts[2] == STEPS
    assert parts[3].endswith("https://help.example/reset")
    assert parts[4] == canned.sign_off


def test_only_negative_sentiment_apologises() -> None:
    """An apology opens the draft for a negative message and for no other."""
    openings = {
        sentiment: compose(PLAIN, "x", CANNED["en"], language="en", sentiment=sentiment)
        for sentiment in ("positive", "neutral", "negative", "own-label", None)
    }

    assert [name for name, draft in openings.items() if "sorry" in draft] == ["negative"]


@pytest.mark.parametrize("language", ["en", "da", "ro", "zh"])
@pytest.mark.parametrize("url", [None, "https://help.example/reset"])
def test_article_in_another_language_is_only_pointed_at(language: str, url: str | None) -> None:
    """The draft is one honest sentence with title and link in the customer's language."""
    foreign = article("hjaelp", "Ein Titel", "Ein Text.", "de", url=url)

    draft = compose(foreign, "Ein Text.", CANNED[language], language=language)

    assert "Ein Titel" in draft
    assert (url or "") in draft
    assert "Ein Text" not in draft
    assert "{" not in draft
    assert len(draft.split("\n\n")) == 3


def test_unlisted_article_language_has_a_common_name() -> None:
    """A language that the canned file does not name is called another language."""
    foreign = article("a", "Otsikko", "Teksti.", "fi")

    assert "in another language" in compose(foreign, "Teksti.", CANNED["en"], language="en")


def test_name_is_greeted() -> None:
    """The customer's name stands in the greeting, spaces tidied."""
    draft = compose(PLAIN, "x", CANNED["da"], language="da", name="  Søren \n Ø. Kjær ")

    assert draft.startswith("Hej Søren Ø. Kjær,")


@pytest.mark.parametrize(
    "name", ["", "   ", "anna@example.com", "{{name}}", "<b>Anna</b>", "user_4711", "A" * 61]
)
def test_what_is_no_name_is_not_greeted(name: str) -> None:
    """Addresses, markup and placeholders give the greeting without a name."""
    draft = compose(PLAIN, "x", CANNED["en"], language="en", name=name)

    assert draft.startswith("Hello,")


def test_internal_article_blocks_the_draft() -> None:
    """What only agents may read is never drafted to a customer."""
    secret = article("s", "T", "Body.", visibility="internal")

    assert compose(secret, "Body.", CANNED["en"], language="en") == ""
    assert compose(secret, "Body.", CANNED["da"], language="da") == ""


def test_internal_link_of_the_article_blocks_the_draft() -> None:
    """A link that only works inside blocks the draft."""
    linked = article("s", "T", "Body.", url="http://intranet/kb/1")

    assert compose(linked, "Body.", CANNED["en"], language="en") == ""


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


def test_canned_folder_without_files_is_refused(tmp_path: Path) -> None:
    """An empty folder says what it needs."""
    with pytest.raises(ConfigError, match="no canned responses"):
        load_canned(tmp_path)


def test_broken_canned_file_is_named(tmp_path: Path) -> None:
    """A syntax fault names the file."""
    (tmp_path / "en.toml").write_text("greeting = ", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"en\.toml"):
        load_canned(tmp_path)


def test_missing_canned_key_is_named(tmp_path: Path) -> None:
    """A missing opening names file and key."""
    text = Path("data/canned/en.toml").read_text(encoding="utf-8")
    (tmp_path / "en.toml").write_text(text.replace("negative =", "sad ="), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"en\.toml, key opening\.(negative|sad)"):
        load_canned(tmp_path)
