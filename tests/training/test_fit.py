"""Heads are chosen by cross-validation and score as scikit-learn would."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from tests.builders import HashingEncoder, examples_of, messages
from training.candidates import Candidate
from training.datasets import Examples
from training.design import Design, design
from training.features import embed
from training.fit import FittedHead, fit_head
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.lexical import HashedNgrams
from triage.errors import ExportError
from triage.labeling.heads import HeadStack
from triage.rows import Row

NGRAMS = HashedNgrams(bits=12)
TINY = Profile("tiny", {"*": "static"})
DENSE, BOTH, LOUD = Candidate(0, 10.0), Candidate(1, 10.0), Candidate(4, 2.0)


def rows(language: str = "en") -> list[Row]:
    """Take the messages of one language."""
    return [row for row in messages() if row["language"] == language]


def prepared(examples: Examples) -> Design:
    """Encode examples with the hashing encoder alone."""
    encoders = EncoderSet({"static": HashingEncoder()})
    return design(examples, embed(examples, encoders, [TINY], None), NGRAMS)


def fitted(examples: Examples, task: str, labels: tuple[str, ...], *tried: Candidate) -> FittedHead:
    """Fit one task with two folds, every row its own cluster."""
    return fit_head(
        task,
        labels,
        examples,
        prepared(examples),
        np.arange(len(examples)),
        fold_count=2,
        seed=0,
        jobs=1,
        candidates=tried,
    )


def test_label_outside_the_taxonomy_is_refused() -> None:
    """A training row with a label that the task lacks is no row of another label."""
    examples = examples_of(rows(), ["category"])

    with pytest.raises(ExportError, match="no label 'technical_support'"):
        fitted(examples, "category", ("service", "technical"), DENSE)


@pytest.mark.parametrize("candidate", [DENSE, BOTH, LOUD])
@pytest.mark.parametrize("task", ["category", "priority"])
def test_served_scores_equal_scikit_learn(task: str, candidate: Candidate) -> None:
    """The head that is served gives scikit-learn's scores, two labels or four.

    Both stop near the optimum, and weights over n-grams are kept in half precision.
    """
    examples = examples_of(rows(), [task])
    labels = tuple(sorted(set(examples.labels[task])))
    matrices = prepared(examples)
    target = np.array([labels.index(label) for label in examples.labels[task]])
    model = LogisticRegression(C=candidate.strength, max_iter=1000, tol=1e-5)
    features = matrices.features(candidate)
    matrix = sparse.hstack([features.dense, features.sparse * features.factor], format="csr")
    expected = model.fit(matrix, target).decision_function(matrix)

    head = fitted(examples, task, labels, candidate).head
    scores = HeadStack([head], NGRAMS).scores(matrices.copies.vectors, examples.texts)[task]

    found = scores[:, 1] - scores[:, 0] if len(labels) == 2 else scores
    assert (head.lexical is not None) == bool(candidate.lexical)
    assert np.allclose(found, expected, atol=0.03)


def test_louder_ngrams_stretch_the_features_alone() -> None:
    """The factor stretches the n-gram rows for fitting and is given back to the weights."""
    matrices = prepared(examples_of(rows(), ["category"]))
    quiet, loud = matrices.features(BOTH), matrices.features(LOUD)
    table = np.ones((1 + quiet.width, 2), np.float32)
    table[:33] = 0

    assert np.allclose(loud.score(table), 4 * quiet.score(table), rtol=1e-5)
    assert loud.sparse is quiet.sparse


def test_unanswered_rows_are_left_out() -> None:
    """Rows without a label of the task change nothing and get no score."""
    table = rows()
    blank = {**table[0], "text": "nothing to see here", "category": ""}
    labels = ("service", "technical_support")

    alone = fitted(examples_of(table, ["category"]), "category", labels, DENSE)
    beside = fitted(examples_of([blank, *table], ["category"]), "category", labels, DENSE)

    assert beside.rows.tolist() == list(range(1, len(table) + 1))
    assert beside.scores["tiny"].shape == (len(table), 2)
    assert np.allclose(alone.head.dense, beside.head.dense, atol=1e-4)


def test_label_missing_in_a_fold_keeps_its_column() -> None:
    """A label with one example is absent in one fold; its scores there lose to all others."""
    table = rows()
    table[5] = {**table[5], "category": "rare"}
    labels = ("rare", "service", "technical_support")

    head = fitted(examples_of(table, ["category"]), "category", labels, DENSE)

    held = head.scores["tiny"][5]
    assert held.shape == (3,)
    assert held[0] < held[1:].min()
    assert np.isfinite(head.scores["tiny"]).all()


def test_label_without_any_example_never_wins() -> None:
    """A label of the taxonomy that no row carries is served, but not given."""
    examples = examples_of(rows(), ["category"])
    labels = ("service", "technical_support", "unused")

    head = fitted(examples, "category", labels, BOTH).head
    scores = HeadStack([head], NGRAMS).scores(
        HashingEncoder().encode(examples.texts), examples.texts
    )

    assert (scores["category"].argmax(axis=1) < 2).all()


def test_out_of_fold_scores_come_from_other_rows() -> None:
    """A label that only the row itself could teach is not known out of fold."""
    table = [{"text": f"unique{i} words{i}", "kind": "xy"[i % 2]} for i in range(40)]

    head = fitted(examples_of(table, ["kind"]), "kind", ("x", "y"), BOTH)

    truth = np.arange(40) % 2
    assert np.mean(head.scores["tiny"].argmax(axis=1) == truth) < 0.8
    vectors = HashingEncoder().encode([row["text"] for row in table])
    known = HeadStack([head.head], NGRAMS).scores(vectors, [row["text"] for row in table])
    assert np.mean(known["kind"].argmax(axis=1) == truth) > 0.95


def test_simpler_candidate_wins_a_tie() -> None:
    """Of candidates that are equally good the simplest is taken."""
    table = [
        {"text": f"{word} {i % 7}", "kind": word} for i in range(40) for word in ("blank", "refund")
    ]

    head = fitted(examples_of(table, ["kind"]), "kind", ("blank", "refund"), LOUD, BOTH, DENSE)

    assert set(head.table.values()) == {1.0}
    assert head.chosen == DENSE


def test_candidates_are_compared_on_target_rows() -> None:
    """Rows that thresholds are not measured on train the head and judge nobody."""
    table = rows()
    examples = examples_of(table, ["category"])
    wrong = [{**row, "category": "service"} for row in rows("da")]
    joined = examples_of([*table, *wrong], ["category"])
    joined.target[len(table) :] = False
    joined.weights[len(table) :] = 1e-6
    labels = ("service", "technical_support")

    alone = fitted(examples, "category", labels, BOTH)
    beside = fitted(joined, "category", labels, BOTH)

    assert beside.table[BOTH] >= alone.table[BOTH] - 0.1
    assert len(beside.scores["tiny"]) == len(joined)


def test_weights_count() -> None:
    """A contradicted text is labelled as its heavier row says."""
    table = [{"text": "the same words", "kind": kind} for kind in ("x", "y") for _ in range(10)]
    examples = examples_of(table, ["kind"])
    examples.weights[:10] = 0.01

    head = fitted(examples, "kind", ("x", "y"), DENSE).head

    scores = HeadStack([head], NGRAMS).scores(HashingEncoder().encode(["the same words"]), ["-"])
    assert scores["kind"].argmax() == 1


def test_same_seed_fits_the_same_head() -> None:
    """Nothing is left to chance."""
    examples = examples_of(rows(), ["priority"])
    labels = ("high", "low", "normal", "urgent")

    first, again = (fitted(examples, "priority", labels, BOTH) for _ in range(2))

    assert np.array_equal(first.head.dense, again.head.dense)
    assert np.array_equal(first.scores["tiny"], again.scores["tiny"])
    assert first.table == again.table


def test_candidates_name_themselves() -> None:
    """Reports say what was tried."""
    assert DENSE.describe() == "dense, C=10"
    assert LOUD.describe() == "dense + lexical x 4, C=2"
