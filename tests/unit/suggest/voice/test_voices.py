"""Files of canned text and brands: merged, checked whole, refused by file and key."""

import shutil
from pathlib import Path

import pytest

from triage.errors import ConfigError
from triage.settings import CHECKOUT
from triage.suggest.voice.voices import load_voices

LANGUAGES = ("en", "da", "ro", "zh")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Copy what ships, without brands."""
    shutil.copytree(CHECKOUT / "data" / "canned", tmp_path / "canned")
    (tmp_path / "brands").mkdir()
    return tmp_path


def brand(data: Path, text: str, name: str = "north") -> Path:
    """Write the file of a brand."""
    path = data / "brands" / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(data: Path, old: str, new: str) -> None:
    """Change the English canned text."""
    path = data / "canned" / "en.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("formality", ["formal", "informal"])
def test_formality_changes_greeting_and_openings(data: Path, language: str, formality: str) -> None:
    """Each language has both variants, and what they leave out stays."""
    brand(data, f'formality = "{formality}"')
    voices = load_voices(data)
    plain, own = voices.of(language), voices.of(language, "north")

    assert plain
    assert own
    assert own.greeting != plain.greeting
    assert all(own.openings[tone] != plain.openings[tone] for tone in plain.openings)
    assert own.languages == plain.languages


def test_brand_overrides_key_by_key(data: Path) -> None:
    """An opening of its own leaves the others as they are, and its values are filled in."""
    text = """
        values = { company = "North" }
        [language.en]
        sign_off = "Yours\\n{{ company }}"
        opening.negative = "{{ company }} is sorry."
        greeting_by_name = "{{ name }} of {{ company }}!"
    """
    brand(data, text)
    voices = load_voices(data)
    own, plain = voices.of("en", "north"), voices.of("en", "south")

    assert own
    assert plain
    assert own.sign_off == "Yours\nNorth"
    assert own.openings["negative"] == "North is sorry."
    assert own.openings["neutral"] == plain.openings["neutral"]
    assert own.templates["greeting_by_name"].fill({**own.values, "name": "Ann"}) == "Ann of North!"
    assert voices.values_of("north") == {"company": "North"}
    assert voices.values_of("south") == voices.values_of(None) == {}


def test_name_of_a_brand_may_be_no_file_name(data: Path) -> None:
    """The file says for whom it speaks."""
    brand(data, 'brand = "North & Søn/DK"\n[language.en]\nsign_off = "N"')

    voice = load_voices(data).of("en", "North & Søn/DK")

    assert voice
    assert voice.sign_off == "N"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("formality = 'rude'", r"north\.toml, key formality"),
        ("tone = 'x'", r"north\.toml, key tone"),
        ("values = { Name = 'x' }", r"north\.toml, key values\.Name"),
        ("[language.xx]\nsign_off = 'x'", r"north\.toml, key language\.xx: .*canned"),
        ("[language.en]\nsignoff = 'x'", r"north\.toml, language en, key signoff"),
        ("[language.en]\nsign_off = ''", r"north\.toml, language en, key sign_off"),
        ("[language.en]\nsign_off = '{{ name }}'", "no placeholder 'name' here"),
        ("[language.en]\nsign_off = '{{ 7*7 }}'", "Mul is not allowed"),
        ("[language.en]\nopening = 'x'", r"language en, key opening"),
        ("placeholders = ['name']", "no placeholder 'url' here; there is none"),
        ("banned = ['sorry']", "holds the banned word 'sorry'"),
        ("banned = ['']", r"north\.toml, key banned\.0"),
        ("a = ", r"north\.toml: not valid TOML"),
        ("x = " + "[" * 3_000 + "]" * 3_000, r"north\.toml: n"),
        ("# " + "x" * 100_001, "larger than"),
    ],
)
def test_broken_brand_is_refused_by_file_and_key(data: Path, text: str, problem: str) -> None:
    """Before anything is served."""
    brand(data, text)

    with pytest.raises(ConfigError, match=problem):
        load_voices(data)


def test_two_files_of_one_brand_are_refused(data: Path) -> None:
    """Chance must not decide which speaks."""
    brand(data, "brand = 'north'", "a")
    brand(data, "", "north")

    with pytest.raises(ConfigError, match="another file is of the brand north"):
        load_voices(data)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("negative =", "sad =", r"en\.toml, key opening\.(negative|sad)"),
        ("greeting = ", "greeting = {", r"en\.toml: not valid TOML"),
        ('greeting = "Hello,"', 'greeting = "Hello {{ name }},"', "no placeholder 'name'"),
        ("{{ duration }}", "{{ time }}", r"waiting\.line: there is no placeholder 'time'"),
        (', other = "{{ count }} minutes"', "", r"waiting\.minutes: the form other is missing"),
        ("[formal]", "[formal]\ngreetings = 'x'", r"en\.toml, formal, key greetings"),
        (
            "Dear {{ name }}",
            "Dear {{ nmae }}",
            "formal, key greeting_by_name: there is no placehol",
        ),
    ],
)
def test_broken_canned_file_is_refused_by_key(data: Path, old: str, new: str, problem: str) -> None:
    """A variant that no brand takes yet must be sound too."""
    changed(data, old, new)

    with pytest.raises(ConfigError, match=problem):
        load_voices(data)


def test_folder_without_canned_text_is_refused(tmp_path: Path) -> None:
    """An empty folder says what it needs."""
    with pytest.raises(ConfigError, match="no canned responses"):
        load_voices(tmp_path)


def test_banned_words_are_whole_words(data: Path) -> None:
    """A word is not found in another; where words are not written apart it is found anywhere."""
    brand(data, "banned = ['rival', '最好', 'C++ (old)']")
    voice = load_voices(data).of("en", "north")
    assert voice
    assert voice.banned

    found = [bool(voice.banned.search(text)) for text in (
        "a rival's", "RIVAL", "rivalry", "arrival", "我们最好的", "use C++ (old) now",
    )]  # fmt: skip

    assert found == [True, True, False, False, True, True]


def test_library_is_the_same_in_every_language(data: Path) -> None:
    """Each response stands in four languages, with the same placeholders and a sign-off."""
    responses = load_voices(data).responses
    by_language = {
        code: {one.id: set(one.placeholders) for one in responses if one.language == code}
        for code in LANGUAGES
    }

    assert len(by_language["en"]) >= 8
    assert all(found == by_language["en"] for found in by_language.values())
    for one in responses:
        values = {name: f"<{name}>" for name in one.placeholders}
        filled = one.fill(values)
        assert "<name>" in filled
        assert filled.rstrip().endswith("<agent>")
        assert "{" not in filled


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hello = 'x'", r"en\.toml, key hello: a canned response is a table"),
        ("[a]\ntitle = 'T'", r"key a, key text"),
        ("[a]\ntitle = 'T'\ntext = '{{ name.x }}'", r"key a\.text: Getattr is not allowed"),
        ("[a]\ntitle = 'T'\ntext = 'x'\nlabel = 'y'", r"key a, key label"),
    ],
)
def test_broken_response_is_refused(data: Path, text: str, problem: str) -> None:
    """By file, id and key."""
    (data / "canned" / "responses" / "en.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=problem):
        load_voices(data)
