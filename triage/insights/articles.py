"""How articles fare: what agents do with them, and which need somebody's eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np

from triage.domain import Article
from triage.insights.frame import Decisions, Ints, Uses, places
from triage.insights.funnel import OUTCOMES, ranked
from triage.insights.stats import apart, wilson

Key = tuple[str, str]
"""Id and language."""
Concern = Literal["expired", "expiring", "old", "rejected", "falling", "unused"]
SOON_DAYS = 30
OLD_DAYS = 365
LEAST_JUDGED = 5
"""Uses and rejections below which nothing is said about a rate."""
LEAST_BUSY = 50
"""Messages with suggestions below which an article that nobody was shown is no finding."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one article in one language.

    Args:
        suggested: Answers that suggested it.
        displayed: Agents saw it and did nothing more.
        used: Sent unchanged.
        edited: Sent with changes.
        rejected: Said to be wrong.
    """

    suggested: int = 0
    displayed: int = 0
    used: int = 0
    edited: int = 0
    rejected: int = 0

    @property
    def accepted(self) -> int:
        """Times that it was sent."""
        return self.used + self.edited

    @property
    def judged(self) -> int:
        """Times that somebody sent or rejected it; what was only seen is no judgement."""
        return self.accepted + self.rejected

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share that was sent."""
        return wilson(self.accepted, self.judged)

    def __add__(self, other: "Fate") -> "Fate":
        mine = (getattr(self, name) for name in Fate.__slots__)
        theirs = (getattr(other, name) for name in Fate.__slots__)
        return Fate(*(one + another for one, another in zip(mine, theirs, strict=True)))


@dataclass(frozen=True, slots=True)
class Standing:
    """An article with its fate and what is worth a look at it."""

    article: Article
    changed_at: datetime
    fate: Fate
    concerns: tuple[Concern, ...]


def fates(decisions: Decisions, uses: Uses) -> dict[Key, Fate]:
    """Tell what became of every article that was suggested, by id and language.

    Each answer counts once for an article, with the most telling of what was done with its
    passages.
    """
    keys = [key_of(passage) for passage in decisions.passage.names]
    known = {key: code for code, key in enumerate(dict.fromkeys(keys))}
    code = np.array([known[key] for key in keys], np.int64)
    suggested = _distinct(decisions.offered, code[decisions.passage.codes])
    counts = np.zeros((len(known), 1 + len(OUTCOMES)), np.int64)
    np.add.at(counts[:, 0], suggested[1], 1)
    told = uses.of(decisions)
    told = told.where(ranked(told) >= 0)
    place = np.array([known.get(key_of(name), -1) for name in told.what.names], np.int64)
    told = told.where(place[told.what.codes] >= 0) if len(place) else told
    if len(told):
        rows, article = places(told.decision, decisions), place[told.what.codes]
        best: dict[tuple[int, int], int] = {}
        for pair, rank in zip(
            zip(rows.tolist(), article.tolist(), strict=True), ranked(told).tolist(), strict=True
        ):
            best[pair] = max(rank, best.get(pair, -1))
        for (_, at), rank in best.items():
            counts[at, 1 + rank] += 1
    return {key: Fate(*(int(n) for n in counts[at, [0, *_ORDER]])) for key, at in known.items()}


_ORDER = [1 + OUTCOMES.index(name) for name in ("displayed", "used", "edited", "rejected")]


def standings(
    stored: Sequence[tuple[Article, datetime]],
    decisions: Decisions,
    uses: Uses,
    now: datetime,
) -> list[Standing]:
    """Judge every article, those with the most concerns first, then those suggested most.

    A rate is called low only where it is surely below that of all other articles, and falling only
    where its second half is surely below its first: the intervals must not touch.
    """
    found = fates(decisions, uses)
    middle = (decisions.at.min() + decisions.at.max()) / 2 if len(decisions) else 0.0
    halves = [
        fates(decisions.where(part), uses)
        for part in (decisions.at < middle, decisions.at >= middle)
    ]
    everything = sum(found.values(), Fate())
    out = []
    for article, changed_at in stored:
        key = (article.id, article.language)
        fate = found.get(key, Fate())
        early, late = (half.get(key, Fate()) for half in halves)
        concerns = (
            *_dates(article, changed_at, now),
            *_rates(fate, everything, early, late),
            *_silence(article, fate, everything),
        )
        out.append(Standing(article, changed_at, fate, concerns))
    out.sort(key=lambda one: (-len(one.concerns), -one.fate.suggested, one.article.id))
    return out


def key_of(passage: str) -> Key:
    """Return id and language of the article that a passage is of."""
    article, _, language = passage.rpartition("#")[0].rpartition("/")
    return article, language


def _dates(article: Article, changed_at: datetime, now: datetime) -> list[Concern]:
    today: date = now.date()
    out: list[Concern] = []
    if article.valid_until and article.valid_until < today:
        out.append("expired")
    elif article.valid_until and (article.valid_until - today).days <= SOON_DAYS:
        out.append("expiring")
    if (now - changed_at).days >= OLD_DAYS:
        out.append("old")
    return out


def _rates(fate: Fate, everything: Fate, early: Fate, late: Fate) -> list[Concern]:
    out: list[Concern] = []
    others = (everything.accepted - fate.accepted, everything.judged - fate.judged)
    enough = min(fate.judged, others[1]) >= LEAST_JUDGED
    if enough and apart((fate.accepted, fate.judged), others):
        out.append("rejected")
    both = min(early.judged, late.judged) >= LEAST_JUDGED
    if both and apart((late.accepted, late.judged), (early.accepted, early.judged)):
        out.append("falling")
    return out


def _silence(article: Article, fate: Fate, everything: Fate) -> list[Concern]:
    # Internal articles are never suggested to customers; silence says nothing about them.
    if article.visibility == "internal" or fate.suggested or everything.suggested < LEAST_BUSY:
        return []
    return ["unused"]


def _distinct(rows: Ints, codes: Ints) -> tuple[Ints, Ints]:
    if not len(rows):
        return rows, codes
    pairs = np.unique(np.stack([rows, codes], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]
