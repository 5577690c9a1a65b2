"""From confidence to decision, with a reason for every abstention."""

import numpy as np
import pytest

from triage.labeling.costs import Costs
from triage.labeling.decision import Scope, Thresholds, choose, result, too_short

LABELS = ("a", "b", "c")
SURE = np.array([0.05, 0.9, 0.05])
TORN = np.array([0.5, 0.1, 0.4])
DEAR = Costs(np.array([1.0, 1.0, 2.0]))


@pytest.mark.parametrize("text", ["", " ", "ok", "OK!", "🙂🙂🙂🙂", "12345", "钱", "?!", "a 1 b 2"])
def test_too_short_texts(text: str) -> None:
    """Fewer than three letters and fewer than two ideographs mean nothing."""
    assert too_short(text)


@pytest.mark.parametrize("text", ["hey", "退款", "a b c", "ță!n", "-" * 500 + " help me"])
def test_texts_with_enough_to_read(text: str) -> None:
    """Three letters or two ideographs are enough, wherever they stand."""
    assert not too_short(text)


def test_numbers_do_not_count_as_letters() -> None:
    """A sum of money with two letters says too little."""
    assert too_short("42 kr?")


@pytest.mark.parametrize(
    ("confidence", "kind"),
    [
        (0.95, "automate"),
        (0.90, "automate"),
        (0.89, "suggest"),
        (0.5, "suggest"),
        (0.49, "abstain"),
    ],
)
def test_cuts_include_their_own_value(confidence: float, kind: str) -> None:
    """A confidence equal to a cut passes it."""
    assert Thresholds(0.5, 0.9).decide("a", confidence) == kind


def test_without_support_nothing_is_automated() -> None:
    """Without an automate cut the best decision is to suggest, even at certainty."""
    assert Thresholds(0.5).decide("a", 1.0) == "suggest"


def test_cut_above_one_never_suggests() -> None:
    """A task that supports no suggestion abstains always."""
    assert Thresholds(1.01).decide("a", 1.0) == "abstain"


def test_label_may_have_its_own_cuts() -> None:
    """Cuts of a label overrule those of its task for that label alone."""
    cuts = Thresholds(0.5, 0.9, {"b": Thresholds(0.99)})

    assert cuts.decide("b", 0.95) == "abstain"
    assert cuts.decide("a", 0.95) == "automate"


def test_confident_answer_has_no_reason() -> None:
    """An answer carries its label, and alternatives without it."""
    answer = result(LABELS, SURE, Thresholds(0.5, 0.8), None)

    assert (answer.label, answer.decision, answer.reason) == ("b", "automate", None)
    assert [score.label for score in answer.alternatives] == ["a", "c"]
    assert answer.top_label == "b"


def test_low_confidence_abstains_with_all_alternatives() -> None:
    """An abstention withholds the label but ranks all of them."""
    answer = result(LABELS, SURE, Thresholds(0.95), None)

    assert (answer.label, answer.decision, answer.reason) == (None, "abstain", "low_confidence")
    assert [score.label for score in answer.alternatives] == ["b", "a", "c"]
    assert answer.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    "reason", ["unsupported_language", "too_short", "auto_generated", "out_of_scope"]
)
def test_refusal_overrules_confidence(reason: str) -> None:
    """No confidence outweighs a reason found before."""
    answer = result(LABELS, SURE, Thresholds(0.1, 0.2), reason)  # type: ignore[arg-type] # a literal by parametrisation

    assert (answer.label, answer.decision, answer.reason) == (None, "abstain", reason)
    assert answer.top_label == "b"


def test_ties_go_to_the_first_label() -> None:
    """Equal probabilities give the same answer every time."""
    assert result(LABELS, np.full(3, 1 / 3), Thresholds(0.0), None).label == "a"


def test_chosen_label_costs_least() -> None:
    """No other label has a lower expected cost, counted out from the matrix of all mistakes."""
    rng = np.random.default_rng(3)
    given, costs = rng.dirichlet(np.ones(4), 500), np.array([1.0, 0.5, 3.0, 2.0])
    mistakes = np.where(np.eye(4, dtype=bool), 0.0, costs)  # row: label given; column: true one

    columns, confidence = choose(given, Costs(costs))

    assert (columns == (given @ mistakes.T).argmin(axis=1)).all()
    assert (columns != given.argmax(axis=1)).any()
    assert (confidence == given[np.arange(500), columns]).all()


@pytest.mark.parametrize("costs", [None, Costs(np.ones(3)), Costs(np.full(3, 0.25))])
def test_equal_costs_choose_the_likeliest(costs: Costs | None) -> None:
    """Without costs, or with costs that are all the same, the highest probability wins."""
    given = np.vstack([SURE, TORN, np.full(3, 1 / 3)])

    columns, confidence = choose(given, costs)

    assert columns.tolist() == [1, 0, 0]
    assert confidence.tolist() == [0.9, 0.5, 1 / 3]


def test_nothing_to_choose_is_no_choice() -> None:
    """No rows give no columns."""
    columns, confidence = choose(np.zeros((0, 3)), DEAR)

    assert (columns.shape, confidence.shape) == ((0,), (0,))


def test_dear_label_is_given_at_its_own_confidence() -> None:
    """A label that is dear to miss wins against a likelier one, which stays the alternative."""
    answer = result(LABELS, TORN, Thresholds(0.3, 0.45), None, DEAR)

    assert (answer.label, answer.top_label, answer.confidence) == ("c", "c", 0.4)
    assert answer.decision == "suggest"
    assert [(s.label, s.confidence) for s in answer.alternatives] == [("a", 0.5), ("b", 0.1)]


def test_abstention_ranks_by_confidence_whatever_the_costs() -> None:
    """The label that would have been given is not always the first alternative."""
    answer = result(LABELS, TORN, Thresholds(0.45), None, DEAR)

    assert (answer.label, answer.top_label, answer.confidence) == (None, "c", 0.4)
    assert (answer.decision, answer.reason) == ("abstain", "low_confidence")
    assert [score.label for score in answer.alternatives] == ["a", "c", "b"]


def test_scope_asks_the_nearest_centroid() -> None:
    """A message is inside when one centroid is near enough."""
    scope = Scope(np.eye(2, 3, dtype=np.float32), 0.5)
    rows = np.array([[1, 0, 0], [0, 0.6, 0.8], [0, 0, 1], [0, 0, 0]], np.float32)

    assert scope.outside(rows) == [False, False, True, True]
