"""Turn the fields of one article, as a file holds them, into a checked article."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit

from triage.domain import Article

FIELDS = (
    "id", "title", "language", "tags", "audience", "brand", "visibility", "valid_from",
    "valid_until", "url",
)  # fmt: skip
"""Fields beside the body."""
LIMITS = {"id": 200, "title": 500, "body": 200_000, "url": 2_000}
"""Longest accepted text per field, in characters; every other field takes 200."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")
_BROKEN = re.compile(r"[\x00\ud800-\udfff]")
_TAG_BREAKS = re.compile(r"[|;,]")


class FieldError(ValueError):
    """One field of one article is wrong; says what and how to mend it."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.field, self.problem, self.fix = field, problem, fix


def make_article(fields: Mapping[str, object], body: str, language: str) -> Article:
    """Check every field and build the article.

    Args:
        fields: Values by name, as YAML or a table gave them; absent and None mean not given.
        body: The article's text.
        language: The language where ``fields`` name none; ``""`` when it is unknown.

    Raises:
        FieldError: At the first field that is wrong.
    """
    if not body.strip():
        raise FieldError("body", "the body is empty.", "Write the article's text.")
    first, last = _day(fields, "valid_from"), _day(fields, "valid_until")
    if first and last and last < first:
        raise FieldError("valid_until", "valid_until is before valid_from.", "Swap the two days.")
    return Article(
        id=_id(_text(fields, "id")),
        language=language_code(_text(fields, "language") or language),
        title=_text(fields, "title"),
        body=_whole("body", body.strip()),
        url=_url(_text(fields, "url")),
        tags=_tags(fields.get("tags")),
        audience=_text(fields, "audience") or None,
        brand=_text(fields, "brand") or None,
        visibility=_visibility(_text(fields, "visibility")),
        valid_until=last,
        valid_from=first,
        sources=_count(fields.get("sources")),
    )


def language_code(language: str) -> str:
    """Reduce a language tag such as ``zh-CN`` to its code.

    Raises:
        FieldError: When it is empty or no language tag.
    """
    if not language:
        raise FieldError(
            "language", "the language is not given and not clear from the text.",
            "Name it, such as en.",
        )  # fmt: skip
    match = _LANGUAGE.fullmatch(language.lower())
    if not match:
        raise FieldError("language", "no language code.", "Write a code such as en or zh-CN.")
    return match[1]


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FieldError(name, f"{name} is no text.", f'Put it in quotes: {name}: "...".')
    return _whole(name, str(value).strip())


def _whole(name: str, text: str) -> str:
    limit = LIMITS.get(name, 200)
    if len(text) > limit:
        raise FieldError(
            name, f"{name} has {len(text)} characters, at most {limit} are taken.", "Shorten it."
        )
    if _BROKEN.search(text):
        raise FieldError(name, f"{name} holds NUL or half a character.", "Save it as UTF-8 again.")
    return text


def _id(text: str) -> str:
    if not text:
        raise FieldError("id", "no id.", "Give every article an id that never changes.")
    if _CONTROL.search(text):
        raise FieldError("id", "the id holds a control character.", "Write it on one plain line.")
    return text


def _url(text: str) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in text):
        raise FieldError("url", "url is no web address.", "Write it whole, from https:// on.")
    return text


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = _tag_list(value.strip())
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise FieldError("tags", "tags is no list of texts.", "Write tags: [account, login].")
    tags = (_whole("tags", str(tag).strip()) for tag in value)
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _tag_list(text: str) -> object:
    if not text.startswith("["):
        return _TAG_BREAKS.split(text)
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return [part.strip(" '\"") for part in text.strip("[]").split(",")]


def _visibility(text: str) -> Literal["public", "internal"]:
    if text == "internal":
        return "internal"
    if text in {"", "public"}:
        return "public"
    raise FieldError("visibility", "visibility is unknown.", "Write public or internal.")


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _day(fields: Mapping[str, object], name: str) -> date | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise FieldError(name, f"{name} is no day.", "Write it as 2027-12-31.") from None
