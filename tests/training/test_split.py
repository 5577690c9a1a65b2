"""Twins, groups and time never leak over the split."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import examples_of
from training.datasets import Examples
from training.split import cluster, folds, split
from triage.errors import ExportError


def table(count: int, **more: list[str]) -> Examples:
    """Build rows with two labels; ``more`` are columns of that length."""
    rows = [
        {
            "text": f"message {chr(97 + i % 26)}{chr(97 + i // 26)}",
            "kind": "xy"[i % 2],
            **{name: values[i] for name, values in more.items()},
        }
        for i in range(count)
    ]
    return examples_of(rows, ["kind"])


def test_one_group_cannot_be_split() -> None:
    """Rows that all belong together leave one side empty."""
    with pytest.raises(ExportError, match="one group"):
        split(table(10, group=["all"] * 10), 0.2, 0)


def test_one_day_with_one_requester_cannot_be_split() -> None:
    """Newest rows that are tied to older ones leave no test side."""
    examples = table(
        4, group=["all"] * 4, time=["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    )

    with pytest.raises(ExportError, match="--test"):
        split(examples, 0.25, 0)


def test_sides_are_whole_and_apart() -> None:
    """Every row stands on exactly one side, in its share."""
    sides = split(table(200), 0.2, 0)

    assert sorted([*sides.train, *sides.test]) == list(range(200))
    assert 30 <= len(sides.test) <= 50


def test_labels_are_spread() -> None:
    """Both sides have the labels in their shares."""
    examples = table(200)

    held = split(examples, 0.2, 0).test

    assert 0.4 <= np.mean([examples.labels["kind"][i] == "x" for i in held]) <= 0.6


def test_groups_stay_together() -> None:
    """All rows of a requester stand on one side."""
    groups = [f"g{i // 5}" for i in range(100)]

    sides = split(table(100, group=groups), 0.2, 0)

    assert {groups[i] for i in sides.train}.isdisjoint({groups[i] for i in sides.test})


def test_near_equal_texts_stay_together() -> None:
    """Case, digits, spaces and punctuation do not make a text another one."""
    texts = ["Order 123 is late!", "order 456 is  late", "ORDER 789 IS LATE?", "something else"]
    examples = examples_of([{"text": t, "kind": "x"} for t in texts], ["kind"])

    numbers = cluster(examples)

    assert len(set(numbers[:3].tolist())) == 1
    assert numbers[3] != numbers[0]


def test_groups_and_texts_chain() -> None:
    """A group and a twin tie rows together through a third."""
    rows = [
        {"text": "one", "kind": "x", "group": "a"},
        {"text": "two", "kind": "x", "group": "a"},
        {"text": "Two", "kind": "x", "group": "b"},
        {"text": "six", "kind": "x", "group": "b"},
    ]

    assert len(set(cluster(examples_of(rows, ["kind"])).tolist())) == 1


def test_dates_split_by_time() -> None:
    """With dates the newest rows are the test side."""
    times = [f"2026-01-{1 + i % 28:02d}" for i in range(100)]

    sides = split(table(100, time=times), 0.2, 0)

    assert sides.rule == "newest rows"
    assert max(times[i] for i in sides.train) < min(times[i] for i in sides.test)


def test_old_requesters_stay_out_of_the_newest() -> None:
    """A newest row of a group that wrote before is no test row, nor is its twin."""
    times = [f"2026-01-{1 + i:02d}" for i in range(20)]
    groups = [f"g{i}" for i in range(19)] + ["g0"]

    sides = split(table(20, time=times, group=groups), 0.2, 0)

    assert 19 not in sides.test
    assert {16, 17, 18} <= set(sides.test.tolist())


def test_a_missing_date_falls_back_to_groups() -> None:
    """Time decides only when every row has one."""
    times = ["2026-01-01"] * 99 + [""]

    assert split(table(100, time=times), 0.2, 0).rule == "stratified, groups kept together"


def test_same_seed_gives_the_same_split() -> None:
    """The seed decides, and another one gives another split."""
    examples = table(100)

    first, again, other = (split(examples, 0.2, seed).test.tolist() for seed in (1, 1, 2))

    assert first == again != other


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from("abcd"), min_size=4, max_size=60),
    st.integers(2, 6),
    st.integers(0, 3),
)
def test_folds_never_cut_a_cluster(labels: list[str], count: int, seed: int) -> None:
    """Whatever the labels, every row has a fold and clusters stay whole."""
    clusters = np.arange(len(labels)) // 2

    numbers = folds(labels, clusters, count, seed)

    assert len(numbers) == len(labels)
    for value in np.unique(clusters):
        assert len(set(numbers[clusters == value].tolist())) == 1
    assert set(numbers.tolist()) <= set(range(count))
