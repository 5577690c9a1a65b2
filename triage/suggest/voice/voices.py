"""The voices that drafts are written in: one a language, and one a brand and language."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.errors import ConfigError
from triage.suggest.voice.files import (
    BrandText,
    CannedText,
    WaitingText,
    merged,
    parsed,
    read_toml,
)
from triage.suggest.voice.responses import CannedResponse, load_responses
from triage.suggest.voice.templates import Template, compiled
from triage.suggest.voice.tone import Tone
from triage.suggest.voice.waiting import WaitingVoice

_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_PLACEHOLDERS = {
    "greeting_by_name": ("name",),
    "link": ("url",),
    "other_language": ("title", "language"),
    "other_language_link": ("title", "language", "url"),
}
_MOMENT = ("year", "month", "day", "hour", "minute", "zone")


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """Canned text of one language as one brand says it, ready to be filled.

    Args:
        language: Code of the language.
        templates: What has placeholders, by key of the canned file.
        greeting: To somebody without a name.
        sign_off: Under the reply.
        openings: First sentence by tone.
        languages: How an article's language is named in a sentence.
        priority: Sentence by label of the priority, where there is one.
        waiting: How a waiting time is told; None where the language has no words for it.
        banned: Finds words that no draft may hold.
        values: What placeholders of the brand stand for.
    """

    language: str
    templates: Mapping[str, Template]
    greeting: str
    sign_off: str
    openings: Mapping[Tone, str]
    languages: Mapping[str, str]
    priority: Mapping[str, str]
    waiting: WaitingVoice | None
    banned: re.Pattern[str] | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """All voices, and the canned responses that agents pick from.

    Args:
        spoken: Voices by brand and language; None is of no brand.
        responses: The library, by language and title.
        values: What placeholders stand for, by brand.
    """

    spoken: Mapping[tuple[str | None, str], Voice]
    responses: tuple[CannedResponse, ...] = ()
    values: Mapping[str, Mapping[str, str]] | None = None

    def of(self, language: str, brand: str | None = None) -> Voice | None:
        """Return the voice of a brand in a language; of no brand where it has no file."""
        return self.spoken.get((brand, language)) or self.spoken.get((None, language))

    def values_of(self, brand: str | None) -> Mapping[str, str]:
        """Return what placeholders of a brand's own stand for."""
        return (self.values or {}).get(brand or "", {})


SILENT = Voices({})
"""No canned text at all: suggestions come without drafts."""


def load_voices(data: Path) -> Voices:
    """Read ``canned/*.toml``, ``canned/responses/*.toml`` and ``brands/*.toml`` of a folder.

    Raises:
        ConfigError: When there is no canned text, or a file is broken; the error names file and
            key.
    """
    folder = data / "canned"
    texts = {path.stem: read_toml(path) for path in sorted(folder.glob("*.toml"))}
    if not texts:
        raise ConfigError(
            f"{folder}: no canned responses.", fix="It needs one <language>.toml per language."
        )
    spoken: dict[tuple[str | None, str], Voice] = {}
    for code, text in texts.items():
        spoken[None, code] = _voice(code, text, BrandText(), f"{code}.toml")
        for formality in ("formal", "informal"):
            # A variant that no brand takes must be sound too, before one does.
            own = merged(text, text.get(formality, {}))
            _voice(code, own, BrandText(), f"{code}.toml, {formality}")
    values: dict[str, Mapping[str, str]] = {}
    for path in sorted((data / "brands").glob("*.toml")):
        brand = parsed(BrandText, read_toml(path), path.name)
        name = brand.brand or path.stem
        if name in values:
            raise ConfigError(f"{path.name}: another file is of the brand {name} too.")
        values[name] = brand.values
        spoken |= {(name, code): one for code, one in _of_brand(path.name, brand, texts).items()}
    return Voices(spoken, load_responses(folder / "responses"), values)


def _of_brand(
    file: str, brand: BrandText, texts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Voice]:
    strange = [code for code in brand.language if code not in texts]
    if strange:
        raise ConfigError(
            f"{file}, key language.{strange[0]}: there is no canned text in that language.",
            fix=f"There is {', '.join(texts)}.",
            field=f"language.{strange[0]}",
        )
    voices = {}
    for code, text in texts.items():
        tone = text.get(brand.formality, {}) if brand.formality else {}
        own = merged(merged(text, tone), brand.language.get(code, {}))
        voices[code] = _voice(code, own, brand, f"{file}, language {code}")
    return voices


def _voice(code: str, content: Mapping[str, Any], brand: BrandText, where: str) -> Voice:
    text = parsed(CannedText, content, where)
    make = _Maker(where, brand)
    openings: dict[Tone, str] = {
        "positive": make.fixed(text.opening.positive, "opening.positive"),
        "neutral": make.fixed(text.opening.neutral, "opening.neutral"),
        "negative": make.fixed(text.opening.negative, "opening.negative"),
    }
    voice = Voice(
        language=code,
        templates={
            key: make.template(getattr(text, key), key, names)
            for key, names in _PLACEHOLDERS.items()
        },
        greeting=make.fixed(text.greeting, "greeting"),
        sign_off=make.fixed(text.sign_off, "sign_off"),
        openings=openings,
        languages=text.languages,
        priority={
            label: make.fixed(line, f"priority.{label}") for label, line in text.priority.items()
        },
        waiting=make.waiting(text.waiting) if text.waiting else None,
        banned=banned_words(brand.banned),
        values=brand.values,
    )
    _check_banned(voice, where)
    return voice


@dataclass(frozen=True, slots=True)
class _Maker:
    """Compiles the text of one file with the placeholders that its brand allows."""

    where: str
    brand: BrandText

    def template(self, source: str, key: str, names: Iterable[str] = ()) -> Template:
        allowed = {*names, *self.brand.values}
        if self.brand.placeholders is not None:
            allowed &= {*self.brand.placeholders, *self.brand.values}
        return compiled(source, f"{self.where}, key {key}", allowed)

    def fixed(self, source: str, key: str) -> str:
        """Fill a text that depends on nothing but the brand."""
        return self.template(source, key).fill(self.brand.values)

    def waiting(self, text: WaitingText) -> WaitingVoice:
        units = {}
        for unit in ("minutes", "hours", "days"):
            forms: Mapping[Any, str] = getattr(text, unit)
            key = f"waiting.{unit}"
            if "other" not in forms:
                raise ConfigError(f"{self.where}, key {key}: the form other is missing.", field=key)
            units[unit] = {
                form: self.template(source, f"{key}.{form}", ("count",))
                for form, source in forms.items()
            }
        return WaitingVoice(
            self.template(text.line, "waiting.line", ("duration", "measured")),
            self.template(text.measured, "waiting.measured", _MOMENT),
            units,
        )


def banned_words(words: Iterable[str]) -> re.Pattern[str] | None:
    """Build what finds words, whole ones where words are written apart; None where none is given.

    Plain words joined by ``|`` take linear time whatever the text.
    """
    patterns = [
        re.escape(word) if _UNSPACED.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)"
        for word in words
    ]
    return re.compile("|".join(patterns), re.IGNORECASE) if patterns else None


def _check_banned(voice: Voice, where: str) -> None:
    """Refuse canned text that holds a word its own brand bans: every draft would be blocked."""
    if voice.banned is None:
        return
    fixed = (voice.greeting, voice.sign_off, *voice.openings.values(), *voice.priority.values())
    texts = [*fixed, *(template.source for template in voice.templates.values())]
    found = next(filter(None, map(voice.banned.search, texts)), None)
    if found:
        raise ConfigError(
            f"{where}: the canned text holds the banned word {found[0]!r}.",
            fix="Reword it, or take the word off the list.",
            field="banned",
        )
