"""Feedback as cases to learn from: what search finds for a message, and what turned out right."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors
from triage.knowledge.remembering import embedded
from triage.suggest.calibrator import RetrievalCalibrator
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import CONSIDERED, WIDER
from triage.suggest.verdicts import Handled, fair_share, judge

LESSONS = 5_000
"""Messages looked at, shared out evenly among agents; the newest of each."""
BLOCK = 256
RAREST = 5.0
"""Largest weight of a use for its place."""
Floats = NDArray[np.float64]
Truth = Mapping[int, str | None]
"""Article that answers each message; None where none does."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message with what search found for it.

    Args:
        handled: What the agent did.
        names: Articles in the order of search, at most ``WIDER``.
        sure: Their confidences by search alone.
        verdicts: Articles that were right (1) or wrong (down to -1).
        right: Articles that answer it, where that is known.
        unanswerable: Whether every article that was displayed was rejected.
        known: Articles that figures may look at; all where None.
    """

    handled: Handled
    names: tuple[str, ...]
    sure: tuple[float, ...]
    verdicts: Mapping[str, float]
    right: frozenset[str]
    unanswerable: bool
    known: frozenset[str] | None = None

    @classmethod
    def of(cls, handled: Handled, names: Sequence[str], sure: Sequence[float]) -> Self:
        """Read a case out of what the agent did."""
        verdicts = judge(handled.shown)
        right = frozenset(name for name, verdict in verdicts.items() if verdict > 0)
        refused = all(event == "rejected" for _, event in handled.shown)
        known = frozenset(name for name, _ in handled.shown)
        return cls(handled, tuple(names), tuple(sure), verdicts, right, refused, known)


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Cases in the order of time, with the vectors of their messages, shape ``(n, dim)``."""

    items: Sequence[Case]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, part: slice | list[int]) -> "Cases":
        rows = range(len(self.items))[part] if isinstance(part, slice) else part
        return Cases([self.items[row] for row in rows], self.vectors[part])

    def without(self, agents: Collection[str]) -> "Cases":
        """Leave out what some agents handled."""
        return self[[row for row, agent in enumerate(self.agents) if agent not in agents]]

    @property
    def agents(self) -> list[str]:
        """Who handled each."""
        return [case.handled.agent for case in self.items]


def find_cases(
    handled: Sequence[Handled],
    index: PassageIndex,
    calibrator: RetrievalCalibrator,
    advance: Callable[[int], None] = lambda _: None,
) -> Cases:
    """Search the articles of today with every message whose text was kept.

    Args:
        handled: What agents did.
        index: The knowledge base.
        calibrator: Gives confidences by search alone.
        advance: Hears of every so many messages.
    """
    kept = fair_share([one for one in handled if one.text.strip()], LESSONS)
    items: list[Case] = []
    vectors = np.zeros((len(kept), index.embedder.encoders.dim), np.float32)
    for start in range(0, len(kept), BLOCK):
        some = kept[start : start + BLOCK]
        made = embedded(index.embedder, some)
        vectors[start : start + BLOCK] = made
        queries = [
            Query(one.text, one.language, vector, Filters(one.at.date(), one.brand))
            for one, vector in zip(some, made, strict=True)
        ]
        every = index.find_all(queries, WIDER, list(made))
        for one, found in zip(some, every, strict=True):
            sure = calibrator.confidences(found, one.text)
            items.append(Case.of(one, [hit.name for hit in found], sure))
        advance(len(some))
    return Cases(items, vectors)


def split_by_time(cases: Cases, test_share: float) -> tuple[Cases, Cases]:
    """Part cases at a moment; a message that two agents handled stays on the later side."""
    border = len(cases) - round(len(cases) * test_share)
    later = {case.handled.message for case in cases.items[border:]}
    earlier = [
        row for row, case in enumerate(cases.items[:border]) if case.handled.message not in later
    ]
    return cases[earlier], cases[border:]


def shares(agents: Sequence[str]) -> Floats:
    """Weigh cases so that no agent counts for too much, shape ``(n,)``, mean 1.

    An agent has at most a tenth of the weight, or where there are few of them twice an even share.
    """
    counts = Counter(agents)
    if not counts:
        return np.zeros(0)
    most = max(0.1, 2 / (len(counts) + 1))
    # The largest number of cases per agent with which nobody has more than that share.
    cap = next(
        (
            cap
            for cap in sorted(set(counts.values()), reverse=True)
            if cap <= most * sum(min(count, cap) for count in counts.values())
        ),
        min(counts.values()),
    )
    weights = np.array([min(1.0, cap / counts[agent]) for agent in agents], np.float64)
    return np.asarray(weights / weights.mean(), np.float64)


def looks(cases: Cases) -> Floats:
    """Estimate how often each place is looked at beside the first, shape ``(places,)``, at most 1.

    Uses at a place, over what search expected there by its confidences: a position-based model
    (Joachims et al. 2017, "Unbiased Learning-to-Rank") with calibrated confidences as relevance.
    """
    places = max((len(case.handled.shown) for case in cases.items), default=0)
    used, expected = np.ones(places), np.ones(places)
    for case in cases.items:
        sure = dict(zip(case.names, case.sure, strict=True))
        for place, (name, event) in enumerate(case.handled.shown):
            used[place] += event in {"used", "edited"}
            expected[place] += sure.get(name, 0.0)
    rates = used / expected
    return np.asarray(np.minimum(np.minimum.accumulate(rates / rates[:1]), 1.0), np.float64)


def weights_of(cases: Cases) -> Floats:
    """Weigh cases by agent, and what was used by how seldom its place is looked at, ``(n,)``.

    Weights of places are cut at ``RAREST``, so that a few do not decide alone.
    """
    seen, weights = looks(cases), shares(cases.agents)
    for row, case in enumerate(cases.items):
        used = [place for place, (name, _) in enumerate(case.handled.shown) if name in case.right]
        if case.known is not None and used:
            weights[row] *= min(RAREST, 1 / seen[used[0]])
    return weights


def by_search(case: Case) -> list[tuple[str, float]]:
    """Order what search found by confidence, as it is suggested without history."""
    found = zip(case.names[:CONSIDERED], case.sure[:CONSIDERED], strict=True)
    return sorted(found, key=lambda pair: -pair[1])
