"""The cost matrix: what is refused, what it costs, and what it may never change."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import ConfigError
from triage.labeling.costs import Costs
from triage.labeling.decision import Thresholds, choose, result
from triage.labeling.taxonomy import CostSpec, LabelSpec, TaskSpec, load_taxonomy

LABELS = ("low", "high", "urgent")
PLAIN = "[tasks.kind.labels.low]\n[tasks.kind.labels.high]\n[tasks.kind.labels.urgent]\n"
FULL = CostSpec(
    by_hand=0.5,
    wrong=2.0,
    missed={"urgent": 8.0},
    when={"urgent": {"high": 3.0}, "low": {"urgent": 1.0}},
)
MATRIX = np.array([[0, 2, 1], [2, 0, 2], [8, 3, 0]])  # row: true label; column: label given
ROWS = np.random.default_rng(1).dirichlet(np.ones(3), 400)


def costs_of(spec: CostSpec, labels: tuple[str, ...] = LABELS) -> Costs:
    """Return the matrix of a task with these costs."""
    return TaskSpec(labels={label: LabelSpec() for label in labels}, costs=spec).matrix()


@pytest.mark.parametrize(
    ("costs", "where", "why"),
    [
        ("by_hand = 0", "by_hand", "greater than 0"),
        ("wrong = -1", "wrong", "greater than 0"),
        ("wrong = inf", "wrong", "finite"),
        ('by_hand = "1"', "by_hand", "valid number"),
        ("missed = { low = nan }", "missed.low", "finite"),
        ("missed = { soon = 2 }", "", "no label soon; its labels are: low, high, urgent"),
        ("when.soon = { low = 2 }", "", "no label soon; its labels are: low, high, urgent"),
        ("when.low = { soon = 2 }", "", "no label soon; its labels are: low, high, urgent"),
        ("when.low = { high = 0 }", "when.low.high", "greater than 0"),
        ("when.low = { low = 2 }", "when", "low.low: a right label costs nothing"),
        ("when = 3", "when", "valid dictionary"),
        ("hand = 2", "hand", "not permitted"),
    ],
)
def test_costs_that_mean_nothing_are_refused(
    tmp_path: Path, costs: str, where: str, why: str
) -> None:
    """A cost is a finite number above nought of a mistake that the task's labels allow."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(f"{PLAIN}[tasks.kind.costs]\n{costs}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=why) as caught:
        load_taxonomy(path)

    assert caught.value.field == ".".join(filter(None, ["tasks.kind.costs", where]))


def test_one_task_has_one_kind_of_costs(tmp_path: Path) -> None:
    """A miss cost beside a matrix would leave open which of them holds."""
    path = tmp_path / "taxonomy.toml"
    text = f"[tasks.kind]\nmiss_cost = {{ low = 2 }}\ncosts = {{ by_hand = 1 }}\n{PLAIN}"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match="both given"):
        load_taxonomy(path)


def test_expected_costs_are_those_of_the_whole_matrix() -> None:
    """Named pairs, missed labels and all other mistakes each count at their own cost."""
    assert costs_of(FULL).expected(ROWS) == pytest.approx(ROWS @ MATRIX)


def test_chosen_label_has_the_least_expected_cost() -> None:
    """No other label is expected to cost less, and some choices are not the likeliest."""
    columns, confidence = choose(ROWS, costs_of(FULL))

    assert (columns == (ROWS @ MATRIX).argmin(axis=1)).all()
    assert (columns != ROWS.argmax(axis=1)).any()
    assert (confidence == ROWS[np.arange(400), columns]).all()


def test_paid_costs_are_looked_up_in_the_matrix() -> None:
    """A right label costs nothing, a wrong one its cell, a label outside the task any mistake."""
    truth, given_ = (part.ravel() for part in np.indices((3, 3)))
    paid = costs_of(FULL).paid(truth, given_)

    assert paid.tolist() == MATRIX.ravel().tolist()
    assert costs_of(FULL).paid(np.array([-1, -1]), np.array([0, 2])).tolist() == [2, 2]
    assert Costs(np.ones(3)).paid(truth, given_).tolist() == (truth != given_).tolist()


def test_miss_cost_is_short_for_a_matrix() -> None:
    """Both ways to say that a label is dear to miss decide alike."""
    labels = {label: LabelSpec() for label in LABELS}
    short = TaskSpec(labels=labels, miss_cost={"urgent": 3.0}).matrix()
    long = TaskSpec(labels=labels, costs=CostSpec(missed={"urgent": 3.0})).matrix()

    assert choose(ROWS, short)[0].tolist() == choose(ROWS, long)[0].tolist()
    assert short.expected(ROWS).tolist() == long.expected(ROWS).tolist()


def test_label_as_dear_as_a_person_is_only_suggested() -> None:
    """What is expected to cost what a person's work costs, or more, is not automated."""
    labels, cuts, sure = ("a", "b"), Thresholds(0.5, 0.6), np.array([0.75, 0.25])

    decisions = [
        result(labels, sure, cuts, None, Costs(np.ones(2), by_hand)).decision
        for by_hand in (0.2, 0.25, 0.3, None)
    ]

    assert decisions == ["suggest", "suggest", "automate", "automate"]


def test_no_suggestion_below_its_cut_because_of_costs() -> None:
    """A label too dear to automate is suggested only where suggestions hold."""
    answer = result(
        ("a", "b"), np.array([0.75, 0.25]), Thresholds(0.9, 0.7), None, Costs(np.ones(2), 0.1)
    )

    assert (answer.decision, answer.reason) == ("abstain", "low_confidence")


def test_taxonomy_keeps_the_costs_of_the_labels_it_keeps(tmp_path: Path) -> None:
    """Costs of pairs with a label that is left out go with it; what is written reads back."""
    path = tmp_path / "taxonomy.toml"
    text = "[tasks.kind.costs]\nby_hand = 1\nwhen = { urgent = { low = 9, high = 3 } }\n"
    path.write_text(PLAIN + text, encoding="utf-8")
    taxonomy = load_taxonomy(path)

    cut = taxonomy.subset({"kind": ("high", "urgent", "new")})

    assert cut.tasks["kind"].costs == CostSpec(by_hand=1, when={"urgent": {"high": 3}})
    assert type(taxonomy).model_validate_json(taxonomy.model_dump_json()) == taxonomy


def test_many_labels_need_no_matrix() -> None:
    """Costs of 20,000 labels with one named pair stay small."""
    labels = tuple(f"l{i}" for i in range(20_000))
    costs = costs_of(CostSpec(missed={"l3": 2.0}, when={"l1": {"l2": 5.0}}), labels)

    expected = costs.expected(np.full((1, 20_000), 1 / 20_000))

    assert costs.extra.shape == (1, 1)
    assert expected[0, 2] - expected[0, 4] == pytest.approx(4 / 20_000)


Cell = st.floats(0.01, 100, allow_nan=False)
SPECS = st.builds(
    CostSpec,
    by_hand=st.none() | Cell,
    wrong=Cell,
    missed=st.dictionaries(st.sampled_from(LABELS), Cell),
    when=st.dictionaries(
        st.sampled_from(LABELS), st.dictionaries(st.sampled_from(LABELS), Cell)
    ).map(lambda rows: {a: {b: c for b, c in row.items() if a != b} for a, row in rows.items()}),
)
PROBABILITIES = st.lists(st.integers(1, 10_000), min_size=3, max_size=3).map(
    lambda parts: np.asarray([parts], np.float64) / sum(parts)
)
CUTS = Thresholds(0.4, 0.6)


def answer_of(
    row: np.ndarray, costs: Costs | None, labels: tuple[str, ...] = LABELS
) -> tuple[str, str]:
    """Return the top label and the decision of one row."""
    answer = result(labels, row[0], CUTS, None, costs)
    return answer.top_label, answer.decision


@settings(max_examples=300)
@given(PROBABILITIES, Cell)
def test_uniform_costs_change_nothing(row: np.ndarray, cost: float) -> None:
    """Where every mistake costs the same, the likeliest label is given, as without costs."""
    assert answer_of(row, costs_of(CostSpec(wrong=cost))) == answer_of(row, None)


@settings(max_examples=300)
@given(PROBABILITIES, SPECS, st.floats(1e-3, 1e3))
def test_common_factor_changes_nothing(row: np.ndarray, spec: CostSpec, factor: float) -> None:
    """Costs in another currency give the same labels and decisions."""
    scaled = CostSpec(
        by_hand=None if spec.by_hand is None else spec.by_hand * factor,
        wrong=spec.wrong * factor,
        missed={label: cost * factor for label, cost in spec.missed.items()},
        when={a: {b: c * factor for b, c in row_.items()} for a, row_ in spec.when.items()},
    )

    assert answer_of(row, costs_of(scaled)) == answer_of(row, costs_of(spec))


@settings(max_examples=300)
@given(PROBABILITIES, SPECS, st.permutations(range(3)))
def test_order_of_labels_changes_nothing(row: np.ndarray, spec: CostSpec, order: list[int]) -> None:
    """Labels in another order get the same decisions, but for ties, which go to the first."""
    labels = tuple(LABELS[i] for i in order)

    before, after = (
        answer_of(row, costs_of(spec)),
        answer_of(row[:, order], costs_of(spec, labels), labels),
    )

    if before[0] != after[0]:
        costs = dict(zip(LABELS, costs_of(spec).expected(row)[0], strict=True))
        assert costs[before[0]] == pytest.approx(costs[after[0]], rel=1e-9)
        assert row[0, LABELS.index(before[0])] == row[0, LABELS.index(after[0])]
    else:
        assert before == after


@pytest.mark.parametrize("labels", [2, 3, 7, 8, 9, 40])
@pytest.mark.parametrize("named", [False, True])
def test_costs_of_one_row_equal_those_of_an_array(labels: int, *, named: bool) -> None:
    """Numbers or arrays, few labels or many: the same costs to the last bit."""
    rng = np.random.default_rng(labels)
    costs = Costs(rng.uniform(0.1, 9, labels))
    if named:
        costs = replace(
            costs, true=np.array([0]), given=np.array([0, 1]), extra=np.array([[0.0, 2.5]])
        )

    for row in rng.dirichlet(np.ones(labels), 300):
        assert costs.expected_of(row.tolist()) == costs.expected(row[None])[0].tolist()
