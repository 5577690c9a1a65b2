"""What agents did with suggestions, and what it says: who found which article right or wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

import numpy as np

from triage.encoders.base import Vectors

Event = Literal["displayed", "used", "edited", "rejected"]
MOST = 1_000
"""Messages remembered; comparing a question with all of them takes less than 0.1 ms."""
SKIPPED = 0.5
"""What being passed over for one further down counts, beside an explicit rejection."""
HEARD = 10
"""Verdicts on what others found right, and on what they found wrong, that it takes to tell."""
AGREEMENT = 0.2
"""Least difference between the shares; below it an agent is not heard."""
_DAY = 86_400.0
_USED = ("used", "edited")
_STRENGTH: Mapping[Event, int] = {"displayed": 0, "rejected": 1, "edited": 2, "used": 2}
Vote = tuple[str, bool, str, int, float]
"""Article, whether it was wrong, agent, row, strength; sorted by them."""


@dataclass(frozen=True, slots=True)
class Handled:
    """A message as one agent handled it.

    Args:
        message: Number of the decision.
        agent: The desk's id; empty for all who were not named, together.
        at: When feedback came.
        language: Of the message.
        text: What the journal keeps of it; empty where it keeps nothing.
        shown: Article and event of each suggestion that was displayed, best first.
        brand: That the message came for.
    """

    message: int
    agent: str
    at: datetime
    language: str
    text: str
    shown: tuple[tuple[str, Event], ...]
    brand: str | None = None


def stronger(one: Event, other: Event) -> Event:
    """Return what says more of two things that were done with a suggestion."""
    return one if _STRENGTH[one] > _STRENGTH[other] else other


def judge(shown: Sequence[tuple[str, Event]]) -> dict[str, float]:
    """Tell which displayed articles were right (1) and wrong (down to -1); others stay unknown."""
    lowest = max((place for place, (_, event) in enumerate(shown) if event in _USED), default=-1)
    verdicts: dict[str, float] = {}
    for place, (article, event) in enumerate(shown):
        if event in _USED:
            verdicts[article] = 1.0
        elif event == "rejected":
            verdicts[article] = -1.0
        elif place < lowest:
            verdicts.setdefault(article, -SKIPPED)
    return verdicts


def fair_share(handled: Sequence[Handled], most: int = MOST) -> list[Handled]:
    """Keep the newest of each agent in turn, so that a busy one crowds out nobody; oldest first."""
    newest = sorted(handled, key=lambda one: (one.at, one.message), reverse=True)
    turns: dict[str, int] = {}
    numbered = []
    for place, one in enumerate(newest):
        turn = turns[one.agent] = turns.get(one.agent, 0) + 1
        numbered.append((turn, place))
    kept = sorted(place for _, place in sorted(numbered)[:most])
    return [newest[place] for place in reversed(kept)]


def votes_of(handled: Sequence[Handled], half_life: float, now: datetime) -> list[Vote]:
    """List the verdicts of agents, each worth its strength halved by every half-life, sorted."""
    votes = []
    for row, one in enumerate(handled):
        age = max(0.0, (now.astimezone(UTC) - one.at.astimezone(UTC)).total_seconds() / _DAY)
        fresh = 0.5 ** (age / half_life)
        for article, verdict in judge(one.shown).items():
            votes.append((article, verdict < 0, one.agent, row, abs(verdict) * fresh))
    return sorted(votes)


def contrary(votes: Sequence[Vote], vectors: Vectors, near: float) -> set[str]:
    """Name agents whose verdicts on like messages tell no more of those of others than chance.

    An agent finds a share right of what others found right, and a share of what they found wrong.
    The difference (Youden 1950) is 0 for one who rejects all, though most of what is displayed is
    wrong; that of the simulated careful agents is 0.45 to 0.7.

    Args:
        votes: Sorted.
        vectors: Of the messages, shape ``(n, dim)``.
        near: Lowest cosine at which a message counts as similar.
    """
    told: dict[str, list[tuple[bool, bool]]] = {}
    for _, of_article in groupby(votes, key=lambda vote: vote[0]):
        mine = list(of_article)
        rows = vectors[[vote[3] for vote in mine]]
        agents = np.array([vote[2] for vote in mine])
        signs = np.array([-1.0 if vote[1] else 1.0 for vote in mine], np.float32)
        strengths = np.array([vote[4] for vote in mine], np.float32)
        likeness = np.maximum(rows @ rows.T - np.float32(near), 0) ** 2
        likeness[agents[:, None] == agents] = 0
        others = likeness @ (signs * strengths)
        for agent, sign, other in zip(
            agents.tolist(), signs.tolist(), others.tolist(), strict=True
        ):
            if other:
                told.setdefault(agent, []).append((other > 0, sign > 0))
    return {agent for agent, pairs in told.items() if _is_contrary(pairs)}


def _is_contrary(pairs: Sequence[tuple[bool, bool]]) -> bool:
    good = [mine for others, mine in pairs if others]
    bad = [mine for others, mine in pairs if not others]
    if min(len(good), len(bad)) < HEARD:
        return False
    return sum(good) / len(good) - sum(bad) / len(bad) < AGREEMENT
