"""What was displayed where, and by whom it was judged, is kept out of the figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from training.ranking.cases import (
    RAREST,
    Case,
    Cases,
    by_search,
    looks,
    shares,
    split_by_time,
    weights_of,
)
from training.ranking.measuring import (
    Change,
    Figures,
    Gate,
    breaches,
    by_history,
    compare,
    lower_bound,
    measure,
)
from triage.suggest.verdicts import Event, Handled

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = Figures(0.9, 0.8, None, 0, 0.05)
CHANGE = Change(
    cases=200,
    agents=5,
    before=Figures(0.9, 0.7, None, 0, 0.05),
    after=GOOD,
    mrr_gain=0.1,
    mrr_lower_bound=0.05,
    mrr_gain_without_any_agent=0.08,
    mrr_gain_if_unseen_is_wrong=0.06,
    recall_lower_bound=-0.01,
)


def case(
    *shown: tuple[str, Event], names: str = "abcd", agent: str = "a", message: int = 1
) -> Case:
    """Build a case in which search found articles with falling confidence."""
    at = NOW + timedelta(hours=message)
    handled = Handled(message, agent, at, "en", "text", shown)
    return Case.of(handled, tuple(names), tuple(0.9 - 0.2 * n for n in range(len(names))))


def cases(*items: Case) -> Cases:
    """Put cases together with vectors that nothing looks at."""
    return Cases(items, np.zeros((len(items), 2), np.float32))


def test_what_was_never_displayed_is_no_negative() -> None:
    """An article that nobody saw does not push the used one down in the figures."""
    used_second = cases(case(("b", "used"), ("c", "displayed")))

    found = measure(used_second, by_history(None), 0.0)

    assert found.ranks.tolist() == [1.0]
    assert found.pessimistic.tolist() == [0.5]


def test_silence_is_right_where_all_was_rejected() -> None:
    """Of messages below the threshold, those count as right whose suggestions were all rejected."""
    refused = case(("a", "rejected"), ("b", "rejected"), message=1)
    useful = case(("a", "used"), message=2)
    unclear = case(("a", "rejected"), ("b", "displayed"), message=3)

    found = measure(cases(refused, useful, unclear), by_history(None), 0.95).figures

    assert found.withheld == 3
    assert found.no_answer_precision == pytest.approx(1 / 3)


def test_uses_further_down_count_more() -> None:
    """Places that are looked at less weigh more, up to a bound."""
    top = [case(("a", "used"), ("b", "displayed"), message=n) for n in range(1, 90)]
    low = [case(("a", "displayed"), ("b", "used"), message=n) for n in range(90, 100)]
    seen = looks(cases(*top, *low))

    assert seen[0] == 1
    assert 0 < seen[1] < 0.5
    assert weights_of(cases(*top, *low)).max() == pytest.approx(RAREST, rel=0.2)


def test_no_agent_weighs_more_than_their_share() -> None:
    """One who judges most messages has at most a tenth, or twice an even share of few."""
    many = ["busy"] * 900 + [f"agent-{n % 19}" for n in range(190)]
    weights = shares(many)
    assert weights[:900].sum() / weights.sum() <= 0.1 + 1e-9

    few = shares(["busy"] * 90 + ["calm"] * 10)
    assert few[:90].sum() / few.sum() <= 2 / 3 + 1e-9
    assert shares([]).tolist() == []


def test_messages_stay_on_one_side_of_the_split() -> None:
    """A message that two agents handled is measured on, not learnt from."""
    items = [case(("a", "used"), message=n) for n in (1, 2, 3, 4)]
    twice = replace(items[3], handled=replace(items[3].handled, agent="b"))
    earlier, later = split_by_time(cases(items[0], items[1], items[3], twice, items[2]), 0.4)

    assert [one.handled.message for one in earlier.items] == [1, 2]
    assert [one.handled.message for one in later.items] == [4, 3]


def test_search_order_is_that_of_confidence() -> None:
    """Without history the surest comes first, whatever its fused score."""
    one = replace(case(("a", "used")), sure=(0.2, 0.9, 0.3, 0.1))

    assert [name for name, _ in by_search(one)] == ["b", "c", "a", "d"]


def test_bound_lies_below_the_mean() -> None:
    """Resampling tells how sure a gain is; without cases there is none."""
    gains = np.array([0.5, 0.0, 0.5, 0.0] * 50)

    assert 0.2 < lower_bound(gains, np.ones(200)) < 0.25
    assert lower_bound(np.zeros(0), np.zeros(0)) == 0


def test_gain_of_one_agent_alone_is_found() -> None:
    """The least gain is that without the agent who makes it."""
    mine = [case(("a", "used"), agent="a", message=n) for n in (1, 2)]
    theirs = [case(("b", "used"), ("a", "rejected"), agent="b", message=n) for n in (3, 4)]
    both = cases(*mine, *theirs)
    before = measure(both, by_history(None), 0.0)
    after = measure(both, lambda one, _: [(n, 0.5) for n in "bacd" if n in one.names], 0.0)

    found = compare(both, before, after)

    assert found.mrr_gain > 0
    assert found.mrr_gain_without_any_agent == 0


def test_good_ranker_passes() -> None:
    """What ranks better for several agents and is as sure as before may be used."""
    assert breaches(Gate(), CHANGE) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace(CHANGE, cases=99), "99 later messages"),
        (replace(CHANGE, agents=2), "by 2 agents"),
        (replace(CHANGE, mrr_lower_bound=0.0), "MRR rises by"),
        (replace(CHANGE, mrr_gain_without_any_agent=0.0), "one agent's alone"),
        (replace(CHANGE, mrr_gain_if_unseen_is_wrong=-0.01), "were wrong"),
        (replace(CHANGE, recall_lower_bound=-0.06), "recall@3 may fall"),
        (replace(CHANGE, after=replace(GOOD, ece=0.08)), "ECE rises"),
        (replace(CHANGE, after=replace(GOOD, no_answer_precision=0.5, withheld=8)), "8 silences"),
    ],
)
def test_each_rule_has_its_reason(change: Change, reason: str) -> None:
    """A ranker that breaks one rule is refused with that reason alone."""
    (told,) = breaches(Gate(), change)

    assert reason in told


def test_silences_are_compared_with_those_before() -> None:
    """Where search alone is silent too, its share of right silences is asked and no more."""
    before = replace(CHANGE.before, no_answer_precision=0.2, withheld=50)
    after = replace(GOOD, no_answer_precision=0.3, withheld=40)

    assert breaches(Gate(), replace(CHANGE, before=before, after=after)) == []
