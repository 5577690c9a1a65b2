"""What agents did before moves suggestions, by agents and not by clicks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from triage.encoders.base import Vectors
from triage.suggest.history import LARGEST, History, Ranker, shifted
from triage.suggest.verdicts import Event, Handled, fair_share, judge, stronger

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RANKER = Ranker("fingerprint", 2.0, 2.0, 1.0, half_life_days=30, near=0.5)
QUESTION = np.array([1, 0], np.float32)
FAR = np.array([0, 1], np.float32)


def handled(agent: str, *shown: tuple[str, Event], days: float = 0, message: int = 1) -> Handled:
    """Build a message that an agent handled some days ago."""
    return Handled(message, agent, NOW - timedelta(days=days), "en", "text", shown)


def used(agent: str, article: str = "right", days: float = 0) -> Handled:
    """Build a message for which one article was used."""
    return handled(agent, (article, "used"), days=days)


def history(*items: Handled, vectors: Vectors | None = None, ranker: Ranker = RANKER) -> History:
    """Remember messages that are all like the question, unless vectors are given."""
    rows = np.tile(QUESTION, (len(items), 1)) if vectors is None else vectors
    return History(ranker, items, rows, NOW)


def shift_of(remembered: History, article: str = "right", question: Vectors = QUESTION) -> float:
    """Return what a history adds to the log-odds of an article."""
    return remembered.rank([article], [0.5], question, 10)[0][2]


def test_only_what_was_judged_is_a_verdict() -> None:
    """What stood below the used one stays unknown, and what stood above counts half as wrong."""
    shown: list[tuple[str, Event]] = [
        ("above", "displayed"),
        ("refused", "rejected"),
        ("right", "edited"),
        ("below", "displayed"),
    ]

    assert judge(shown) == {"above": -0.5, "refused": -1.0, "right": 1.0}


def test_displayed_alone_says_nothing() -> None:
    """An agent who used nothing may not have looked."""
    assert judge([("a", "displayed"), ("b", "displayed")]) == {}
    assert judge([("a", "displayed"), ("b", "rejected")]) == {"b": -1.0}


def test_events_are_put_together() -> None:
    """What an agent did last with a suggestion does not hide that they used it."""
    assert stronger("displayed", "used") == "used"
    assert stronger("edited", "rejected") == "edited"


def test_one_agent_alone_moves_nothing() -> None:
    """However often one agent says so, it takes a second one."""
    flood = [used("a17", days=day) for day in range(50)]

    assert shift_of(history(*flood)) == 0
    assert shift_of(history(*flood, used("a18"))) > 0


def test_an_agent_counts_once_for_an_article_and_like_messages() -> None:
    """Repeating it does not raise what an agent's vote is worth; other agents do."""
    plain = replace(RANKER, refused=0.0)
    once = history(used("a"), used("b"), used("c"), ranker=plain)
    often = history(used("a"), used("b"), used("c"), *[used("b")] * 20, ranker=plain)
    more = history(used("a"), used("b"), used("c"), used("d"), ranker=plain)

    assert shift_of(often) == shift_of(once) < shift_of(more)


def test_one_liar_among_others_moves_no_more_than_one_vote() -> None:
    """A flood of rejections by one agent takes nothing away from what others use."""
    honest = [used(agent) for agent in "abcd"]
    flood = [handled("liar", ("right", "rejected")) for _ in range(50)]
    plain = replace(RANKER, refused=0.0)

    assert shift_of(history(*honest, *flood, ranker=plain)) == shift_of(
        history(*honest, ranker=plain)
    )
    assert shift_of(history(*honest, *flood)) > 0


def test_rejections_by_several_push_down() -> None:
    """What two agents reject for like messages loses log-odds."""
    two = [handled(agent, ("wrong", "rejected")) for agent in "ab"]

    assert shift_of(history(*two), "wrong") < 0


def test_old_feedback_counts_less() -> None:
    """After a half-life a vote is worth half, and after many next to nothing."""
    shifts = [
        shift_of(history(*(used(agent, days=days) for agent in "abc"))) for days in (0, 30, 60, 600)
    ]

    assert shifts == sorted(shifts, reverse=True)
    assert 0 < shifts[-1] < 0.01 < shifts[0]


def test_feedback_from_the_future_counts_as_new() -> None:
    """A clock that runs ahead gives nobody more than a whole vote."""
    ahead = history(used("a", days=-400), used("b", days=-400))

    assert shift_of(ahead) == shift_of(history(used("a"), used("b")))


def test_unlike_messages_say_what_is_refused_in_general() -> None:
    """What agents refuse loses a little everywhere; what they use gains for like messages alone."""
    remembered = history(*(handled(agent, ("wrong", "rejected")) for agent in "ab"))

    assert shift_of(remembered, "wrong") < shift_of(remembered, "wrong", FAR) < 0
    assert shift_of(remembered, "other", FAR) == 0
    assert shift_of(history(used("a"), used("b")), question=FAR) == 0


def test_shift_is_bounded() -> None:
    """Not even a hundred agents make an article certain."""
    crowd = [used(f"agent-{number}") for number in range(100)]

    assert shift_of(history(*crowd, ranker=replace(RANKER, used=10.0))) == LARGEST


def test_message_without_a_text_is_near_nothing() -> None:
    """A journal that keeps no texts leaves what is known of an article in general."""
    zeros = np.zeros((2, 2), np.float32)
    remembered = history(used("a"), used("b"), vectors=zeros)

    assert shift_of(remembered) == shift_of(remembered, question=FAR)


def test_silent_history_leaves_every_bit() -> None:
    """Where nothing is known of any hit, order and confidences are those of search."""
    remembered = history(used("a", "elsewhere"), used("b", "elsewhere"))
    sure = [0.1 + 0.2, 0.7, 1 / 3]

    ranked = remembered.rank(["x", "y", "z"], sure, QUESTION, 2)

    assert ranked == [(1, 0.7, 0.0), (0, 0.1 + 0.2, 0.0)]


def test_what_search_ranks_low_comes_up_when_history_speaks_for_it() -> None:
    """Hits behind those that search alone looks at count only where agents used them."""
    remembered = history(used("a"), used("b"), used("c"))

    ranked = remembered.rank(["first", "second", "right"], [0.4, 0.3, 0.2], QUESTION, 2)

    assert [place for place, _, _ in ranked] == [2, 0, 1]


def test_empty_history_has_nothing_to_say() -> None:
    """No message at all is no special case."""
    empty = history(vectors=np.zeros((0, 2), np.float32))

    assert empty.rank(["a"], [0.5], QUESTION, 10) == [(0, 0.5, 0.0)]
    assert empty.features(["a"], QUESTION).tolist() == [[0.0, 0.0, 0.0]]


def test_memory_is_shared_out_evenly() -> None:
    """A busy agent crowds out nobody; of each the newest stay."""
    use: tuple[str, Event] = ("a", "used")
    busy = [handled("busy", use, days=age / 10, message=age) for age in range(90)]
    calm = [handled("calm", use, days=50 + age, message=100 + age) for age in range(3)]

    kept = fair_share([*busy, *calm], 6)

    assert [one.message for one in kept] == [102, 101, 100, 2, 1, 0]


@pytest.mark.parametrize("shift", [-3.0, 0.5, 4.0])
def test_shift_moves_the_log_odds(shift: float) -> None:
    """A shifted probability has the odds times the exponential; certainty stays."""
    moved = shifted(0.3, shift)

    assert moved / (1 - moved) == pytest.approx(0.3 / 0.7 * np.exp(shift))
    assert shifted(1.0, shift) == 1.0
    assert shifted(0.0, shift) == 0.0


def told_apart(agent: str, *, contrary: bool = False) -> list[Handled]:
    """Let an agent use one article and reject another a dozen times, or the other way round."""
    events: tuple[Event, Event] = ("rejected", "used") if contrary else ("used", "rejected")
    return [handled(agent, ("right", events[0]), ("wrong", events[1])) for _ in range(12)]


def test_who_contradicts_all_others_is_not_heard() -> None:
    """An agent whose verdicts are the reverse of the others' has no part in what is remembered."""
    honest = [one for agent in "abc" for one in told_apart(agent)]
    remembered = history(*honest, *told_apart("liar", contrary=True))

    assert remembered.left_out == {"liar"}
    assert shift_of(remembered) == shift_of(history(*honest))


def test_who_rejects_everything_is_not_heard() -> None:
    """Rejecting all there is tells nothing, though most of what is displayed is wrong."""
    honest = [one for agent in "abc" for one in told_apart(agent)]
    sour = [handled("sour", ("right", "rejected"), ("wrong", "rejected")) for _ in range(12)]

    assert history(*honest, *sour).left_out == {"sour"}


def test_a_few_contradictions_silence_nobody() -> None:
    """It takes several messages to tell who contradicts the others."""
    honest = [one for agent in "abc" for one in told_apart(agent)]

    assert history(*honest, *told_apart("new", contrary=True)[:5]).left_out == set()


@pytest.mark.parametrize(
    "broken",
    [
        replace(RANKER, used=-1.0),
        replace(RANKER, refused=float("nan")),
        replace(RANKER, near=1.0),
        replace(RANKER, half_life_days=0.0),
    ],
)
def test_unsound_rankers_are_told(broken: Ranker) -> None:
    """A weight below zero, out of bounds or no number is not served."""
    assert RANKER.is_sound()
    assert not broken.is_sound()
