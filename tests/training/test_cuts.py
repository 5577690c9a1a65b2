"""Cuts of decisions from out-of-fold rows."""

import numpy as np
import pytest
from scipy.stats import binomtest

from training.config import Precision
from training.cuts import NEVER, fit_thresholds, more_rows, threshold
from triage.errors import GateError
from triage.labeling.calibration import softmax


@pytest.mark.parametrize("precision", [0.8, 0.9, 0.95])
def test_threshold_keeps_its_bound(precision: float) -> None:
    """The rows above the cut have the precision by SciPy's exact test, and no lower cut has."""
    rng = np.random.default_rng(0)
    given = softmax(rng.normal(size=(2000, 3)) * 2.5)
    truth = np.array([rng.choice(3, p=row) for row in given])
    confidence, correct = given.max(axis=1), given.argmax(axis=1) == truth

    cut = threshold(confidence, correct, precision)

    assert cut is not None
    assert _bound(correct[confidence >= cut]) >= precision
    for lower in np.unique(confidence[confidence < cut])[-200:]:
        assert _bound(correct[confidence >= lower]) < precision


def _bound(correct: np.ndarray) -> float:
    """Compute the lower one-sided Clopper-Pearson bound with SciPy's own test."""
    test = binomtest(int(correct.sum()), len(correct), alternative="greater")
    return float(test.proportion_ci(0.95, "exact").low)


def test_threshold_without_support_is_none() -> None:
    """Twenty right rows are too few for 0.95, sixty are enough."""
    confidence = np.linspace(0.5, 0.9, 60)

    assert threshold(confidence[:20], np.ones(20, bool), 0.95) is None
    assert threshold(confidence, np.zeros(60, bool), 0.5) is None
    assert threshold(confidence, np.ones(60, bool), 0.95) is not None


def test_threshold_stands_between_two_rows() -> None:
    """The cut lies halfway to the next confidence below."""
    confidence = np.array([0.9] * 30 + [0.5] * 30)
    correct = np.array([True] * 30 + [False] * 30)

    assert threshold(confidence, correct, 0.8) == pytest.approx(0.7)


def test_threshold_never_cuts_ties() -> None:
    """Rows of equal confidence stand on one side, whatever their order."""
    confidence = np.full(100, 0.9)
    correct = np.array([True] * 80 + [False] * 20)

    assert threshold(confidence, correct, 0.95) is None


def test_contract_that_cannot_be_kept_fails() -> None:
    """An explicit contract raises with the task, the rows and the labels it would take."""
    confidence, correct = np.full(20, 0.9), np.ones(20, bool)

    with pytest.raises(GateError, match=r"Task kind: .* 0\.95 on 20 .* About 71 more") as caught:
        fit_thresholds("kind", confidence, correct, Precision(automate_of={"kind": 0.95}))

    assert caught.value.code == "gate_failed"


def test_hopeless_contract_promises_no_number() -> None:
    """Where more of the same would not do, no number of labels is named."""
    confidence, correct = np.full(20, 0.9), np.arange(20) % 2 == 0

    with pytest.raises(GateError, match="Cleaner labels") as caught:
        fit_thresholds("kind", confidence, correct, Precision(automate_of={"kind": 0.95}))

    assert "None" not in str(caught.value)


def test_default_that_cannot_be_kept_is_left_out() -> None:
    """Without a contract the task only suggests; without any support it does neither."""
    some = fit_thresholds("kind", np.full(20, 0.9), np.ones(20, bool), Precision())
    none = fit_thresholds("kind", np.full(20, 0.9), np.zeros(20, bool), Precision())

    assert (some.automate_at, some.decide("x", 0.9)) == (None, "suggest")
    assert (none.suggest_at, none.decide("x", 1.0)) == (NEVER, "abstain")


def test_contract_of_another_task_does_not_matter() -> None:
    """Contracts bind the task they name."""
    cuts = fit_thresholds(
        "kind", np.full(20, 0.9), np.ones(20, bool), Precision(automate_of={"other": 0.999})
    )

    assert cuts.automate_at is None


def test_cut_holds_in_each_language_with_enough_rows() -> None:
    """A weaker language raises the cut for all; one with few rows has no say."""
    confidence = np.tile(np.linspace(0.5, 0.999, 500), 2)
    correct = np.ones(1000, bool)
    correct[500:750] = np.arange(250) % 3 > 0
    half = ["en"] * 500 + ["da"] * 500
    few = [f"x{i % 9}" for i in range(1000)]

    alone = fit_thresholds("kind", confidence, correct, Precision(automate=0.9)).automate_at
    both = fit_thresholds("kind", confidence, correct, Precision(automate=0.9), half).automate_at
    without = fit_thresholds("kind", confidence, correct, Precision(automate=0.9), few).automate_at

    assert alone is not None
    assert both is not None
    assert both > alone
    assert without == alone


def test_more_rows_are_estimated() -> None:
    """Twenty faultless rows need three times as many again; coin flips never get there."""
    confidence = np.linspace(0.5, 0.9, 20)

    assert more_rows(confidence, np.ones(20, bool), 0.95) == 71
    assert more_rows(confidence, np.arange(20) % 2 == 0, 0.95) is None
