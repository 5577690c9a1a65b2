"""What agents read, in four languages."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from triage.console.languages import LANGUAGES, Locale, choose, load_locale
from triage.console.rendering import FOLDER

FORMS = {"en": {"one", "other"}, "da": {"one", "other"}, "ro": {"one", "few", "other"}}
"""Plural forms by language; Chinese has one alone."""
_USED = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+)["']""")
_COUNTED = re.compile(r"""\btn\(\s*["']([a-z0-9_.]+)["']""")
_FORM = re.compile(r"\.(one|few|other)$")
NOW = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)


def base_keys(locale: Locale) -> set[str]:
    """List the keys of a language, plural forms taken together."""
    return {_FORM.sub("", key) for key in locale.texts}


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_languages_have_all_keys(code: str) -> None:
    """No sentence is missing in any language, and none is left over."""
    assert base_keys(load_locale(code)) == base_keys(load_locale("en"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_counted_sentences_have_all_forms(code: str) -> None:
    """A count finds its form, whatever it is."""
    locale, forms = load_locale(code), FORMS.get(code, {"other"})
    counted = {_FORM.sub("", key) for key in locale.texts if _FORM.search(key)}

    assert counted
    for key in counted:
        assert {name for name in ("one", "few", "other") if locale.has(f"{key}.{name}")} == forms


@pytest.mark.parametrize("code", LANGUAGES)
def test_sentences_fill_in_the_same_values(code: str) -> None:
    """What English fills in, every language fills in."""
    english, locale = load_locale("en"), load_locale(code)
    for key, text in locale.texts.items():
        model = english.texts.get(key) or english.texts[_FORM.sub(".other", key)]

        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", model)), key


def test_templates_ask_for_keys_that_are_there() -> None:
    """No page can fail for want of a sentence."""
    locale = load_locale("en")
    for path in FOLDER.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        for key in _USED.findall(text):
            # A key that ends in a dot is completed by a value.
            assert key.endswith(".") or locale.has(key), f"{path.name}: {key}"
        for key in _COUNTED.findall(text):
            assert locale.has(f"{key}.other"), f"{path.name}: {key}"


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        (None, "", "en"),
        (None, "da-DK,da;q=0.9,en;q=0.8", "da"),
        (None, "sv, ro;q=0.4, zh-Hans;q=0.7", "zh"),
        (None, "da;q=0, fr", "en"),
        (None, "da;q=x,ro", "ro"),
        ("ro", "da", "ro"),
        ("xx", "da", "da"),
        ("../../etc/passwd", "", "en"),
    ],
)
def test_language_is_the_chosen_or_the_best_asked_for(
    cookie: str | None, accepted: str, code: str
) -> None:
    """A choice goes first, then the browser's order; what is not ours is passed over."""
    assert choose(cookie, accepted).code == code


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, "few"), (1, "one"), (2, "few"), (19, "few"), (20, "other"), (101, "few")],
)
def test_romanian_counts_in_three_forms(count: int, form: str) -> None:
    """Two messages and twenty messages differ."""
    locale = load_locale("ro")

    assert locale.tn("inbox.found", count) == locale.t(f"inbox.found.{form}", count=count)


def test_numbers_and_dates_follow_the_language() -> None:
    """Separators, the percent sign and the order of a date are the language's own."""
    written = {
        code: (
            load_locale(code).number(1234.5, 1),
            load_locale(code).percent(0.97),
            load_locale(code).date(NOW),
        )
        for code in LANGUAGES
    }

    assert written == {
        "en": ("1,234.5", "97%", "22 November 2026"),
        "da": ("1.234,5", "97\u00a0%", "22. november 2026"),
        "ro": ("1.234,5", "97\u00a0%", "22 noiembrie 2026"),
        "zh": ("1,234.5", "97%", "2026年11月22日"),
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "under 1 min"),
        (61, "1 min"),
        (3_700, "1 h 1 min"),
        (90_000, "1 d 1 h"),
        (-5, "under 1 min"),
    ],
)
def test_spans_are_told_in_their_largest_units(seconds: int, text: str) -> None:
    """An age is read at a glance; a clock that was set back makes no negative one."""
    assert load_locale("en").span(timedelta(seconds=seconds)) == text


def test_names_of_a_desk_stand_for_themselves() -> None:
    """A label that no translation knows is shown as the desk named it."""
    assert load_locale("da").named("label.queue", "vip_desk") == "vip desk"
