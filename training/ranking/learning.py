"""Fit how much history counts: a logistic model of three weights on top of the search's log-odds.

A displayed article was right or wrong (``triage.suggest.history.judge``); the log-odds that search
gives it are taken as they are, and three weights tell how much each piece of history adds. They are
not below zero: that it was used never speaks against an article.

Only messages whose suggestions an agent judged are seen, and what is judged depends on what was
right. Such a choice moves the intercept of a logistic model and leaves its slopes (Prentice and
Pyke 1979), so an intercept is fitted and thrown away: confidences keep the level of the search's
calibrator.

Agents are parted into groups, each group is fitted apart, and the median of each weight is taken
(median of means: Minsker 2015): one agent who lies spoils one group of several.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from training.ranking.cases import Cases, Floats, shares
from triage.errors import ConfigError
from triage.suggest.history import History, Ranker
from triage.suggest.verdicts import fair_share

HALF_LIVES = (30.0, 120.0)
"""Half-lives tried, in days."""
NEAR = (0.3, 0.45, 0.6)
"""Cosines tried from which on a message is similar."""
GROUPS = 5
"""Groups of agents, at most one for each agent."""
BLOCKS = 10
"""Parts of the training time; each is described by what was known before it began."""
WIDTH = 2.0
"""Standard deviation of the normal prior on each weight, in log-odds."""
MOST, LEVEL = 5.0, 5.0
"""Largest weight, and largest intercept."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Judged articles: what history told of each, ``(n, 3)``, beside ``(n,)`` of the rest.

    ``agents`` are the numbers of the agents who judged.
    """

    features: Floats
    offsets: Floats
    right: NDArray[np.bool_]
    weights: Floats
    agents: NDArray[np.int64]

    def of_agents(self, chosen: NDArray[np.int64]) -> "Rows":
        """Keep the rows of some agents."""
        kept = np.isin(self.agents, chosen)
        return Rows(
            self.features[kept],
            self.offsets[kept],
            self.right[kept],
            self.weights[kept],
            self.agents[kept],
        )


def fit_ranker(cases: Cases, encoders: str) -> Ranker:
    """Fit a ranker on cases in the order of time.

    Args:
        cases: None of them used to measure it.
        encoders: Fingerprint of the embedder that made their vectors.

    Raises:
        ConfigError: When nothing was right or nothing wrong, so that nothing can be fitted.
    """
    tried = []
    for half_life, near in product(HALF_LIVES, NEAR):
        plain = Ranker(encoders, 1.0, 1.0, 1.0, half_life, near)
        rows = describe(cases, plain)
        if len(set(rows.right.tolist())) < 2:  # noqa: PLR2004 - right and wrong
            raise ConfigError(
                "The feedback judges suggestions only right or only wrong.",
                fix="Send what agents reject as well as what they use, over a longer time.",
            )
        weights = _median_fit(rows)
        used, rejected, refused = (round(float(weight), 4) for weight in weights)
        ranker = replace(plain, used=used, rejected=rejected, refused=refused)
        tried.append((_loss(rows, weights), ranker))
    return min(tried, key=lambda pair: pair[0])[1]


def describe(cases: Cases, ranker: Ranker) -> Rows:
    """Describe each judged article by what history knew of it before."""
    features, offsets, right, weights, agents = [], [], [], [], []
    number = {agent: place for place, agent in enumerate(dict.fromkeys(cases.agents))}
    weight_of = shares(cases.agents)
    for history, part in _blocks(cases, ranker):
        for row in part:
            case = cases.items[row]
            judged = [place for place, name in enumerate(case.names) if name in case.verdicts]
            if not judged:
                continue
            names = [case.names[place] for place in judged]
            features.append(history.features(names, cases.vectors[row]))
            sure = np.clip([case.sure[place] for place in judged], 1e-9, 1 - 1e-9)
            offsets.append(np.log(sure / (1 - sure)))
            verdicts = np.array([case.verdicts[name] for name in names])
            right.append(verdicts > 0)
            weights.append(np.abs(verdicts) * weight_of[row])
            agents.append(np.full(len(names), number[case.handled.agent]))
    if not features:
        none = np.zeros(0)
        return Rows(np.zeros((0, 3)), none, none.astype(bool), none, none.astype(np.int64))
    parts = map(np.concatenate, (features, offsets, right, weights, agents))
    return Rows(*parts)


def history_of(cases: Cases, ranker: Ranker) -> History:
    """Remember cases as a service would at the moment of the last one."""
    handled = [case.handled for case in cases.items]
    row_of = {(one.message, one.agent): row for row, one in enumerate(handled)}
    kept = fair_share(handled)
    rows = [row_of[one.message, one.agent] for one in kept]
    return History(ranker, kept, cases.vectors[rows], handled[-1].at)


def contrary_agents(cases: Cases, encoders: str) -> set[str]:
    """Name agents who contradict the others all over: nothing is learnt from them."""
    return history_of(cases, Ranker(encoders, 1.0, 1.0, 1.0, HALF_LIVES[-1], NEAR[0])).left_out


def _blocks(cases: Cases, ranker: Ranker) -> Iterator[tuple[History, Sequence[int]]]:
    """Part the cases in time, each part with the history before it; the first has none.

    What another agent did before with a message of the part is left out: it would be its own twin.
    """
    borders = np.linspace(0, len(cases), BLOCKS + 1).astype(int)
    for begin, end in zip(borders[1:-1].tolist(), borders[2:].tolist(), strict=True):
        meant = {case.handled.message for case in cases.items[begin:end]}
        before = [row for row in range(begin) if cases.items[row].handled.message not in meant]
        if before:
            yield history_of(cases[before], ranker), range(begin, end)


def _median_fit(rows: Rows) -> Floats:
    """Fit each group of agents apart and take the median of each weight, shape ``(3,)``.

    Agents are dealt out in the order of how much they judged, so that groups are of like size.
    """
    numbers, counts = np.unique(rows.agents, return_counts=True)
    dealt = numbers[np.argsort(-counts, kind="stable")]
    groups = [dealt[turn::GROUPS] for turn in range(min(GROUPS, len(dealt)))]
    return np.asarray(np.median([_fit(rows.of_agents(group)) for group in groups], axis=0))


def _fit(rows: Rows) -> Floats:
    signs = np.where(rows.right, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = rows.offsets + rows.features @ weights[:3] + weights[3]
        prior = weights[:3] / WIDTH**2
        value = rows.weights @ np.logaddexp(0, -signs * scores) + prior @ weights[:3] / 2
        slope = -rows.weights * signs / (1 + np.exp(np.clip(signs * scores, -60, 60)))
        gradient = np.append(rows.features.T @ slope + prior, slope.sum())
        return float(value), gradient

    bounds = [(0.0, MOST)] * 3 + [(-LEVEL, LEVEL)]
    found = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:3], np.float64)


def _loss(rows: Rows, weights: Floats) -> float:
    """Compute the loss of weights at the level that suits them best."""
    signs = np.where(rows.right, 1.0, -1.0)
    scores = rows.offsets + rows.features @ weights

    def at(level: float) -> float:
        return float(rows.weights @ np.logaddexp(0, -signs * (scores + level)))

    return float(minimize_scalar(at, bounds=(-LEVEL, LEVEL), method="bounded").fun)
