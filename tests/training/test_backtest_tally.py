"""What a period is counted as: decisions, costs, minutes, drift."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import binomtest

from training.backtest.config import ErrorCosts, Minutes, error_costs
from training.backtest.drift import calibration, moved
from training.backtest.judging import Judged
from training.backtest.periods import Period
from training.backtest.tally import interval, tally, total, warnings
from triage.domain import DecisionKind, Reason
from triage.errors import InputError
from triage.labeling.decision import Thresholds
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy

LABELS = {"priority": ["low", "urgent", "p:1"]}
Answer = tuple[str, str, DecisionKind, Reason | None, float]
ANSWERS: list[Answer] = [
    ("low", "low", "automate", None, 0.99),
    ("low", "low", "automate", None, 0.98),
    ("urgent", "low", "automate", None, 0.97),
    ("low", "low", "suggest", None, 0.85),
    ("urgent", "low", "suggest", None, 0.84),
    ("low", "urgent", "abstain", "low_confidence", 0.5),
    ("low", "low", "abstain", "too_short", 0.9),
    ("new", "low", "abstain", "low_confidence", 0.4),
]


def judged(answers: list[Answer], name: str = "2026-01", before: int = 100) -> Judged:
    """Make one period of a task with labels ``low`` and ``urgent`` out of answers."""
    truth, given, decisions, reasons, confidence = zip(*answers, strict=True)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return Judged(
        period=Period(name, begin, begin, 0, len(answers)),
        task="priority",
        truth=truth,
        given=given,
        confidence=np.asarray(confidence),
        decisions=decisions,
        reasons=reasons,
        labels=("low", "urgent"),
        before={"low": before, "urgent": before},
        cuts=Thresholds(0.8, 0.95),
        trained_on=200,
        chosen="dense",
    )


@pytest.mark.parametrize(
    "value",
    [
        "priority:urgent",
        "priority=5",
        "urgent=5",
        "priority:urgent=much",
        "priority:urgent=-1",
        "priority:urgent=inf",
        "priority:urgent=nan",
        "priority:urgnet=5",
        "priority:urgent:lowest=5",
        "queue:urgent=5",
    ],
)
def test_malformed_cost_is_refused(value: str) -> None:
    """A cost names a task and labels that exist, and is a number of 0 or more."""
    with pytest.raises(InputError, match="--cost"):
        error_costs([value], LABELS, None)


def test_costs_come_from_taxonomy_and_options() -> None:
    """A pair goes before a missed label, an option before the taxonomy, and the rest costs one."""
    spec = TaskSpec(
        labels={label: LabelSpec() for label in LABELS["priority"]},
        miss_cost={"urgent": 2.0, "low": 0.5},
    )
    values = ["priority:urgent=5", "priority:urgent:low=10", "priority:p:1:low=7"]

    costs = error_costs(values, LABELS, Taxonomy(tasks={"priority": spec}))["priority"]

    assert costs.of("urgent", "low") == 10
    assert costs.of("urgent", "p:1") == 5
    assert costs.of("p:1", "low") == 7
    assert costs.of("low", "urgent") == 0.5
    assert costs.of("p:1", "urgent") == 1
    assert costs.of("urgent", "urgent") == 0


def test_decisions_are_counted_with_their_reasons() -> None:
    """Every row is automated, suggested or left alone, and precision looks at its own kind."""
    part = tally(judged(ANSWERS), ErrorCosts(), Minutes())

    assert (part["n"], part["automate"]["n"], part["suggest"]["n"]) == (8, 3, 2)
    assert part["automate"]["right"] == 2
    assert part["automate"]["precision"] == pytest.approx(2 / 3)
    assert part["suggest"]["precision"] == 0.5
    assert part["abstain"]["n"] == 3
    assert part["abstain"]["reasons"] == {"low_confidence": 2, "too_short": 1}


def test_minutes_follow_the_assumption() -> None:
    """Minutes are right automatic ones less wrong ones, plus right suggestions."""
    part = tally(judged(ANSWERS), ErrorCosts(), Minutes(saved=3, lost=4, suggested=0.25))

    assert part["minutes"] == 2 * 3 - 1 * 4 + 1 * 0.25


def test_errors_are_priced_dearest_first() -> None:
    """Errors of answers given are listed with their cost; abstentions cost nothing."""
    costs = ErrorCosts(miss={"urgent": 5.0})

    part = tally(judged([*ANSWERS, ANSWERS[2]]), costs, Minutes())

    assert part["cost"] == {"automate": 10.0, "suggest": 5.0}
    assert [(e["true"], e["given"], e["decision"], e["n"], e["cost"]) for e in part["errors"]] == [
        ("urgent", "low", "automate", 2, 10.0),
        ("urgent", "low", "suggest", 1, 5.0),
    ]


def test_total_adds_the_periods() -> None:
    """Over all periods counts and costs add up, and calibration is that of all rows."""
    parts = [judged(ANSWERS), judged(ANSWERS[:3], "2026-02")]

    whole = total(parts, ErrorCosts(), Minutes())

    assert (whole["n"], whole["automate"]["n"], whole["cost"]["automate"]) == (11, 6, 2.0)
    assert whole["accuracy"] == pytest.approx(6 / 11)


@pytest.mark.parametrize(("right", "count"), [(0, 7), (7, 7), (3, 40)])
def test_interval_is_clopper_pearson(right: int, count: int) -> None:
    """The interval is the one SciPy's exact test gives."""
    expected = binomtest(right, count).proportion_ci(0.95, method="exact")

    assert interval(right, count) == pytest.approx([expected.low, expected.high])


def test_nothing_has_no_interval() -> None:
    """A period that automates nothing has no precision."""
    part = tally(judged(ANSWERS[3:]), ErrorCosts(), Minutes())

    assert part["automate"]["precision"] is None
    assert part["automate"]["interval"] is None


def test_new_label_is_told_once() -> None:
    """A label that the model does not know is told in the first period that has it."""
    parts = [tally(judged(ANSWERS, n), ErrorCosts(), Minutes()) for n in ("2026-01", "2026-02")]

    told = warnings(parts, 0.95)

    assert [line for line in told if "'new'" in line] == [
        "2026-01: new label 'new', 1 of 8 rows; the model of that period cannot give it"
    ]


def test_broken_promise_is_told() -> None:
    """Precision that is surely below what was promised is told; few errors of few rows are not."""
    few = tally(judged(ANSWERS), ErrorCosts(), Minutes())
    many = tally(judged(ANSWERS[:3] * 40), ErrorCosts(), Minutes())

    assert not [line for line in warnings([few], 0.95) if "promised" in line]
    assert [line for line in warnings([many], 0.95) if "below the promised 0.95" in line]


def test_slipped_calibration_is_told_by_its_direction() -> None:
    """A model far surer than right is named with its calibration error and an interval."""
    part = tally(judged(ANSWERS[2:3] * 40 + ANSWERS[:2] * 20), ErrorCosts(), Minutes())

    told = [line for line in warnings([part], 0.2) if "calibration slipped" in line]

    assert len(told) == 1
    assert "too high" in told[0]


def test_calibrated_confidence_does_not_slip() -> None:
    """Of fifty calibrated periods of 60 rows hardly one raises a warning, for all their ECE."""
    generator = np.random.default_rng(5)
    found = []
    for _ in range(50):
        sure = generator.uniform(0.3, 1.0, 60)
        found.append(calibration(sure, generator.random(60) < sure))

    assert sum(part["slipped"] for part in found) <= 2
    assert float(np.mean([part["ece"] for part in found])) > 0.08
    assert all(a <= b for a, b in (part["ece_interval"] for part in found))


def test_many_rows_are_resampled_in_parts() -> None:
    """The bounds of a long period are those of all its resamples, and memory stays small."""
    sure = np.full(5_000, 0.8)

    part = calibration(sure, np.arange(5_000) % 5 != 0)

    assert part["ece"] < part["ece_by_chance"] < 0.03


def test_label_shares_that_moved_are_named() -> None:
    """A share moves by ten points and more than chance; small periods do not count."""
    before = {"low": 800, "urgent": 200}

    assert moved({"low": 0.5, "urgent": 0.5}, 100, before) == {"low": 0.8, "urgent": 0.2}
    assert moved({"low": 0.75, "urgent": 0.25}, 100, before) == {}
    assert moved({"low": 0.6, "urgent": 0.4}, 5, before) == {}
    assert moved({"low": 1.0}, 100, {}) == {}
