"""Tell how long an answer takes, from a figure that was measured a short while ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from triage.domain import Waiting
from triage.suggest.voice.templates import Template

AHEAD = timedelta(minutes=2)
"""How far clocks of a desk and ours may be apart."""
ROUNDED = 5
"""Minutes that a duration is rounded up to: nobody should wait longer than was told."""
HOUR, DAY = 60, 24 * 60
_FEW = range(1, 20)


@dataclass(frozen=True, slots=True, eq=False)
class WaitingVoice:
    """How one language tells a waiting time.

    Args:
        line: Reads ``duration`` and ``measured``.
        measured: Reads ``year``, ``month``, ``day``, ``hour``, ``minute`` and ``zone``.
        units: Duration by unit and plural, reading ``count``.
    """

    line: Template
    measured: Template
    units: Mapping[str, Mapping[str, Template]]


def is_live(waiting: Waiting, now: datetime, max_age: timedelta) -> bool:
    """Tell whether a figure may be told: measured just now, neither earlier nor in the future."""
    age = now - waiting.measured_at
    return -AHEAD <= age <= max_age


def waiting_line(
    voice: WaitingVoice, waiting: Waiting, language: str, values: Mapping[str, str]
) -> str:
    """Write the line, with the moment it was measured at in the time zone it came in."""
    count, unit = rounded(waiting.minutes)
    forms = voice.units[unit]
    form = forms.get(plural(language, count)) or forms["other"]
    at = waiting.measured_at
    parts = {
        "year": f"{at:%Y}",
        "month": f"{at:%m}",
        "day": f"{at:%d}",
        "hour": f"{at:%H}",
        "minute": f"{at:%M}",
        "zone": " UTC" if at.utcoffset() == UTC.utcoffset(None) else "",
    }
    told = {
        "duration": form.fill({**values, "count": str(count)}),
        "measured": voice.measured.fill({**values, **parts}),
    }
    return voice.line.fill({**values, **told})


def rounded(minutes: int) -> tuple[int, str]:
    """Round up to five minutes, whole hours, or whole days."""
    if minutes <= HOUR - ROUNDED:
        return max(ROUNDED, ceil(minutes / ROUNDED) * ROUNDED), "minutes"
    if minutes <= DAY - HOUR:
        return ceil(minutes / HOUR), "hours"
    return ceil(minutes / DAY), "days"


def plural(language: str, count: int) -> str:
    """Return the plural category of a whole number (Unicode CLDR 46)."""
    if language == "zh":
        return "other"
    if count == 1:
        return "one"
    if language == "ro" and (count == 0 or count % 100 in _FEW):
        return "few"
    return "other"
