"""Labels are settled by weight of who says so, and nobody passes their share."""

import pytest

from training.config import AGENT_CAP
from training.ingest.opinions import FLOOR, Opinion, Settlement, allowance, settle


def said(
    place: int, label: str, agent: str | None = "ann", *, final: bool = False, guessed: str = "x"
) -> Opinion:
    """Set a label."""
    return Opinion((place, "category"), label, agent, final, guessed)


def only(*opinions: Opinion) -> Settlement:
    """Settle opinions about one place."""
    return settle(opinions)


def kind_of(*opinions: Opinion) -> tuple[str, str, str | None] | None:
    """Settle one place and tell label, kind, and who is charged."""
    found = settle(opinions).labels.get((1, "category"))
    return (found.label, found.kind, found.charged) if found else None


def test_nothing_said_settles_nothing() -> None:
    """An empty store teaches nothing."""
    assert settle([]).labels == {}


def test_one_agent_alone_is_charged() -> None:
    """The last word of an agent counts, and it is that agent's."""
    assert kind_of(said(1, "a"), said(1, "b")) == ("b", "single", "ann")


def test_agents_who_agree_are_charged_nothing() -> None:
    """Two of them are more than one twice."""
    assert kind_of(said(1, "a"), said(1, "a", "bob")) == ("a", "agreed", None)
    assert kind_of(said(1, "a"), said(1, "a")) == ("a", "single", "ann")


def test_contradiction_is_not_learnt() -> None:
    """Two against each other, and two against two, settle nothing."""
    pair = only(said(1, "a"), said(1, "b", "bob"))
    four = only(*(said(1, label, name) for label, name in zip("aabb", "wxyz", strict=True)))

    assert pair.labels == four.labels == {}
    assert pair.contradictions == four.contradictions == {(1, "category")}
    assert pair.dissent == ()


def test_minority_is_overruled_and_told() -> None:
    """A majority of more than half wins; who was against it is counted."""
    found = only(said(1, "a"), said(1, "a", "bob"), said(1, "b", "eve"))

    assert found.labels[1, "category"].label == "a"
    assert [(one.agent, one.judged, one.overruled) for one in found.dissent] == [("eve", 1, 1)]


def test_final_goes_before_clicks() -> None:
    """What the ticket was closed with counts, against any number of agents."""
    clicks = (said(1, "a"), said(1, "a", "bob"))

    assert kind_of(*clicks, said(1, "c", None, final=True)) == ("c", "final", None)
    assert kind_of(said(1, "c", None, final=True), *clicks) == ("c", "final", None)
    found = only(*clicks, said(1, "c", None, final=True))
    assert {one.agent for one in found.dissent} == {"ann", "bob"}


def test_last_final_counts() -> None:
    """A ticket that was opened again is closed again."""
    first, last = (said(1, label, None, final=True) for label in "ab")

    assert kind_of(first, last) == ("b", "final", None)


def test_final_that_echoes_one_click_is_that_agents() -> None:
    """The desk closes with what the agent set there: it is no second opinion."""
    final = said(1, "a", None, final=True)

    assert kind_of(said(1, "a"), final) == ("a", "final", "ann")
    assert kind_of(said(1, "a"), said(1, "a", "bob"), final) == ("a", "final", None)
    assert kind_of(said(1, "a", "ann", final=True)) == ("a", "final", "ann")
    assert kind_of(said(1, "a"), said(1, "a", "ann", final=True)) == ("a", "final", "ann")
    assert kind_of(said(1, "a", "bob"), said(1, "a", "ann", final=True)) == ("a", "final", None)


def test_feedback_without_an_agent_is_one_agent() -> None:
    """Leaving the name out buys no second voice and no share of its own."""
    many = [said(place, "a", None) for place in range(500)]
    others = [said(1_000 + place, "a", f"agent-{place % 50}") for place in range(500)]
    found = settle([*many, *others])

    assert kind_of(said(1, "a", None), said(1, "a", None)) == ("a", "single", "")
    assert found.capped[0].agent == ""
    assert found.capped[0].kept < 100


@pytest.mark.parametrize(
    ("counts", "free", "cap", "most"),
    [
        ([], 0, 0.1, FLOOR),
        ([500], 0, 0.1, FLOOR),
        ([500] * 5, 0, 0.1, FLOOR),
        ([500] * 20, 0, 0.1, 500),
        ([30] * 30 + [900], 0, 0.1, 100),
        ([900], 900, 0.1, 100),
        ([900], 900, 1.0, 900),
        ([5, 5], 0, 0.5, FLOOR),
    ],
)
def test_allowance_satisfies_itself(counts: list[int], free: int, cap: float, most: int) -> None:
    """The share is of what is kept, so giving more does not raise the bound."""
    assert allowance(counts, free, cap) == pytest.approx(most, abs=1)


@pytest.mark.parametrize("flood", [100, 1_000, 20_000])
def test_one_agent_is_bounded_however_much_they_send(flood: int) -> None:
    """A tenth at most of what is learnt, corrections and confirmations each."""
    honest = [said(place, "a", f"agent-{place % 40}") for place in range(800)]
    poison = [said(10_000 + place, "b", "eve") for place in range(flood)]
    echo = [said(50_000 + place, "x", "eve") for place in range(flood)]
    found = settle([*honest, *poison, *echo])
    corrections = [one for one in found.labels.values() if one.corrects]
    mine = [one for one in corrections if one.charged == "eve"]

    assert len(mine) <= AGENT_CAP * len(corrections) + 1
    assert len(corrections) - len(mine) == 800
    assert sum(not one.corrects for one in found.labels.values()) == FLOOR
    assert (found.capped[0].agent, found.capped[0].given) == ("eve", 2 * flood)


def test_agents_are_treated_alike_whoever_they_are() -> None:
    """Whatever is left out, the order in which places came in does not choose it."""
    rows = [said(place, "a", "eve") for place in range(200)]

    assert settle(rows).labels.keys() == settle(rows[::-1]).labels.keys()
    assert settle(rows).labels.keys() != settle(rows, seed=1).labels.keys()


def test_small_desk_teaches_too() -> None:
    """With two agents nobody can keep to a tenth; a few labels of each are taken."""
    rows = [said(place, "a", "ann" if place % 2 else "bob") for place in range(60)]

    assert len(settle(rows).labels) == 2 * FLOOR
    assert len(settle(rows, cap=1.0).labels) == 60
