"""What agents did with suggestions for similar messages, as a third signal beside hybrid scores.

The signal is a shift of a suggestion's log-odds. Where history tells nothing the shift is zero and
the answer is that of hybrid search to the last bit.

- **Position.** Agents read from the top. A suggestion is held against an article only where it was
  rejected, or displayed above one that was used; whatever stood below, and whatever was never
  displayed, is no negative (the cascade model: Craswell et al. 2008; skip above: Joachims 2002).
- **Poison.** An agent counts at most once for an article and a neighbourhood of messages, whatever
  they do and however often; the strongest agent is then left out. So one agent alone moves
  nothing, and beside others at most as much as one of them. Who contradicts the others all over is
  not heard at all. Memory is shared out evenly among agents, so that nobody can crowd out the
  others. Agents are who the desk says they are: a desk that lies about names can outvote its own.
- **Age.** What was done counts half after each half-life.
- **Privacy.** Vectors are made of the texts that the journal keeps, in memory alone, at most
  ``MOST``; they are gone with their rows, by erasure or retention. A journal that keeps no texts
  leaves what is known of an article in general.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors
from triage.suggest.verdicts import Handled, Vote, contrary, votes_of

LARGEST = 4.0
"""Largest shift of the log-odds, up or down: odds change 50 times at most."""
LARGEST_WEIGHT = 10.0
"""Of a sound ranker; a shift is bounded anyway."""
PRIOR = 2.0
"""Agents without an opinion that each article is given, so that few agents say little."""
_OLDEST = 3_650.0
Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranker:
    """A small model of how much history counts; data only, made by ``triage-train ranking``.

    Args:
        encoders: Fingerprint of the embedder whose cosines it was fitted on.
        used: Log-odds for each unit of ``log(1 + agents who used it for similar messages)``.
        rejected: The same for rejections, counted down.
        refused: Log-odds lost by an article that every agent refuses whenever they see it.
        half_life_days: Age at which feedback counts half.
        near: Lowest cosine at which a message counts as similar.
    """

    encoders: str
    used: float
    rejected: float
    refused: float
    half_life_days: float
    near: float

    @property
    def weights(self) -> Features:
        """Weights in the order of ``History.features``, shape ``(3,)``."""
        return np.array([self.used, self.rejected, self.refused], np.float64)

    def is_sound(self) -> bool:
        """Tell whether every number is finite and within its bounds: use never speaks against."""
        weights = all(0 <= weight <= LARGEST_WEIGHT for weight in self.weights.tolist())
        return weights and 0 < self.half_life_days <= _OLDEST and 0 <= self.near < 1


class History:
    """What is remembered at one moment; immutable.

    Args:
        ranker: How much it counts.
        handled: Messages with at least one verdict, at most ``MOST``.
        vectors: Of their texts, shape ``(n, dim)``; a row of zeros is near nothing.
        now: Ages are counted from here.

    Attributes:
        left_out: Agents who are not heard, since they contradict the others.
    """

    def __init__(
        self, ranker: Ranker, handled: Sequence[Handled], vectors: Vectors, now: datetime
    ) -> None:
        self.ranker = ranker
        self.size = len(handled)
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        cast = votes_of(handled, ranker.half_life_days, now)
        self.left_out = contrary(cast, self._vectors, ranker.near)
        votes = [vote for vote in cast if vote[2] not in self.left_out]
        triples = list(dict.fromkeys(vote[:3] for vote in votes))
        pairs = list(dict.fromkeys(triple[:2] for triple in triples))
        number = {triple: place for place, triple in enumerate(triples)}
        of_pair = {pair: place for place, pair in enumerate(pairs)}
        self._pairs = pairs
        self._pair_of = np.array([of_pair[triple[:2]] for triple in triples], np.int64)
        self._triple_of = np.array([number[vote[:3]] for vote in votes], np.int64)
        self._rows = np.array([vote[3] for vote in votes], np.int64)
        self._strengths = np.array([vote[4] for vote in votes], np.float32)
        self._refused = _refused(votes)
        self._general = {
            article: ranker.refused * share for article, share in self._refused.items()
        }

    def rank(
        self, articles: Sequence[str], sure: Sequence[float], question: Vectors, considered: int
    ) -> list[tuple[int, float, float]]:
        """Order what hybrid search found by confidence; return place, confidence and shift.

        Args:
            articles: Ids in the order of hybrid search.
            sure: Their confidences by hybrid scores alone.
            question: Vector of the message, shape ``(dim,)``.
            considered: Hits that hybrid search alone looks at; of those behind, history must speak
                for one that is to be listed.
        """
        near = self._support(question)
        ranked = []
        for place, (article, confidence) in enumerate(zip(articles, sure, strict=True)):
            shift = self._general.get(article, 0.0)
            if article in near:
                shift = self._shift(near[article], shift)
            if place < considered or shift > 0:
                ranked.append((place, shifted(confidence, shift), shift))
        ranked.sort(key=lambda one: -one[1])
        return ranked

    def features(self, articles: Sequence[str], question: Vectors) -> Features:
        """Describe articles by what history tells, shape ``(n, 3)``; see ``Ranker``."""
        near = self._support(question)
        rows = [(*_logs(near.get(one)), self._refused.get(one, 0.0)) for one in articles]
        return np.array(rows, np.float64).reshape(-1, 3)

    def _shift(self, support: tuple[float, float], general: float) -> float:
        used, rejected = _logs(support)
        shift = self.ranker.used * used + self.ranker.rejected * rejected + general
        return max(-LARGEST, min(LARGEST, shift))

    def _support(self, question: Vectors) -> dict[str, tuple[float, float]]:
        """Count agents who used and who rejected each article for messages like this one.

        Each counts by the similarity and the age of their best case, and the strongest is left out.
        """
        if not len(self._rows):
            return {}
        least = self.ranker.near
        near = self._vectors @ question
        close = np.flatnonzero((near >= least)[self._rows])
        if not len(close):
            return {}
        likeness = (near[self._rows[close]] - least) / (1 - least)
        pulls = likeness * likeness * self._strengths[close]
        triples = self._triple_of[close]
        first = _starts(triples)
        best = np.minimum(np.maximum.reduceat(pulls, first), np.float32(1))
        pairs = self._pair_of[triples[first]]
        begin = _starts(pairs)
        rest = np.add.reduceat(best, begin) - np.maximum.reduceat(best, begin)
        found: dict[str, tuple[float, float]] = {}
        told = np.flatnonzero(rest > 0)
        for pair, support in zip(pairs[begin[told]].tolist(), rest[told].tolist(), strict=True):
            article, wrong = self._pairs[pair]
            used, rejected = found.get(article, (0.0, 0.0))
            found[article] = (used, support) if wrong else (support, rejected)
        return found


def shifted(confidence: float, shift: float) -> float:
    """Move a probability by log-odds; no shift leaves its every bit."""
    if shift == 0 or confidence in {0.0, 1.0}:
        return confidence
    odds = confidence / (1 - confidence) * math.exp(shift)
    return odds / (1 + odds)


def _refused(votes: Sequence[Vote]) -> dict[str, float]:
    """Weigh articles that are refused all over, from -1 to 0: the mean of the agents' own means.

    That an article is used says only that it is displayed where it fits: what is seldom displayed
    would lose to it (recall@3 of simulated desks that display what is likely fell by 0.03).
    An agent's mean leans to zero by one message without a verdict; the strongest is left out.
    """
    shares = {}
    for article, of_article in groupby(votes, key=lambda vote: vote[0]):
        sums: dict[str, tuple[float, float]] = {}
        for _, wrong, agent, _, strength in of_article:
            good, all_ = sums.get(agent, (0.0, 0.0))
            sums[agent] = (good - strength if wrong else good + strength, all_ + strength)
        means = [good / (all_ + 1) for good, all_ in sums.values()]
        rest = sum(means) - min(means)
        if rest < 0 and len(means) > 1:
            shares[article] = rest / (len(means) - 1 + PRIOR)
    return shares


def _logs(support: tuple[float, float] | None) -> tuple[float, float]:
    used, rejected = support or (0.0, 0.0)
    return math.log1p(used), -math.log1p(rejected)


def _starts(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find where each run of equal values begins."""
    first = np.empty(len(values), bool)
    first[0] = True
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return np.flatnonzero(first)
