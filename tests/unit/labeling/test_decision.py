"""From confidence to decision, with a reason for every abstention."""

import numpy as np
import pytest

from triage.labeling.decision import Scope, Thresholds, result, too_short

LABELS = ("a", "b", "c")
SURE = np.array([0.05, 0.9, 0.05])


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


def test_scope_asks_the_nearest_centroid() -> None:
    """A message is inside when one centroid is near enough."""
    scope = Scope(np.eye(2, 3, dtype=np.float32), 0.5)
    rows = np.array([[1, 0, 0], [0, 0.6, 0.8], [0, 0, 1], [0, 0, 0]], np.float32)

    assert scope.outside(rows) == [False, False, True, True]
