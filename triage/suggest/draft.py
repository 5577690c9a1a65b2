"""Assemble a reply from canned responses and a passage; nothing is invented, doubt blocks it."""

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.domain import Article
from triage.errors import ConfigError

NAME_LIMIT = 60
"""Longest customer name that is greeted; a longer one is nearly always another field."""

_SLOT = re.compile(r"\{(name|title|url|language)\}")
_PLACEHOLDER = re.compile(
    r"\{\{|\{%|[#$%]\{|\[\[|<<|<(?:OTRS|OTOBO|KIX)_|\{[A-Za-z_][\w .|-]{0,80}\}"
)
_URL = re.compile(
    r"(?<![a-z0-9])[a-z][a-z0-9+.-]{1,12}:/{2,3}\[?[^\s<>\"'()\[\]（）《》，。；、]+", re.IGNORECASE
)
_BARE_HOST = re.compile(
    r"\b(?:localhost|intranet)(?:[/:]|\.\w)|[\w-]{1,63}\.(?:internal|intranet|corp|lan)(?![\w.-])",
    re.IGNORECASE,
)
_PRIVATE_NAMES = frozenset({"localhost", "intranet"})
_PRIVATE_ENDS = (".internal", ".intranet", ".local", ".localhost", ".lan", ".corp", ".home.arpa")
_NO_NAME = re.compile(r"[^\w\s.,'’·-]|[\d_]")

Sentence = Annotated[str, Field(min_length=1)]


class Opening(BaseModel):
    """First sentence by sentiment; only the negative one apologises."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    positive: Sentence
    neutral: Sentence
    negative: Sentence


class Canned(BaseModel):
    """The canned responses of one language, as they stand in ``data/canned/<language>.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: Sentence
    greeting_by_name: Sentence
    link: Sentence
    other_language: Sentence
    other_language_link: Sentence
    sign_off: Sentence
    opening: Opening
    languages: Mapping[str, Sentence]


def load_canned(folder: Path) -> Mapping[str, Canned]:
    """Read the canned responses of every language in a folder.

    Raises:
        ConfigError: When the folder holds none, or a file is broken; the error names file and key.
    """
    canned = {path.stem: _read(path) for path in sorted(folder.glob("*.toml"))}
    if not canned:
        raise ConfigError(
            f"{folder}: no canned responses.", fix="It needs one <language>.toml per language."
        )
    return MappingProxyType(canned)


def compose(
    article: Article,
    answer: str,
    canned: Canned,
    *,
    language: str,
    name: str | None = None,
    sentiment: str | None = None,
) -> str:
    """Write a draft in the customer's language, or ``""`` when it may not be sent.

    An article in another language is only pointed at, by one honest sentence. A draft is blocked by
    an internal article, an internal link, or a placeholder that nobody filled.

    Args:
        article: Where the answer comes from.
        answer: The passage, its steps kept.
        canned: Canned responses in the customer's language.
        language: The customer's language.
        name: The customer's name as the desk gave it; left out when it is no plain name.
        sentiment: The label of the message; any but positive and negative counts as neutral.
    """
    if article.language == language:
        body = [_opening(canned, sentiment), answer.strip()]
        if article.url:
            body.append(_fill(canned.link, url=article.url))
    else:
        body = [_pointer(article, canned)]
    reply = "\n\n".join([_greeting(canned, name), *body, canned.sign_off])
    return "" if article.visibility == "internal" or is_unsafe(reply) else reply


def is_unsafe(text: str) -> bool:
    """Tell whether a text holds an unfilled placeholder or a link that only works inside."""
    if _PLACEHOLDER.search(text) or _BARE_HOST.search(text):
        return True
    return any(_is_internal(url) for url in _URL.findall(text))


def _is_internal(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return True
    if parts.scheme.lower() not in {"http", "https"}:
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        named = not _PRIVATE_NAMES.isdisjoint(labels) or host.endswith(_PRIVATE_ENDS)
        return named or len(labels) == 1


def _read(path: Path) -> Canned:
    try:
        return Canned.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML in UTF-8 ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path.name}, key {where}: {first['msg']}.", field=where) from error


def _greeting(canned: Canned, name: str | None) -> str:
    clean = " ".join((name or "").split())
    if not clean or len(clean) > NAME_LIMIT or _NO_NAME.search(clean):
        return canned.greeting
    return _fill(canned.greeting_by_name, name=clean)


def _opening(canned: Canned, sentiment: str | None) -> str:
    if sentiment == "negative":
        return canned.opening.negative
    return canned.opening.positive if sentiment == "positive" else canned.opening.neutral


def _pointer(article: Article, canned: Canned) -> str:
    sentence = canned.other_language_link if article.url else canned.other_language
    language = canned.languages.get(article.language) or canned.languages.get("other", "")
    return _fill(sentence, title=article.title, url=article.url or "", language=language)


def _fill(sentence: str, **values: str) -> str:
    return _SLOT.sub(lambda slot: values.get(slot[1], slot[0]), sentence)
