"""Figures equal hand counts and scikit-learn."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from training.metrics import (
    coverage_at,
    expected_calibration_error,
    mean_costs,
    measure,
    precision_bound,
    precision_cap,
    precision_curve,
)
from triage.labeling.costs import Costs
from triage.labeling.decision import Thresholds

LABELS = ("low", "normal", "high")
RNG = np.random.default_rng(7)
PROBABILITIES = RNG.dirichlet([1.0, 1.0, 1.0], 200)
TRUTH = [LABELS[i] for i in RNG.integers(0, 3, 200)]
PREDICTED = [LABELS[i] for i in PROBABILITIES.argmax(axis=1)]
LANGUAGES = ["en", "da"] * 100
REPORT = measure(LABELS, TRUTH, PROBABILITIES, Thresholds(0.5, 0.7), LANGUAGES, ordinal=True)


def test_calibration_error_by_hand() -> None:
    """Two bins: four rows at 0.9 with three right, two rows at 0.55 with none right."""
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, False])

    error = expected_calibration_error(confidence, correct)

    assert error == pytest.approx(4 / 6 * abs(0.75 - 0.9) + 2 / 6 * 0.55)


def test_certainty_falls_into_the_last_bin() -> None:
    """A confidence of exactly one is counted, and right certainty has no error."""
    assert expected_calibration_error(np.ones(3), np.ones(3, bool)) == 0
    assert expected_calibration_error(np.ones(4), np.array([True, True, True, False])) == 0.25


def test_calibration_error_of_nothing_is_not_a_number() -> None:
    """No rows, no figure."""
    assert math.isnan(expected_calibration_error(np.zeros(0), np.zeros(0, bool)))


@pytest.mark.parametrize(("right", "count"), [(1, 1), (19, 20), (59, 59), (70, 100), (3, 40)])
def test_bound_inverts_the_binomial(right: int, count: int) -> None:
    """At the bound, seeing so many right or more has a chance of exactly five percent."""
    bound = precision_bound(np.array([right]), np.array([count]), 0.95)[0]

    assert binom.sf(right - 1, count, bound) == pytest.approx(0.05, abs=1e-9)


def test_bound_of_none_right_is_zero() -> None:
    """Without a right row nothing is sure."""
    assert precision_bound(np.array([0, 0]), np.array([1, 50]), 0.95).tolist() == [0, 0]


def test_fifty_nine_right_rows_support_95_percent() -> None:
    """The well-known least number of faultless rows for 0.95 at 95 %."""
    bounds = precision_bound(np.array([58, 59]), np.array([58, 59]), 0.95)

    assert bounds[0] < 0.95 <= bounds[1]


def test_coverage_by_hand() -> None:
    """The largest share from the top that keeps the precision; later recovery counts."""
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    correct = np.array([True, False, True, True, False])

    assert coverage_at(confidence, correct, 0.75) == pytest.approx(4 / 5)
    assert coverage_at(confidence, correct, 0.9) == pytest.approx(1 / 5)
    assert coverage_at(confidence, ~correct, 0.9) == 0


def test_coverage_never_cuts_ties() -> None:
    """Rows of equal confidence are answered together or not at all."""
    confidence = np.array([0.9, 0.9, 0.9, 0.9])

    assert coverage_at(confidence, np.array([True, True, True, False]), 0.8) == 0


def test_basic_figures_equal_scikit_learn() -> None:
    """Accuracy, macro-F1, log loss and kappa are the known ones."""
    rank = {label: i for i, label in enumerate(LABELS)}
    columns = [rank[label] for label in TRUTH]

    assert REPORT["n"] == 200
    assert REPORT["accuracy"] == pytest.approx(accuracy_score(TRUTH, PREDICTED))
    assert REPORT["macro_f1"] == pytest.approx(f1_score(TRUTH, PREDICTED, average="macro"))
    assert REPORT["log_loss"] == pytest.approx(log_loss(columns, PROBABILITIES))
    assert REPORT["quadratic_kappa"] == pytest.approx(
        cohen_kappa_score(columns, [rank[label] for label in PREDICTED], weights="quadratic")
    )


def test_mean_absolute_error_counts_steps() -> None:
    """Of rows whose true label has a place; of tasks without an order there is none."""
    rank = {label: place for place, label in enumerate(LABELS)}
    steps = [abs(rank[a] - rank[b]) for a, b in zip(TRUTH, PREDICTED, strict=True)]
    odd = measure(
        LABELS,
        ["low", "odd"],
        np.array([[0.1, 0.2, 0.7], [1, 0, 0]]),
        Thresholds(0.5),
        ["en", "en"],
        ordinal=True,
    )
    plain = measure(LABELS, TRUTH, PROBABILITIES, Thresholds(0.5), LANGUAGES)

    assert REPORT["mean_absolute_error"] == pytest.approx(np.mean(steps))
    assert odd["mean_absolute_error"] == 2
    assert plain["mean_absolute_error"] is None


def test_brier_score_equals_scikit_learn() -> None:
    """Summed over the labels, not halved."""
    columns = [LABELS.index(label) for label in TRUTH]
    expected = brier_score_loss(columns, PROBABILITIES, labels=[0, 1, 2], scale_by_half=False)

    assert REPORT["brier"] == pytest.approx(expected)


def test_figures_per_label_equal_scikit_learn() -> None:
    """Precision, recall, F1 and support of each label, in the labels' order."""
    columns = precision_recall_fscore_support(TRUTH, PREDICTED, labels=list(LABELS))

    assert list(REPORT["per_label"]) == list(LABELS)
    for i, label in enumerate(LABELS):
        found = REPORT["per_label"][label]
        values = [found[key] for key in ("precision", "recall", "f1", "support")]
        assert values == pytest.approx([column[i] for column in columns])


def test_figures_per_language_use_their_rows() -> None:
    """Each language is measured on its own rows."""
    rows = [i for i, code in enumerate(LANGUAGES) if code == "da"]
    right = np.mean([TRUTH[i] == PREDICTED[i] for i in rows])

    assert list(REPORT["per_language"]) == ["da", "en"]
    assert REPORT["per_language"]["da"]["n"] == 100
    assert REPORT["per_language"]["da"]["accuracy"] == pytest.approx(right)


def test_automated_share_follows_the_cut() -> None:
    """Automation counts the rows above its cut; without a cut there are none."""
    above = PROBABILITIES.max(axis=1) >= 0.7
    right = np.asarray(TRUTH) == np.asarray(PREDICTED)
    without = measure(LABELS, TRUTH, PROBABILITIES, Thresholds(0.5), LANGUAGES)

    assert REPORT["automate"]["coverage"] == pytest.approx(above.mean())
    assert REPORT["automate"]["precision"] == pytest.approx(right[above].mean())
    assert without["automate"] == {"precision": None, "coverage": 0}
    assert without["quadratic_kappa"] is None


def test_costs_choose_the_label_that_is_measured() -> None:
    """Every figure of a label looks at the one served; figures of probabilities stay."""
    costs = np.array([1.0, 1.0, 2.5])
    chosen = (PROBABILITIES * costs).argmax(axis=1)
    predicted = [LABELS[i] for i in chosen]
    confidence = PROBABILITIES[np.arange(200), chosen]
    right = np.asarray(predicted) == np.asarray(TRUTH)

    report = measure(
        LABELS,
        TRUTH,
        PROBABILITIES,
        Thresholds(0.5, 0.7),
        LANGUAGES,
        ordinal=True,
        costs=Costs(costs),
    )

    assert predicted != PREDICTED
    assert report["accuracy"] == pytest.approx(right.mean())
    assert report["macro_f1"] == pytest.approx(f1_score(TRUTH, predicted, average="macro"))
    assert report["ece"] == pytest.approx(expected_calibration_error(confidence, right))
    assert report["coverage_at_precision"]["0.80"] == coverage_at(confidence, right, 0.8)
    assert report["automate"]["coverage"] == pytest.approx((confidence >= 0.7).mean())
    assert report["per_label"]["high"]["recall"] > REPORT["per_label"]["high"]["recall"]
    assert {key: report[key] for key in ("brier", "log_loss")} == {
        key: REPORT[key] for key in ("brier", "log_loss")
    }


def test_label_that_the_head_lacks_is_an_error() -> None:
    """A true label outside the head's counts as wrong in every figure."""
    report = measure(
        ("a", "b"),
        ["a", "c"],
        np.array([[0.8, 0.2], [0.6, 0.4]]),
        Thresholds(0.5),
        ["en", "en"],
        ordinal=True,
    )

    assert report["accuracy"] == 0.5
    assert report["brier"] == pytest.approx(((0.2**2 + 0.2**2) + (0.6**2 + 0.4**2 + 1)) / 2)
    assert report["log_loss"] == pytest.approx((-math.log(0.8) - math.log(1e-12)) / 2)
    assert report["quadratic_kappa"] is None


@pytest.mark.parametrize(("right", "count"), [(0, 5), (19, 20), (59, 59), (70, 100)])
def test_bounds_are_the_exact_interval(right: int, count: int) -> None:
    """Lower and upper bound together are SciPy's two-sided 90 % Clopper-Pearson interval."""
    interval = binomtest(right, count).proportion_ci(0.90, "exact")
    low = precision_bound(np.array([right]), np.array([count]), 0.95)[0]
    high = precision_cap(np.array([right]), np.array([count]), 0.95)[0]

    assert (low, high) == pytest.approx((interval.low, interval.high))


def test_curve_by_hand() -> None:
    """Each point answers all rows down to its cut; ties stand on one point."""
    confidence = np.array([0.5, 0.9, 0.8, 0.8])
    correct = np.array([False, True, False, True])

    points = precision_curve(confidence, correct)

    assert [(p["cut"], p["coverage"], p["n"]) for p in points] == [
        (0.9, 0.25, 1),
        (0.8, 0.75, 3),
        (0.5, 1.0, 4),
    ]
    assert [p["precision"] for p in points] == pytest.approx([1, 2 / 3, 0.5], abs=1e-5)
    assert all(p["low"] < p["precision"] <= p["high"] for p in points)


def test_curve_is_compact_and_whole() -> None:
    """Many rows give at most fifty points over all coverages; none gives none."""
    rng = np.random.default_rng(2)
    confidence = rng.random(3000).round(2)
    points = precision_curve(confidence, rng.random(3000) < confidence)
    coverages = [point["coverage"] for point in points]

    assert 30 <= len(points) <= 50
    assert coverages == sorted(set(coverages))
    assert coverages[-1] == 1
    assert [p["n"] for p in points] == [(confidence >= p["cut"]).sum() for p in points]
    assert precision_curve(np.zeros(0), np.zeros(0, bool)) == []


def test_mean_costs_by_hand() -> None:
    """A person's work is paid for what is not automated; mistakes are paid by their cell."""
    costs = Costs(np.array([1.0, 4.0]), by_hand=0.5)
    truth, given = np.array([0, 1, 1, -1]), np.array([0, 0, 1, 0])
    automated = np.array([True, True, False, False])

    told = mean_costs(costs, truth, given, automated)

    assert told == {"decided": (0 + 4 + 0.5 + 0.5) / 4, "by_hand": 0.5, "automatic": (4 + 1) / 4}
    assert mean_costs(Costs(np.ones(2)), truth, given, automated) == {
        "decided": None,
        "by_hand": None,
        "automatic": 0.5,
    }


def test_dear_labels_are_not_counted_as_automated() -> None:
    """What is expected to cost more than a person's work is not automated in the figures."""
    strict = Costs(np.ones(3), by_hand=0.2)
    report = measure(LABELS, TRUTH, PROBABILITIES, Thresholds(0.5, 0.7), LANGUAGES, costs=strict)

    assert report["automate"]["coverage"] == pytest.approx((PROBABILITIES.max(axis=1) > 0.8).mean())
    assert report["cost"]["by_hand"] == 0.2
    assert report["curve"] == REPORT["curve"]


def test_figures_use_the_cuts_of_the_language() -> None:
    """Rows of a language with its own cut are decided by it."""
    cuts = Thresholds(0.5, 0.7, per_language={"da": Thresholds(0.5)})
    above = (PROBABILITIES.max(axis=1) >= 0.7) & (np.asarray(LANGUAGES) == "en")

    report = measure(LABELS, TRUTH, PROBABILITIES, cuts, LANGUAGES)

    assert report["automate"]["coverage"] == pytest.approx(above.mean())
