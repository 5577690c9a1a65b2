"""Files of canned text as people write them: one a language, one a brand, and a library."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.errors import ConfigError

MAX_FILE = 100_000
"""Most bytes of one file."""
MAX_BANNED, MAX_VALUES = 200, 50
Sentence = Annotated[str, Field(min_length=1)]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Formality = Literal["formal", "informal"]
Plurals = Mapping[Literal["one", "few", "other"], Sentence]
Parsed = TypeVar("Parsed", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OpeningText(_Part):
    """First sentence by tone; only the negative one apologises."""

    positive: Sentence
    neutral: Sentence
    negative: Sentence


class WaitingText(_Part):
    """How a waiting time is told: ``line`` around a duration and the moment it was measured."""

    line: Sentence
    measured: Sentence
    minutes: Plurals
    hours: Plurals
    days: Plurals


class CannedText(_Part):
    """The canned text of one language, as it stands in ``data/canned/<language>.toml``.

    ``formal`` and ``informal`` hold what a brand of that formality says otherwise.
    """

    greeting: Sentence
    greeting_by_name: Sentence
    link: Sentence
    other_language: Sentence
    other_language_link: Sentence
    sign_off: Sentence
    opening: OpeningText
    languages: Mapping[str, Sentence]
    priority: Mapping[str, Sentence] = {}
    waiting: WaitingText | None = None
    formal: Mapping[str, Any] = {}
    informal: Mapping[str, Any] = {}


class BrandText(_Part):
    """The voice of one brand, as it stands in ``data/brands/<brand>.toml``.

    Args:
        brand: As in ``context.brand`` of a message; the file's name where it is left out.
        formality: Which variant of the canned text is taken.
        placeholders: The only placeholders that its text may read, beside ``values``.
        banned: Words that no draft of the brand holds, such as names of rivals or promises.
        values: What placeholders of its own stand for, such as ``company``.
        language: What it says otherwise, by language, under the keys of the canned text.
    """

    brand: Word | None = None
    formality: Formality | None = None
    placeholders: tuple[Key, ...] | None = None
    banned: Annotated[tuple[Word, ...], Field(max_length=MAX_BANNED)] = ()
    values: Annotated[Mapping[Key, Word], Field(max_length=MAX_VALUES)] = {}
    language: Mapping[str, Mapping[str, Any]] = {}


class ResponseText(_Part):
    """One canned response of ``data/canned/responses/<language>.toml``; its key is its id."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    text: Sentence


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file.

    Raises:
        ConfigError: When it is too large, no TOML, or not in UTF-8; names the file.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path.name}: larger than {MAX_FILE:,} bytes.", fix="Split it.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML in UTF-8 ({error}).") from error
    except RecursionError as error:
        raise ConfigError(f"{path.name}: nested too deeply.") from error


def parsed(kind: type[Parsed], content: Mapping[str, Any], where: str) -> Parsed:
    """Check the content of a file.

    Raises:
        ConfigError: Naming file and key.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where}, key {key}: {first['msg']}.", field=key) from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return content with some of it replaced; tables are replaced key by key."""
    out = dict(base)
    for key, value in over.items():
        before = out.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        out[key] = merged(before, value) if both else value  # type: ignore[arg-type]  # checked above
    return out
