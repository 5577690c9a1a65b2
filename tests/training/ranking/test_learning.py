"""Ranking learns from simulated agents whose tastes are known, and one liar does not move it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from training.ranking.cases import Cases, by_search
from training.ranking.learning import fit_ranker
from training.ranking.measuring import Change, by_history, measure
from training.ranking.quality import Desk, Report, in_truth, report_on, topics_of
from training.ranking.run import learn
from training.ranking.simulate import POISONER, Simulated, World, poison, simulate
from triage.errors import ConfigError
from triage.knowledge.finder import shipped_tools
from triage.knowledge.importer import read_articles
from triage.suggest.history import History
from triage.suggest.verdicts import judge

ENCODERS, DATA = Path("models/encoders"), Path("data")
WORLD = World(messages=2_400, shown=3, seed=1)


@dataclass(frozen=True, eq=False)
class Office:
    """A desk over the shipped help centre, with what its agents did."""

    desk: Desk
    clean: Sequence[Simulated]
    report: Report

    def later(self, simulated: Sequence[Simulated]) -> Cases:
        """Return the cases after all learning, with what is right."""
        cases = self.desk.cases(simulated)
        later = cases[len(cases) - round(len(cases) * WORLD.test_share) :]
        return in_truth(later, simulated)


@pytest.fixture(scope="module")
def office() -> Office:
    """Simulate agents over the shipped help centre once; they see three suggestions."""
    desk = Desk(read_articles(DATA / "articles"), shipped_tools(ENCODERS, "tiny"))
    clean = simulate(topics_of(DATA / "questions"), desk.display, WORLD)
    return Office(desk, clean, report_on(desk, clean, WORLD))


def gain(change: Change) -> tuple[float, float]:
    """Return how recall@3 and MRR change."""
    before, after = change.before, change.after
    return after.recall_at_3 - before.recall_at_3, after.mrr - before.mrr


def test_ranking_learns_what_agents_prefer(office: Office) -> None:
    """On later messages the right article stands among the first three more often."""
    recall, mrr = gain(office.report.changes["all"])

    assert recall > 0.01
    assert mrr > 0.05
    assert office.report.learnt.refused == []


def test_questions_nobody_asked_before_lose_nothing(office: Office) -> None:
    """What is learnt for some messages does not cost the others."""
    recall, mrr = gain(office.report.changes["new questions"])

    assert recall > -0.01
    assert mrr > -0.01


def test_silence_and_confidence_get_no_worse(office: Office) -> None:
    """Confidences stay probabilities, and what is left unanswered is rather unanswerable."""
    change = office.report.changes["all"]

    assert change.before.ece is not None
    assert change.after.ece is not None
    assert change.after.ece <= change.before.ece
    assert change.after.ece < 0.06
    assert (change.after.no_answer_precision or 0) >= (change.before.no_answer_precision or 0)


def test_one_poisoner_does_not_move_it(office: Office) -> None:
    """An agent who answers half of all messages with one wrong article changes little."""
    wrong = min(one.right for one in office.clean if one.right)
    poisoned = report_on(office.desk, poison(office.clean, wrong, 0.5), WORLD)
    recall, mrr = gain(poisoned.changes["all"])
    honest_recall, honest_mrr = gain(office.report.changes["all"])

    assert recall > 0
    assert recall > honest_recall - 0.02
    assert mrr > honest_mrr - 0.02


def test_pushed_article_comes_up_no_more_often(office: Office) -> None:
    """What one agent pushes stands wrongly among the first three as often as without the push."""
    wrong = min(one.right for one in office.clean if one.right)
    learnt = report_on(office.desk, poison(office.clean, wrong, 0.5), WORLD).learnt
    later = office.later(office.clean)

    def shown(history: History) -> int:
        ranking = by_history(history)
        pairs = zip(later.items, later.vectors, strict=True)
        firsts = [(case, [name for name, _ in ranking(case, row)[:3]]) for case, row in pairs]
        return sum(wrong in first for case, first in firsts if wrong not in case.right)

    assert learnt.rows["agents_left_out"] == 1
    assert shown(learnt.history) <= 1.1 * shown(office.report.learnt.history) + 2


def test_the_only_agent_teaches_nothing(office: Office) -> None:
    """With one agent there is no second opinion: order and confidences stay those of search."""
    alone = [replace(one, handled=replace(one.handled, agent="a")) for one in office.clean]
    cases = office.desk.cases(alone)
    learnt = office.desk.learn(cases)
    ranking = by_history(learnt.history)

    assert learnt.refused
    for case, vector in zip(cases.items, cases.vectors, strict=True):
        assert ranking(case, vector) == by_search(case)


def test_what_agents_preferred_long_ago_fades(office: Office) -> None:
    """Feedback that is years old moves the ranking less than the same feedback of today."""
    learnt = office.report.learnt
    judged = [one.handled for one in office.clean if judge(one.handled.shown)][:500]
    cases = office.desk.cases([Simulated(one, None) for one in judged])
    now = judged[-1].at
    case, vector = cases.items[0], cases.vectors[0]
    shifts = []
    for years in (0, 1, 5):
        then = now + timedelta(days=365 * years)
        remembered = History(learnt.ranker, judged, cases.vectors, then)
        ranked = remembered.rank(case.names, case.sure, vector, 10)
        shifts.append(max(abs(shift) for _, _, shift in ranked))

    assert shifts[0] > 2 * shifts[1]
    assert shifts[2] < 0.01


def test_same_feedback_gives_the_same_ranker(office: Office) -> None:
    """Learning depends on nothing but the feedback."""
    cases = office.desk.cases(office.clean[:800])

    assert fit_ranker(cases, "f") == fit_ranker(cases, "f")


def test_one_sided_feedback_is_refused(office: Office) -> None:
    """Where nobody rejects or passes over anything, there is nothing to compare."""
    rosy = [
        replace(one, handled=replace(one.handled, shown=((one.right, "used"),)))
        for one in office.clean[:300]
        if one.right
    ]
    cases = office.desk.cases(rosy)

    with pytest.raises(ConfigError, match="only right or only wrong"):
        fit_ranker(cases, "f")


def test_a_worse_champion_is_beaten_and_an_equal_one_stays(office: Office) -> None:
    """A new ranker is compared with what answers now, whatever that is."""
    cases = office.desk.cases(office.clean)
    again = partial(learn, cases, office.report.learnt.ranker.encoders, 0.3)
    first = again()

    assert again(champion=first.ranker).refused
    worse = again(champion=replace(first.ranker, used=0.0, rejected=0.0, refused=5.0))
    assert worse.change.mrr_lower_bound > 0
    assert worse.beside_search == first.change
    assert again(champion=replace(first.ranker, encoders="others")).change == first.change


def test_too_little_feedback_is_told(office: Office) -> None:
    """A handful of messages is no ground to rank on."""
    few = office.desk.cases(office.clean[:1])
    with pytest.raises(ConfigError, match="too few to learn from"):
        learn(few, "f", 0.3)

    some = learn(office.desk.cases(office.clean[:200]), "f", 0.3)
    assert len(some.refused) == 1
    assert "it takes 100 by 3 to judge" in some.refused[0]


def test_agents_in_the_simulation_favour_the_top(office: Office) -> None:
    """Uses fall with the place, and what stands below a use is not looked at."""
    uses = np.zeros(WORLD.shown)
    for one in office.clean:
        events = [event for _, event in one.handled.shown]
        place = next((n for n, event in enumerate(events) if event in {"used", "edited"}), None)
        if place is not None:
            uses[place] += 1
            assert set(events[place + 1 :]) <= {"displayed"}

    assert uses.tolist() == sorted(uses.tolist(), reverse=True)
    assert POISONER not in {one.handled.agent for one in office.clean}


def test_figures_of_nothing_are_none(office: Office) -> None:
    """No cases, no figures, no failure."""
    empty = office.desk.cases([])
    found = measure(empty, by_history(None), 0.3).figures

    assert (found.recall_at_3, found.mrr) == (0.0, 0.0)
    assert found.no_answer_precision is None
    assert found.ece is None
