"""Topics that come up more often now than they usually do.

Topics are found without looking at the clock: the labels of each task, groups of messages alike,
and words. Each is then counted in the newest hours and in the weeks before, and tested against its
own usual rate at those hours of the week. Finding topics by what is new and then testing whether it
is new would find something every time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from triage.insights.frame import DAY_S, HOUR_S, Floats, Ints, Mask, Period
from triage.insights.seasons import DAYS, Season, hour_of_week
from triage.insights.stats import exceeds, false_discovery, overdispersion

Kind = Literal["label", "group", "term"]
LEVEL = 0.01
"""Chance of any report where nothing happens, and the share of reports that are false."""
LEAST, RISE = 5, 2.0
"""Messages that a spike has at least, and times the usual number."""
LEAST_HISTORY_DAYS = 3.0
LEAST_TOPIC = 8
"""Messages that a topic has over all the time, new and old, before it is tested at all."""
HISTORY_DAYS = 28.0
OWN_SEASON = 40.0
"""Messages that a topic's own weekdays are drawn towards the general ones with."""
OVERLAP = 0.5
"""Share of the smaller one's new messages from which on two topics are one spike."""
MOST = 10
_HOURS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """What is tested, as pairs of a topic and a message that belongs to it.

    Args:
        names: Of the topics.
        kind: What all of them are.
        topic: Of each pair, ``(m,)``.
        row: Of each pair: a place in ``at``, ``(m,)``.
        at: Moment of each message, ``(n,)``, in seconds.
        share: Share of the older messages that is looked at; the newer ones are all here.
    """

    names: tuple[str, ...]
    kind: Kind
    topic: Ints
    row: Ints
    at: Floats
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """The newest hours, and the time before them that says what is usual."""

    since: float
    begin: float
    until: float

    @classmethod
    def ending(cls, until: float, hours: float, first: float) -> "Window":
        """Return the newest hours with four weeks before them, or what there is since ``first``."""
        begin = until - hours * HOUR_S
        return cls(max(begin - HISTORY_DAYS * DAY_S, first), begin, until)

    @property
    def tells(self) -> bool:
        """Whether there is history enough to call anything usual."""
        return self.begin - self.since >= LEAST_HISTORY_DAYS * DAY_S

    @property
    def whole(self) -> Period:
        """Old and new together."""
        return Period(self.since, self.until)


@dataclass(frozen=True, slots=True, eq=False)
class Rise:
    """A topic above its usual rate.

    Args:
        kind: What the topic is: a label, a group of messages alike, or a term.
        name: Of a label or term; the number of a group.
        seen: Messages in the newest hours.
        usual: How many were expected.
        chance: Of so many where nothing happens, corrected for all that was tested.
        rows: Its new messages, as places in its own ``Topics.at``.
        before: Its old ones.
        weight: New messages that each old one lets expect.
    """

    kind: Kind
    name: str
    seen: int
    usual: float
    chance: float
    rows: Ints
    before: Ints
    weight: float


def rises(window: Window, season: Season, tested: Sequence[Topics]) -> tuple[list[Rise], int]:
    """Return the topics that rise, the surest first, and how many were tested."""
    parts = [_counted(window, season, topics) for topics in tested]
    busier = _busier(parts)
    chances: list[float] = []
    places: list[tuple[int, int]] = []
    for number, part in enumerate(parts):
        for topic in np.flatnonzero(part.total >= LEAST_TOPIC).tolist():
            mean = float(part.usual[topic]) * busier
            chances.append(exceeds(int(part.seen[topic]), mean, float(part.dispersion[topic])))
            places.append((number, topic))
    found = []
    for (number, topic), chance in zip(places, false_discovery(chances), strict=True):
        part, topics = parts[number], tested[number]
        usual = float(part.usual[topic]) * busier
        if chance > LEVEL or part.seen[topic] < max(LEAST, RISE * usual):
            continue
        rows = topics.row[topics.topic == topic]
        new = topics.at[rows] >= window.begin
        found.append(
            Rise(
                kind=topics.kind,
                name=topics.names[topic],
                seen=int(part.seen[topic]),
                usual=usual,
                chance=float(chance),
                rows=rows[new],
                before=rows[~new],
                weight=part.weight * busier,
            )
        )
    found.sort(key=lambda one: (one.chance, one.usual - one.seen, one.name))
    return found, len(chances)


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Counts of the topics of one kind, each of shape ``(n_topics,)``."""

    kind: Kind
    seen: Floats
    usual: Floats
    dispersion: Floats
    total: Floats
    weight: float


def _counted(window: Window, season: Season, topics: Topics) -> _Counted:
    count = len(topics.names)
    at = topics.at[topics.row]
    new = (at >= window.begin) & (at < window.until)
    old = (at >= window.since) & (at < window.begin)
    seen = np.bincount(topics.topic[new], minlength=count).astype(np.float64)
    before = np.bincount(topics.topic[old], minlength=count).astype(np.float64)
    weekdays = season.weekdays(window.since, window.begin) * topics.share
    # Half a message more than was seen: a topic that never came is rare, not impossible.
    rate = (before + 0.5) / max(weekdays.sum(), 1e-9)
    own = _own_weekdays(topics, old, rate, weekdays)
    usual = rate * (own @ season.weekdays(window.begin, window.until))
    spread = overdispersion(*_daily(window, season, topics, (old, rate, own)))
    weight = season.exposure(window.begin, window.until) / max(weekdays.sum(), 1e-9)
    return _Counted(topics.kind, seen, usual, spread + 1 / (before + 0.5), seen + before, weight)


def _own_weekdays(topics: Topics, old: Mask, rate: Floats, weekdays: Floats) -> Floats:
    """Return how each topic's weekdays differ from those of everything, ``(n_topics, 7)``."""
    day = hour_of_week(topics.at[topics.row[old]]) // _HOURS
    cells = topics.topic[old] * DAYS + day
    seen = np.bincount(cells, minlength=len(topics.names) * DAYS).reshape(-1, DAYS)
    expected = rate[:, None] * weekdays[None]
    factor: Floats = (seen + OWN_SEASON) / (expected + OWN_SEASON)
    return factor


def _daily(
    window: Window,
    season: Season,
    topics: Topics,
    known: tuple[Mask, Floats, Floats],
) -> tuple[Floats, Floats]:
    """Return counts and expectations by topic and stretch of 24 hours before the window."""
    old, rate, own = known
    days = max(1, int((window.begin - window.since) // DAY_S))
    back = ((window.begin - topics.at[topics.row[old]]) // DAY_S).astype(np.int64)
    inside = back < days
    cells = topics.topic[old][inside] * days + back[inside]
    seen = np.bincount(cells, minlength=len(topics.names) * days).reshape(-1, days)
    exposed = np.stack(
        [
            season.weekdays(window.begin - (day + 1) * DAY_S, window.begin - day * DAY_S)
            for day in range(days)
        ]
    )
    return seen.astype(np.float64), rate[:, None] * (own @ exposed.T) * topics.share


def _busier(parts: Sequence[_Counted]) -> float:
    """Return how much busier everything is than usual, at least 1.

    Where all topics rise together that is no spike of each. The median over the groups, weighted by
    what is usual of them, is not moved by those few that do spike.
    """
    part = next((one for one in parts if one.kind == "group" and len(one.usual)), None)
    if part is None:
        part = next((one for one in parts if one.kind == "label" and len(one.usual)), None)
    if part is None or not part.usual.sum() > 0:
        return 1.0
    ratio = part.seen / np.maximum(part.usual, 1e-9)
    order = np.argsort(ratio, kind="stable")
    weight = np.cumsum(part.usual[order])
    return max(1.0, float(ratio[order][np.searchsorted(weight, weight[-1] / 2)]))
