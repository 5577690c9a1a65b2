"""Twins, groups and time never leak over the split."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import examples_of
from training.config import SplitConfig
from training.datasets import Examples, join
from training.split import chosen, cluster, folds, instants, split, split_off
from triage.errors import ConfigError, ExportError


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


def days(count: int) -> list[str]:
    """Write the first days of a year, one a row."""
    return [f"2026-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(count)]


def test_one_group_cannot_be_split() -> None:
    """Rows that all belong together leave one side empty."""
    with pytest.raises(ExportError, match="one group"):
        split(table(10, group=["all"] * 10), SplitConfig(), 0)


def test_nothing_cannot_be_split() -> None:
    """No row at all is refused like one group."""
    for by in ("group", "random", None):
        with pytest.raises(ExportError, match="one group"):
            split(table(0), SplitConfig(by), 0)


def test_one_requester_cannot_be_split_by_time() -> None:
    """Newest rows that are all tied to older ones leave no row to measure on."""
    examples = table(4, group=["all"] * 4, time=days(4))

    with pytest.raises(ExportError, match="--group ''"):
        split(examples, SplitConfig(), 0)


def test_one_date_cannot_be_split_by_time() -> None:
    """Rows of one instant have no newest."""
    with pytest.raises(ExportError, match="one date"):
        split(table(9, time=["2026-01-01"] * 9), SplitConfig(), 0)
    with pytest.raises(ExportError, match="calibration part"):
        split(table(9, time=["2026-01-01"] * 5 + ["2026-01-02"] * 4), SplitConfig(), 0)


@pytest.mark.parametrize("by", [None, "time"])
def test_missing_dates_are_refused_by_row(by: Literal["time"] | None) -> None:
    """Where some rows have a date, the split does not silently go by group."""
    times = ["2026-01-01"] * 7 + [""] * 8

    with pytest.raises(ExportError, match=r"8 of 15 rows.*rows 8, 9, 10, 11, 12 and 3 more") as e:
        split(table(15, time=times), SplitConfig(by), 0)

    assert "--split group" in str(e.value)
    assert e.value.row == 8


def test_missing_dates_name_their_file() -> None:
    """Of several exports the file is named beside the row."""
    dated = table(3, time=days(3))
    both = replace(join([dated, table(2)]), sources=("a.csv",) * 3 + ("b.csv",) * 2)

    with pytest.raises(ExportError, match=r"b.csv row 1, b.csv row 2"):
        chosen(both, SplitConfig())


def test_time_without_dates_is_refused() -> None:
    """A split by time that was asked for needs dates."""
    with pytest.raises(ExportError, match="--time"):
        split(table(9), SplitConfig("time"), 0)


def test_unreadable_dates_are_refused_by_row() -> None:
    """What is no ISO 8601 date is named, with what to write."""
    times = [*days(5), "31/12/2026", "yesterday"]

    with pytest.raises(ExportError, match=r"2 rows have no ISO 8601 date: rows 6, 7.*2026-03-31"):
        split(table(7, time=times), SplitConfig(), 0)


@pytest.mark.parametrize(
    ("by", "test", "calibration"),
    [(None, 0.0, 0.1), (None, 1.0, 0.1), (None, 0.2, -0.1), ("time", 0.5, 0.5)],
)
def test_impossible_shares_are_refused(
    by: Literal["time"] | None, test: float, calibration: float
) -> None:
    """A share lies between nothing and everything, and training needs some too."""
    with pytest.raises(ConfigError, match="share"):
        SplitConfig(by, test, calibration)


@pytest.mark.parametrize("by", ["group", "random"])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.25, 0.3, 0.5, 0.65])
def test_sides_are_whole_and_apart(by: Literal["group", "random"], share: float) -> None:
    """Every row stands on exactly one side, in its share."""
    sides = split(table(200), SplitConfig(by, share), 0)

    assert sorted([*sides.train, *sides.test]) == list(range(200))
    assert sides.by == by
    assert len(sides.test) == pytest.approx(200 * share, abs=3)


def test_labels_are_spread() -> None:
    """Both sides have the labels in their shares."""
    examples = table(200)

    held = split(examples, SplitConfig(), 0).test

    assert 0.4 <= np.mean([examples.labels["kind"][i] == "x" for i in held]) <= 0.6


def test_groups_stay_together_unless_told_otherwise() -> None:
    """All rows of a requester stand on one side; a random split cuts them."""
    groups = [f"g{i // 5}" for i in range(100)]
    examples = table(100, group=groups)

    sides, cut = (split(examples, SplitConfig(by), 0) for by in (None, "random"))

    assert {groups[i] for i in sides.train}.isdisjoint({groups[i] for i in sides.test})
    assert not {groups[i] for i in cut.train}.isdisjoint({groups[i] for i in cut.test})


def test_near_equal_texts_stay_together() -> None:
    """Neither case, digits, spaces and punctuation nor a word more make a text another one."""
    long = "my parcel with the blue jacket was to come on Monday, but nobody rang the bell"
    texts = ["Order 123 is late!", "order 456 is  late", long, f"Hello, {long}", "something else"]
    examples = examples_of([{"text": t, "kind": "x"} for t in texts], ["kind"])

    assert cluster(examples).tolist() == [0, 0, 1, 1, 2]


def test_groups_and_texts_chain() -> None:
    """A group and a twin tie rows together through a third."""
    rows = [
        {"text": "one", "kind": "x", "group": "a"},
        {"text": "two", "kind": "x", "group": "a"},
        {"text": "Two", "kind": "x", "group": "b"},
        {"text": "six", "kind": "x", "group": "b"},
    ]

    assert len(set(cluster(examples_of(rows, ["kind"])).tolist())) == 1


def test_an_id_is_no_requester() -> None:
    """A row without a requester is not tied to the requester whose number is its id."""
    rows = [
        {"id": "7", "text": "one", "kind": "x"},
        {"id": "8", "text": "two", "kind": "x", "group": "7"},
    ]

    assert cluster(examples_of(rows, ["kind"])).tolist() == [0, 1]


def test_dates_split_by_time() -> None:
    """With dates the newest rows are the test, and the newest before it calibration."""
    times = [f"2026-01-{1 + i % 28:02d}" for i in range(112)]

    sides = split(table(112, time=times), SplitConfig(), 0)

    dates = [[times[i] for i in part] for part in (sides.train, sides.calibration, sides.test)]
    assert sides.by == "time"
    assert max(dates[0]) < min(dates[1]) <= max(dates[1]) < min(dates[2])
    assert [len(part) for part in dates] == [72, 16, 24]
    assert not len(sides.tied)
    assert not len(sides.left_out)


def test_dates_are_instants() -> None:
    """Zones count: the text that sorts first may be the newer date; without one it is UTC."""
    times = ["2026-01-02T00:00+02:00", "2026-01-01T23:00Z", "2026-01-01T22:30:00.5", "2026-01-01"]

    assert instants(table(4, time=times)).argsort().tolist() == [3, 0, 2, 1]
    assert instants(table(1, time=["1970-01-01T01:00:00+01:00"])).tolist() == [0]


def test_old_requesters_stay_out_of_the_newest() -> None:
    """A newest row of a group that wrote before is no test row; it goes nowhere, or last."""
    groups = [*(f"g{i}" for i in range(16)), "g0", "g17", "g18", "g1"]

    sides = split(table(20, time=days(20), group=groups), SplitConfig(), 0)

    assert sides.train.tolist() == list(range(13))
    assert (sides.calibration.tolist(), sides.tied.tolist()) == ([13, 14, 15], [])
    assert (sides.test.tolist(), sides.left_out.tolist()) == ([17, 18], [16, 19])


def test_rows_tied_to_training_measure_nothing() -> None:
    """A calibration row of a requester in training goes into the last fit alone."""
    groups = [*(f"g{i}" for i in range(14)), "g0", *(f"g{i}" for i in range(15, 20))]

    sides = split(table(20, time=days(20), group=groups), SplitConfig(), 0)

    assert sides.tied.tolist() == [14]
    assert sides.fitted.tolist() == list(range(16))


def test_rows_of_one_date_stay_together() -> None:
    """The share gives way to the dates: the nearest cut between two of them is taken."""
    times = [f"2026-{1 + i // 20:02d}-01" for i in range(100)]

    sides = split(table(100, time=times), SplitConfig(test_share=0.12), 0)

    assert len(sides.test) == 20


def test_a_test_file_leaves_calibration_alone_to_cut() -> None:
    """Without a test to hold back, dates still give calibration its newest slice."""
    dated, plain = (
        split_off(table(20, **more), SplitConfig()) for more in ({"time": days(20)}, {})
    )

    assert dated.calibration.tolist() == [17, 18, 19]
    assert not len(dated.test)
    assert (len(plain.train), len(plain.calibration)) == (20, 0)


def test_same_seed_gives_the_same_split() -> None:
    """The seed decides, and another one gives another split."""
    examples = table(100)

    first, again, other = (split(examples, SplitConfig(), s).test.tolist() for s in (1, 1, 2))

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
