"""Measure how well suggestions are ranked, and judge whether a ranker may be put in use.

What was never displayed is no negative: recall and reciprocal ranks look at the order of displayed
articles alone, the others taken out (condensed lists: Sakai 2007). The gate also looks at the other
extreme, as if all that was not displayed were wrong, which no better ranking should lose by much.
Agents look at what stands on top more often, so uses further down count more (inverse propensity).
Where three suggestions or fewer are displayed recall@3 cannot change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.metrics import expected_calibration_error
from training.ranking.cases import Case, Cases, Floats, by_search, weights_of
from triage.suggest.history import History
from triage.suggest.suggester import CONSIDERED

TOP = 3
DRAWS = 2_000
"""Bootstrap samples (Efron 1979)."""
SURE = 0.05
"""One-sided error of the lower bound."""
Ranked = list[tuple[str, float]]
"""Articles with their confidences, best first."""
Ranking = Callable[[Case, NDArray[np.float32]], Ranked]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a ranker must keep on later feedback.

    Args:
        min_cases: Messages with a right answer that it takes to judge.
        min_agents: Agents who must have handled them.
        max_recall_drop: How far recall@3 may fall, by its lower bound: what agents used by mistake
            counts as right, and a better ranker loses it.
        max_unseen_drop: How far MRR may fall if all that was not displayed were wrong.
        min_no_answer: Share of silences that must be right, where silences are new.
        max_ece_rise: How far the calibration error may rise.
    """

    min_cases: int = 100
    min_agents: int = 3
    max_recall_drop: float = 0.05
    max_unseen_drop: float = 0.005
    min_no_answer: float = 0.8
    max_ece_rise: float = 0.02


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one way to rank; those of nothing are None."""

    recall_at_3: float
    mrr: float
    no_answer_precision: float | None
    withheld: int
    ece: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Figures with what each case counts, rows over the cases that have a right answer.

    ``pessimistic`` are reciprocal ranks with what was not displayed taken as wrong.
    """

    figures: Figures
    recalls: Floats
    ranks: Floats
    pessimistic: Floats


@dataclass(frozen=True, slots=True)
class Change:
    """What changes from one way to rank to another, over ``cases`` with a right answer.

    ``mrr_gain_without_any_agent`` is the least gain when the cases of any one agent are left out.
    """

    cases: int
    agents: int
    before: Figures
    after: Figures
    mrr_gain: float
    mrr_lower_bound: float
    mrr_gain_without_any_agent: float
    mrr_gain_if_unseen_is_wrong: float
    recall_lower_bound: float


def by_history(history: History | None) -> Ranking:
    """Rank with a history, or by search alone."""

    def rank(case: Case, vector: NDArray[np.float32]) -> Ranked:
        if history is None:
            return by_search(case)
        found = history.rank(case.names, case.sure, vector, CONSIDERED)
        return [(case.names[place], confidence) for place, confidence, _ in found]

    return rank


def measure(cases: Cases, ranking: Ranking, threshold: float) -> Measured:
    """Rank all cases and compare with what turned out right.

    Args:
        cases: Later than all that the ranking learnt from.
        ranking: Orders what search found.
        threshold: Confidence below which nothing is suggested.
    """
    weights = weights_of(cases)
    ranks, pessimistic, counted, silent, judged = [], [], [], [], []
    for row, case in enumerate(cases.items):
        ranked = ranking(case, cases.vectors[row])
        if case.right:
            names = [name for name, _ in ranked]
            pessimistic.append(_reciprocal(names, case))
            known = [name for name in names if case.known is None or name in case.known]
            ranks.append(_reciprocal(known, case))
            counted.append(weights[row])
        if not ranked or ranked[0][1] < threshold:
            silent.append(case.unanswerable)
        judged += _judged(case, ranked)
    mean, found = _mean_of(np.array(counted)), np.array(ranks, np.float64)
    recalls = np.asarray(found >= 1 / TOP, np.float64)
    figures = Figures(
        recall_at_3=mean(recalls),
        mrr=mean(found),
        no_answer_precision=float(np.mean(silent)) if silent else None,
        withheld=len(silent),
        ece=_ece(judged),
    )
    return Measured(figures, recalls, found, np.array(pessimistic, np.float64))


def compare(cases: Cases, before: Measured, after: Measured) -> Change:
    """Tell what changed on the same cases, with one-sided 95 % lower bounds by paired bootstrap."""
    agents = [case.handled.agent for case in cases.items if case.right]
    weights = weights_of(cases)[[bool(case.right) for case in cases.items]]
    gain = after.ranks - before.ranks
    without = [
        _mean_of(weights[others])(gain[others])
        for agent in sorted(set(agents))
        if (others := np.array([one != agent for one in agents])).any()
    ]
    return Change(
        cases=len(agents),
        agents=len(set(agents)),
        before=before.figures,
        after=after.figures,
        mrr_gain=_mean_of(weights)(gain),
        mrr_lower_bound=lower_bound(gain, weights),
        mrr_gain_without_any_agent=min(without, default=0.0),
        mrr_gain_if_unseen_is_wrong=_mean_of(weights)(after.pessimistic - before.pessimistic),
        recall_lower_bound=lower_bound(after.recalls - before.recalls, weights),
    )


def breaches(gate: Gate, change: Change) -> list[str]:
    """List every rule that a ranker breaks; empty where it may be put in use."""
    if change.cases < gate.min_cases or change.agents < gate.min_agents:
        held = f"{change.cases} later messages with a used suggestion by {change.agents} agents"
        return [f"{held}; it takes {gate.min_cases} by {gate.min_agents} to judge"]
    told = []
    if change.mrr_lower_bound <= 0:
        rise = f"MRR rises by {change.mrr_gain:+.4f}"
        told.append(f"{rise}, with 95 % certainty by no more than {change.mrr_lower_bound:+.4f}")
    if change.mrr_gain_without_any_agent <= 0:
        told.append("the gain in MRR is one agent's alone")
    if change.mrr_gain_if_unseen_is_wrong < -gate.max_unseen_drop:
        lost = -change.mrr_gain_if_unseen_is_wrong
        told.append(f"MRR would fall by {lost:.4f} if what was not displayed were wrong")
    fall = -change.recall_lower_bound
    if fall > gate.max_recall_drop:
        told.append(f"recall@3 may fall by {fall:.4f}; {gate.max_recall_drop:g} is allowed")
    told += _silences(gate, change.before, change.after)
    if change.before.ece is not None and change.after.ece is not None:
        rise_by = change.after.ece - change.before.ece
        if rise_by > gate.max_ece_rise:
            told.append(f"ECE rises by {rise_by:.3f}; {gate.max_ece_rise:g} is allowed")
    return told


def lower_bound(differences: Floats, weights: Floats, seed: int = 0) -> float:
    """Bound a weighted mean from below by resampling cases, shape ``(n,)``; 0 without any."""
    if not len(differences):
        return 0.0
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(differences), size=(DRAWS, len(differences)))
    means = (differences[rows] * weights[rows]).sum(axis=1) / weights[rows].sum(axis=1)
    return float(np.quantile(means, SURE))


def _reciprocal(names: Sequence[str], case: Case) -> float:
    places = [place for place, name in enumerate(names, 1) if name in case.right]
    return 1 / places[0] if places else 0.0


def _silences(gate: Gate, before: Figures, after: Figures) -> list[str]:
    if after.no_answer_precision is None:
        return []
    least = before.no_answer_precision
    least = gate.min_no_answer if least is None else min(least, gate.min_no_answer)
    if after.no_answer_precision >= least:
        return []
    share = f"no-answer precision is {after.no_answer_precision:.3f}"
    return [f"{share} over {after.withheld} silences; {least:.3f} is asked"]


def _judged(case: Case, ranked: Ranked) -> list[tuple[float, bool]]:
    """Pair the confidences of the first judged articles with whether they were right."""
    first = ranked[:TOP]
    return [(sure, case.verdicts[name] > 0) for name, sure in first if name in case.verdicts]


def _ece(judged: Sequence[tuple[float, bool]]) -> float | None:
    if not judged:
        return None
    sure, right = zip(*judged, strict=True)
    return float(expected_calibration_error(np.array(sure), np.array(right, bool)))


def _mean_of(weights: Floats) -> Callable[[Floats], float]:
    total = weights.sum() if len(weights) else 0.0
    return lambda values: float(values @ weights / total) if total else 0.0
