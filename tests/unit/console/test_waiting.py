"""What waits most dearly comes first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.console.waiting import Targets, Wanted, queue, read_targets, waiting
from triage.errors import ConfigError
from triage.storage.inbox import Item, Outcome, Recorded

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGETS = read_targets("urgent=15m, high=1h, normal=8h, low=1d")


def item(
    number: int,
    minutes: float,
    priority: str | None = "normal",
    confidence: float = 1.0,
    labels: Mapping[str, str] | None = None,
    handled: bool = False,
) -> Item:
    """Record a message that came some minutes ago."""
    answer = {"label": priority, "top_label": priority, "confidence": confidence,
        "decision": "automate", "reason": None}  # fmt: skip
    recorded = Recorded(
        number, f"m{number}", NOW - timedelta(minutes=minutes), "b", "en", None, None,
        {"priority": answer} if priority else {}, (), None, "redacted", f"text {number}",
    )  # fmt: skip
    outcome = Outcome(labels or {}, {}, handled, "anna", NOW) if labels or handled else None
    return Item(recorded, outcome)


def order(*items: Item) -> list[int]:
    """Return the numbers of messages as the queue puts them."""
    waits = queue(items, TARGETS, NOW, Wanted(state="all"))
    return [one.item.recorded.number for one in waits]


def test_the_share_of_the_target_decides() -> None:
    """Ten minutes of a quarter of an hour weigh more than a quarter of a day."""
    assert order(item(1, 120, "normal"), item(2, 10, "urgent"), item(3, 30, "high")) == [2, 3, 1]


def test_an_unsure_priority_counts_for_less() -> None:
    """A message that is urgent with 0.3 waits less dearly than one that surely is."""
    sure, unsure = item(1, 10, "urgent", 1.0), item(2, 10, "urgent", 0.3)

    assert waiting(sure, TARGETS, NOW).dearness == pytest.approx(10 / 15)
    assert waiting(unsure, TARGETS, NOW).dearness == pytest.approx(0.3 * 10 / 15 + 0.7 * 10 / 480)


def test_an_agents_priority_is_certain() -> None:
    """What an agent set counts in full, and sets the target."""
    one = waiting(item(1, 10, "low", 0.4, {"priority": "urgent"}), TARGETS, NOW)

    assert one.target == timedelta(minutes=15)
    assert one.dearness == pytest.approx(10 / 15)


def test_handled_messages_stand_behind_all_others() -> None:
    """However late one was answered, it waits no more."""
    done = waiting(item(1, 9_999, "urgent", handled=True), TARGETS, NOW)

    assert (done.dearness, done.late, done.handled) == (0.0, False, True)
    assert order(item(1, 9_999, "urgent", handled=True), item(2, 1, "low")) == [2, 1]


def test_without_a_priority_the_middle_counts() -> None:
    """A task that a desk left out, and a priority of its own, take the target in the middle."""
    for one in (item(1, 480, None), item(1, 480, "vip")):
        found = waiting(one, TARGETS, NOW)

        assert found.target == timedelta(hours=8)
        assert found.dearness == pytest.approx(1.0)


def test_targets_without_a_normal_take_their_middle() -> None:
    """A desk may name its priorities as it likes."""
    assert read_targets("p1=1h p2=4h p3=1d").middle == timedelta(hours=4)


@pytest.mark.parametrize("text", ["", "urgent", "urgent=", "urgent=0m", "urgent=soon", "=5m,x"])
def test_targets_that_are_none_are_refused(text: str) -> None:
    """A typing error is told with the form that is right."""
    with pytest.raises(ConfigError, match=r"TRIAGE_RESPONSE_TARGETS.*urgent=15m"):
        read_targets(text)


def test_a_clock_set_back_makes_no_negative_wait() -> None:
    """A message from the future has waited for nothing."""
    assert waiting(item(1, -50), TARGETS, NOW).dearness == 0


@given(
    minutes=st.lists(st.floats(0, 1e6), min_size=2, max_size=8),
    priority=st.sampled_from(["urgent", "high", "normal", "low"]),
)
def test_of_one_priority_the_oldest_comes_first(minutes: list[float], priority: str) -> None:
    """Nobody of the same priority is overtaken."""
    items = [item(number, one, priority) for number, one in enumerate(minutes)]
    found = [minutes[number] for number in order(*items)]

    assert all(a >= b - 1e-3 for a, b in pairwise(found))


def test_search_takes_all_words_in_any_case() -> None:
    """Every word must stand in the text or the id, letters of all languages folded."""
    recorded = Targets(TARGETS.spans)
    one = waiting(item(7, 5), recorded, NOW)

    assert Wanted(search="TEXT 7").takes(one)
    assert Wanted(search="m7").takes(one)
    assert not Wanted(search="text 8").takes(one)
