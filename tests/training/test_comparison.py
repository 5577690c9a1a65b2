"""Two labellers on the same rows."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from training.comparison import compare_labels, recorded_differences
from training.metrics import Report

LABELS = ("billing", "orders", "returns")


def rows(count: int, seed: int = 0) -> tuple[NDArray[np.str_], list[NDArray[np.str_]]]:
    """Draw true labels and the labels of two sides, right in about 70 and 80 % of the rows."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(LABELS, count)
    sides = [
        np.where(generator.random(count) < share, truth, generator.choice(LABELS, count))
        for share in (0.55, 0.7)
    ]
    return truth, sides


def compared(truth: NDArray[np.str_], sides: list[NDArray[np.str_]]) -> Report:
    """Compare sides that are always sure of themselves."""
    sure = [np.ones(len(truth))] * 2
    return compare_labels(list(truth), sides, sure, [f"r{i}" for i in range(len(truth))])


def test_figures_are_those_of_scikit_learn() -> None:
    """Points equal the library's, label by label, and differences are challenger less champion."""
    truth, sides = rows(300)
    found = compared(truth, sides)

    for at, side in enumerate(("champion", "challenger")):
        macro = f1_score(truth, sides[at], average="macro")
        each = f1_score(truth, sides[at], average=None, labels=list(LABELS))
        assert found["accuracy"][side] == pytest.approx((truth == sides[at]).mean())
        assert found["macro_f1"][side] == pytest.approx(macro)
        assert [found["per_label"][one][side] for one in LABELS] == pytest.approx(list(each))
    gain = found["accuracy"]["challenger"] - found["accuracy"]["champion"]
    assert found["accuracy"]["difference"] == pytest.approx(gain)


def test_intervals_are_those_of_a_bootstrap_over_rows() -> None:
    """Resampling kinds of rows gives what resampling rows gives."""
    truth, sides = rows(200)
    found = compared(truth, sides)
    generator = np.random.default_rng(1)
    gains = (sides[1] == truth).astype(float) - (sides[0] == truth)
    drawn = gains[generator.integers(0, 200, (2_000, 200))].mean(axis=1)

    assert found["accuracy"]["interval"] == pytest.approx(
        list(np.quantile(drawn, [0.025, 0.975])), abs=0.02
    )
    for name in LABELS:
        low, high = found["per_label"][name]["interval"]
        assert low <= found["per_label"][name]["difference"] <= high


@pytest.mark.parametrize(
    ("broken", "fixed", "p", "verdict"),
    [
        (0, 0, 1.0, "no clear difference"),
        (0, 5, 0.0625, "no clear difference"),
        (0, 6, 0.03125, "better"),
        (6, 0, 0.03125, "worse"),
        (2, 10, 0.03857421875, "better"),
        (7, 7, 1.0, "no clear difference"),
    ],
)
def test_mcnemar_is_exact(broken: int, fixed: int, p: float, verdict: str) -> None:
    """The two-sided binomial test on the rows that one side alone has right, by hand."""
    truth = np.full(30, "a")
    old, new = truth.copy(), truth.copy()
    new[:broken] = "b"
    old[broken : broken + fixed] = "b"

    found = compared(truth, [old, new])

    assert found["mcnemar"] == {"broken": broken, "fixed": fixed, "p": pytest.approx(p)}
    assert found["verdict"] == verdict


def test_flipped_rows_are_told_by_id_only() -> None:
    """Each kind of flip has its list; rows with the same label are in none."""
    kinds = list(product("ab", "abc"))
    truth = np.full(len(kinds), "a")
    old, new = (np.asarray(side) for side in zip(*kinds, strict=True))

    flipped = compared(truth, [old, new])["flipped"]

    assert flipped == {"fixed": ["r3"], "broken": ["r1", "r2"], "wrong_either_way": ["r5"]}


def test_equal_sides_have_no_difference() -> None:
    """All differences and their intervals are nought."""
    truth, sides = rows(50)
    found = compared(truth, [sides[0], sides[0]])

    assert found["macro_f1"]["difference"] == 0
    assert found["macro_f1"]["interval"] == [0, 0]
    assert found["ece"]["difference"] == 0


def test_one_row_and_strange_labels_are_compared() -> None:
    """A label that a side does not know is an error of it; one row is enough to compare."""
    found = compared(np.asarray(["a"]), [np.asarray(["x"]), np.asarray(["a"])])

    assert found["per_label"]["a"]["difference"] == 1
    assert found["flipped"]["fixed"] == ["r0"]


def test_same_seed_gives_the_same_intervals() -> None:
    """Nothing is left to chance."""
    truth, sides = rows(100)

    assert compared(truth, sides) == compared(truth, sides)


def test_recorded_figures_are_compared_where_both_have_them() -> None:
    """Tasks and labels of one side only are left out."""

    def report(value: float, *labels: str) -> Report:
        per_label = {label: {"f1": value, "support": 7.0} for label in labels}
        figures = dict.fromkeys(("accuracy", "macro_f1", "ece"), value)
        return {"n": 9, **figures, "per_label": per_label}

    found = recorded_differences(
        {"queue": report(0.5, "a", "b"), "gone": report(0.5, "a")},
        {"queue": report(0.75, "b", "c"), "new": report(0.5, "a")},
    )

    assert set(found) == {"queue"}
    assert found["queue"]["accuracy"]["difference"] == pytest.approx(0.25)
    assert set(found["queue"]["per_label"]) == {"b"}
