"""The labelling step: reasons in their order, evidence of the served head."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.builders import DIM, HashingEncoder
from triage.domain import Reason
from triage.encoders.lexical import HashedNgrams
from triage.labeling.calibration import Calibrator
from triage.labeling.costs import Costs
from triage.labeling.decision import Scope, Thresholds
from triage.labeling.guard import GUARD, LABELS, Guard
from triage.labeling.heads import Head, HeadStack, LexicalWeights
from triage.labeling.labeler import Labeler

NGRAMS = HashedNgrams(bits=12)


def labeler(min_cosine: float = -1.0, word: str = "blank") -> Labeler:
    """Build a labeller whose one head weighs one word alone."""
    weights = np.zeros((NGRAMS.buckets, 2), np.float32)
    weights[NGRAMS.counts([word]).indices, 1] = 4.0
    idf = np.ones(NGRAMS.buckets, np.float32)
    head = Head(
        "kind",
        ("other", "broken"),
        np.zeros((DIM, 2), np.float32),
        np.zeros(2, np.float32),
        LexicalWeights(weights, idf),
    )
    centroids = HashingEncoder().encode(["the screen is blank"])
    return Labeler(
        HeadStack([head], NGRAMS),
        Calibrator({"kind": 1.0}),
        {"kind": Thresholds(0.6)},
        Scope(centroids, min_cosine),
    )


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("ok", None, "too_short"),
        ("ok", "unsupported_language", "too_short"),
        ("ok", "auto_generated", "auto_generated"),
        ("a long enough text", "unsupported_language", "unsupported_language"),
        ("a long enough text", "auto_generated", "auto_generated"),
        ("the screen is blank", None, None),
    ],
)
def test_reasons_have_an_order(text: str, given: Reason | None, expected: Reason | None) -> None:
    """An automatic message stays one; too short comes before language; language before scope."""
    vectors = HashingEncoder().encode([text])

    assert labeler(0.9).read(vectors, [text], [given])[1] == [expected]


def test_far_message_is_out_of_scope() -> None:
    """A message unlike all training messages gets the reason of scope, if no other."""
    texts = ["quarterly dividends of railways"]
    vectors = HashingEncoder().encode(texts)

    assert labeler(0.99).read(vectors, texts, [None])[1] == ["out_of_scope"]
    assert labeler(-1.0).read(vectors, texts, [None])[1] == [None]


def test_evidence_is_the_weighty_word() -> None:
    """The head's one word is the evidence for its label."""
    text = "since monday the screen stays blank on my phone"

    spans = labeler().evidence({"kind": "broken"}, text, HashingEncoder().encode)["kind"]

    assert [text[s.start : s.end] for s in spans] == ["blank"]
    assert spans[0].weight == pytest.approx(1)


def test_evidence_asks_the_encoder_with_every_version() -> None:
    """Each explanation is one batch: the whole text and one version per stretch."""
    batches: list[int] = []

    def encode(texts: Sequence[str]) -> np.ndarray:
        batches.append(len(texts))
        return HashingEncoder().encode(texts)

    labeler().evidence({"kind": "broken"}, "the screen stays blank", encode)

    assert batches == [5]


def test_costs_decide_only_the_label() -> None:
    """A dear label is given at the same probabilities; costs of another task do nothing."""
    plain = labeler()
    dear = replace(
        plain, thresholds={"kind": Thresholds(0.0)}, costs={"kind": Costs(np.array([1e4, 1.0]))}
    )
    other = replace(dear, costs={"mood": Costs(np.array([1e4, 1.0]))})
    texts = ["since monday the screen stays blank"]
    vectors = HashingEncoder().encode(texts)
    given = dear.probabilities(vectors, texts)["kind"]

    assert (given == plain.probabilities(vectors, texts)["kind"]).all()
    assert 0.5 < given[0, 1] < 0.9999
    assert dear.decide("kind", given[0], None).label == "other"
    assert dear.decide("kind", given[0], None).confidence == given[0, 0]
    assert other.decide("kind", given[0], None).label == "broken"


def test_probabilities_follow_the_temperature() -> None:
    """A hotter task is less sure of the same scores."""
    cold = labeler()
    hot = Labeler(cold.heads, Calibrator({"kind": 5.0}), cold.thresholds, cold.scope)
    texts = ["blank"]
    vectors = HashingEncoder().encode(texts)

    assert hot.probabilities(vectors, texts)["kind"].max() < (
        cold.probabilities(vectors, texts)["kind"].max()
    )
    assert cold.tasks == ("kind",)
    assert cold.labels("kind") == ("other", "broken")


def test_guard_asks_its_own_temperature() -> None:
    """The cuts act on calibrated probabilities, not on scores; the guard labels nothing."""
    plain, texts = labeler(), ["the screen is blank"]
    bias = np.array([0.0, 5.0, 0.0], np.float32)
    guarding = Head(GUARD, LABELS, np.zeros((DIM, 3), np.float32), bias)
    heads = HeadStack([*plain.heads.heads.values(), guarding], NGRAMS)
    vectors = HashingEncoder().encode(texts)
    cuts: dict[Reason, float] = {"auto_generated": 0.8, "out_of_scope": 0.6}

    sure, unsure = (
        replace(plain, heads=heads, guard=Guard(temperature, cuts)).read(vectors, texts, [None])
        for temperature in (1.0, 10.0)
    )

    assert sure[1] == ["auto_generated"]
    assert unsure[1] == [None]
    assert list(sure[0]) == ["kind"]
    assert np.array_equal(sure[0]["kind"], plain.probabilities(vectors, texts)["kind"])
