"""Language identification among supported languages and their look-alikes."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.text.language import (
    _FEW_WORDS,
    _NOISE,
    _TOKEN,
    _WORD_EVIDENCE,
    LanguageIdentifier,
    _with_words,
    _without_noise,
)
from triage.text.words import WORDS

FIXTURE = Path(__file__).parents[2] / "fixtures" / "language.jsonl"


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    """Support the four languages of the starter bundle."""
    return LanguageIdentifier(("en", "da", "ro", "zh"))


def test_short_messages(identifier: LanguageIdentifier) -> None:
    """On written short messages each supported language is told at 90 %, decoys at 90 %."""
    rows = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in rows:
        group = row["language"] if row["language"] in {"en", "da", "ro", "zh", "und"} else "decoy"
        total[group] += 1
        right[group] += identifier.identify(row["text"]).code == row["language"]

    assert total["en"] == total["da"] == total["ro"] == total["zh"] == 40
    assert all(right[group] >= 0.9 * total[group] for group in total)


@pytest.mark.parametrize("text", ["", "12345", "😀", "https://a.example/dk", "@shop", "..."])
def test_nothing_to_read(identifier: LanguageIdentifier, text: str) -> None:
    """A text without words has no language, and nothing speaks against the supported ones."""
    found = identifier.identify(text)

    assert (found.code, found.confidence, found.supported) == ("und", 0.0, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("荷物はどこですか", "ja"),
        ("제 소포는 어디에 있나요?", "ko"),
        ("Var är mitt paket?", "sv"),
        ("أين طردي؟", "ar"),
        ("Wo ist mein Paket?", "de"),
        ("พัสดุของฉันอยู่ที่ไหน", "th"),
    ],
)
def test_decoys(identifier: LanguageIdentifier, text: str, code: str) -> None:
    """A language of no head is named and is not supported."""
    found = identifier.identify(text)

    assert (found.code, found.supported) == (code, False)


def test_chinese_variants(identifier: LanguageIdentifier) -> None:
    """Traditional, Cantonese and a brand in kana are Chinese."""
    for text in ("還在等退款", "我個包裹喺邊度呀", "我在优の良品买的东西还没有到货"):
        assert identifier.identify(text).code == "zh"


def test_tie_of_neighbours(identifier: LanguageIdentifier) -> None:
    """What Danish and Norwegian share goes to the locale, and to Danish without one."""
    text = "Hvor er pakken min?"

    assert identifier.identify(text).code == "da"
    assert identifier.identify(text, locale="nb-NO").code == "no"
    assert identifier.identify("Hvad koster det at få noget sendt?", locale="nb_NO").code == "da"


def test_hint(identifier: LanguageIdentifier) -> None:
    """A declared language decides where the text does not contradict, and only there."""
    assert identifier.identify("ok", hint="da-DK").code == "da"
    assert identifier.identify("ok", hint="ro").code == "ro"
    assert identifier.identify("4471", hint="zh-Hans").code == "zh"
    assert identifier.identify("Where is my order, it was due on Friday", hint="da").code == "en"
    assert identifier.identify("ok", hint="no such tag").confidence < 1


def test_other_supported_languages() -> None:
    """Any languages may be supported, with or without word lists of their own."""
    found = LanguageIdentifier(("de", "ja")).identify("Wo ist mein Paket?")

    assert (found.code, found.supported) == ("de", True)


@given(st.lists(st.sampled_from(["@", "#", "://", "www.", "http", "a", "Ã", "_", " ", "."])))
def test_noise_is_taken_out_wherever_it_stands(parts: list[str]) -> None:
    """Looking for its marks first changes nothing."""
    text = "".join(parts)

    assert _without_noise(text) == _NOISE.sub(" ", text)


@given(st.lists(st.sampled_from([*sorted(set().union(*WORDS.values())), "x", "-", "'", "4"])))
def test_words_speak_for_each_of_their_languages(words: list[str]) -> None:
    """A word counts as often as it stands, for all languages in whose list it is."""
    text = " ".join(words)
    tokens = _TOKEN.findall(text)
    weight = _WORD_EVIDENCE * min(1.0, _FEW_WORDS / max(1, len(tokens)))

    found = _with_words(dict.fromkeys([*WORDS, "de"], 0.5), text)

    assert found == {
        code: 0.5 + weight * sum(token in WORDS.get(code, ()) for token in tokens)
        for code in [*WORDS, "de"]
    }
