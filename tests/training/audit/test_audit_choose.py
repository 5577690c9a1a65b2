"""Which messages to label next."""

from time import perf_counter

import numpy as np
import pytest

from training.audit.choose import choose_next, doubt_of, shares_of
from triage.encoders.base import Vectors


def drawn(count: int, dim: int = 16, seed: int = 0) -> Vectors:
    """Draw rows of unit length."""
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def texts(count: int) -> list[str]:
    """Write so many different texts."""
    return [
        f"message {chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}"
        for i in range(count)
    ]


def test_doubt_is_one_less_the_margin() -> None:
    """Doubt is averaged over tasks, and the least sure task is named."""
    found = doubt_of(
        {
            "queue": np.asarray([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25]]),
            "mood": np.asarray([[0.5, 0.5], [1.0, 0.0]]),
            "only": np.asarray([[1.0], [1.0]]),
        }
    )

    assert found.value.tolist() == pytest.approx([1 - 1.8 / 3, 1 - 2.05 / 3])
    assert found.task == ("mood", "queue")


def test_the_most_doubtful_of_each_cluster_is_chosen() -> None:
    """Of messages that say much the same one is taken, the most doubtful."""
    centres = drawn(5)
    vectors = np.repeat(centres, 20, axis=0) + 0.02 * drawn(100, seed=1)
    vectors = np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
    doubt = np.random.default_rng(2).random(100) * 0.5 + 0.25

    found = choose_next(vectors, doubt, texts(100), ["en"] * 100, 5)

    assert sorted(row // 20 for row in found.tolist()) == [0, 1, 2, 3, 4]
    assert all(doubt[row] == doubt[row // 20 * 20 : row // 20 * 20 + 20].max() for row in found)


def test_sure_messages_stay_behind() -> None:
    """Messages the model is sure of are not chosen while there are doubtful ones."""
    doubt = np.append(np.full(50, 0.9), np.full(950, 0.01))

    found = choose_next(drawn(1000), doubt, texts(1000), ["en"] * 1000, 5)

    assert found.max() < 50


def test_every_language_has_a_share() -> None:
    """A language of few messages is not drowned by a large one."""
    codes = ["en"] * 960 + ["da"] * 40

    found = choose_next(drawn(1000), np.full(1000, 0.5), texts(1000), codes, 100)

    assert len(found) == 100
    assert sum(row >= 960 for row in found.tolist()) >= 5


def test_shares_follow_doubt_and_never_pass_what_is_there() -> None:
    """Shares add up, and no language gets more than it has."""
    codes = np.asarray(["en"] * 90 + ["da"] * 7 + ["ro"] * 3)
    doubt = np.append(np.full(90, 0.1), np.full(10, 0.9))

    shares = shares_of(codes, doubt, 50)

    assert shares["da"] <= 7
    assert shares["ro"] <= 3
    assert sum(shares.values()) <= 50
    assert shares_of(codes[:0], doubt[:0], 5) == {}


def test_labelled_copies_and_empty_messages_are_passed_over() -> None:
    """What says the same as a labelled or another message teaches nothing."""
    vectors = drawn(10)
    vectors[1] = vectors[0]
    words = [*texts(9), ""]

    found = choose_next(vectors, np.full(10, 0.5), words, ["en"] * 10, 10, labelled=vectors[5:6])

    assert len(found) == 7
    assert not {5, 9} & set(found.tolist())
    assert len({0, 1} & set(found.tolist())) == 1


def test_nothing_to_choose_gives_nothing() -> None:
    """Empty input is an empty answer."""
    assert len(choose_next(drawn(0), np.zeros(0), [], [], 5)) == 0
    assert len(choose_next(drawn(2), np.ones(2), ["", ""], ["en", "en"], 5)) == 0


def test_the_same_seed_chooses_the_same() -> None:
    """A choice can be repeated."""
    doubt = np.random.default_rng(0).random(500)
    runs = [choose_next(drawn(500), doubt, texts(500), ["en"] * 500, 40, seed=7) for _ in range(2)]

    assert runs[0].tolist() == runs[1].tolist()


def test_time_grows_linearly() -> None:
    """Four times the messages take well below sixteen times the time."""
    taken = []
    for count in (5_000, 20_000):
        vectors, doubt = drawn(count), np.random.default_rng(0).random(count)
        words = [str(i) + "x" * (i % 7) + chr(97 + i % 26) for i in range(count)]
        begun = perf_counter()
        choose_next(vectors, doubt, words, ["en"] * count, 50)
        taken.append(perf_counter() - begun)

    assert taken[1] < 12 * max(taken[0], 0.05)
