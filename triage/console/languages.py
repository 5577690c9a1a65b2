"""What people read, in their language: sentences, numbers and dates."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from triage.errors import ConfigError

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "da": "Dansk", "ro": "Română", "zh": "中文"}
"""Languages of the console by code, each named in itself; the first one is the fallback."""
FALLBACK = "en"
MINUTE, HOUR, DAY = 60, 3600, 86400
_THIN = "\u00a0"
_DECIMAL = {"da": ",", "ro": ","}
_GROUP = {"da": ".", "ro": "."}
_FEW = range(1, 20)
"""Romanian counts from 2 to 19, and all that ends so, take a form of their own."""


@dataclass(frozen=True, slots=True)
class Locale:
    """One language of the console.

    Args:
        code: Such as ``da``.
        texts: Sentences by key; ``{name}`` stands for what is filled in.
    """

    code: str
    texts: Mapping[str, str]

    def t(self, key: str, **values: object) -> str:
        """Return the sentence of a key with its values filled in.

        A key that is not there raises ``KeyError``: the files of all languages have the same keys.
        """
        text = self.texts[key]
        return text.format(**values) if values else text

    def tn(self, key: str, count: int, **values: object) -> str:
        """Return the sentence of a key in the form that a count takes, filled in as ``{count}``."""
        form = _plural(self.code, count)
        return self.t(f"{key}.{form}", count=self.number(count), **values)

    def has(self, key: str) -> bool:
        """Tell whether there is a sentence of this key."""
        return key in self.texts

    def named(self, prefix: str, name: str) -> str:
        """Return the sentence of ``prefix.name``, or the name itself where a desk chose its own."""
        return self.texts.get(f"{prefix}.{name}") or name.replace("_", " ")

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number."""
        plain = f"{value:,.{digits}f}"
        group, decimal = _GROUP.get(self.code, ","), _DECIMAL.get(self.code, ".")
        return plain.replace(",", "\0").replace(".", decimal).replace("\0", group)

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share as a percentage."""
        space = _THIN if self.code in {"da", "ro"} else ""
        return f"{self.number(share * 100, digits)}{space}%"

    def moment(self, moment: datetime) -> str:
        """Write date and time in UTC; the browser rewrites it in the agent's own time zone."""
        return f"{self.date(moment)} {moment:%H:%M}"

    def date(self, moment: datetime) -> str:
        """Write a date."""
        if self.code == "zh":
            return f"{moment.year}年{moment.month}月{moment.day}日"
        point = "." if self.code == "da" else ""
        return f"{moment.day}{point} {self.t(f'month.{moment.month}')} {moment.year}"

    def span(self, length: timedelta) -> str:
        """Write a length of time in its two largest units, such as ``2 h 5 min``."""
        seconds = max(0, int(length.total_seconds()))
        if seconds < MINUTE:
            return self.t("span.now")
        if seconds < HOUR:
            return self.t("span.minutes", minutes=seconds // MINUTE)
        if seconds < DAY:
            hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
            key = "span.hours" if minutes else "span.hours_alone"
            return self.t(key, hours=hours, minutes=minutes)
        days, hours = seconds // DAY, seconds % DAY // HOUR
        return self.t("span.days" if hours else "span.days_alone", days=days, hours=hours)


@lru_cache
def load_locale(code: str) -> Locale:
    """Read a language of the console.

    Raises:
        ConfigError: When its file is broken.
    """
    path = FOLDER / f"{code}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: the language of the console cannot be read.") from error
    return Locale(code, dict(_flat(content, "")))


def choose(cookie: str | None, accepted: str) -> Locale:
    """Return the language that somebody chose, or the best one that their browser asks for."""
    if cookie in LANGUAGES:
        return load_locale(str(cookie))
    asked = sorted(_ranked(accepted), key=lambda pair: -pair[1])
    return load_locale(next((code for code, share in asked if share > 0), FALLBACK))


def _ranked(accepted: str) -> list[tuple[str, float]]:
    """Read an Accept-Language header; what is not ours or not readable is left out."""
    found = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            share = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in LANGUAGES:
            found.append((code, share))
    return found


def _plural(code: str, count: int) -> str:
    """Return the plural form of a count (CLDR's cardinal rules for whole numbers)."""
    if code == "zh":
        return "other"
    if count == 1:
        return "one"
    if code == "ro" and (count == 0 or count % 100 in _FEW):
        return "few"
    return "other"


def _flat(content: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found
