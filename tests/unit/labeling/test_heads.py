"""Heads score as scikit-learn would; wrong shapes are refused."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from triage.encoders.lexical import HashedNgrams, tfidf
from triage.errors import CorruptBundleError
from triage.labeling.calibration import softmax
from triage.labeling.heads import Head, HeadStack, LexicalWeights, weigh

NGRAMS = HashedNgrams(bits=10)
TEXTS = [f"word{i % 7} number{i % 5} app{i % 3}" for i in range(60)] + [""]
DIM = 6
VECTORS = np.random.default_rng(1).normal(size=(len(TEXTS), DIM)).astype(np.float32)


def head(task: str, labels: int, dim: int = DIM, seed: int = 0, *, lexical: bool = False) -> Head:
    """Build a head with random weights."""
    rng = np.random.default_rng(seed)
    weights = None
    if lexical:
        weights = LexicalWeights(
            rng.normal(size=(NGRAMS.buckets, labels)).astype(np.float16),
            rng.uniform(1, 3, NGRAMS.buckets).astype(np.float16),
        )
    return Head(
        task=task,
        labels=tuple(f"{task}{i}" for i in range(labels)),
        dense=rng.normal(size=(dim, labels)).astype(np.float32),
        bias=rng.normal(size=labels).astype(np.float32),
        lexical=weights,
    )


@pytest.mark.parametrize(
    ("dense", "bias", "lexical"),
    [
        (np.zeros((4, 3)), np.zeros(2), None),
        (np.zeros((4, 2)), np.zeros(3), None),
        (np.zeros(4), np.zeros(2), None),
        (np.zeros((4, 2)), np.zeros(2), LexicalWeights(np.zeros((8, 3)), np.zeros(8))),
        (np.zeros((4, 2)), np.zeros(2), LexicalWeights(np.zeros((8, 2)), np.zeros(9))),
    ],
)
def test_unlike_shapes_are_refused(
    dense: np.ndarray, bias: np.ndarray, lexical: LexicalWeights | None
) -> None:
    """Arrays that do not fit their labels never become a head."""
    with pytest.raises(CorruptBundleError, match="task mood"):
        Head("mood", ("a", "b"), dense, bias, lexical)


def test_odd_bucket_count_is_refused() -> None:
    """Hashes are masked, so the buckets must be a power of two."""
    weights = LexicalWeights(np.zeros((1000, 2), np.float32), np.ones(1000, np.float32))
    odd = Head("a", ("x", "y"), np.zeros((4, 2), np.float32), np.zeros(2, np.float32), weights)

    with pytest.raises(CorruptBundleError, match="bucket"):
        HeadStack([odd], NGRAMS)


@pytest.mark.parametrize("lexical", [False, True])
@pytest.mark.parametrize("labels", [2, 4])
def test_scores_equal_decision_function(labels: int, *, lexical: bool) -> None:
    """Scores are scikit-learn's, dense alone and with n-grams, for two labels and for four.

    Two labels share scikit-learn's single column out, so their difference is its score.
    """
    idf = np.random.default_rng(2).uniform(1, 3, NGRAMS.buckets).astype(np.float32)
    rows = tfidf(NGRAMS.counts(TEXTS), idf)
    beside = sparse.csr_matrix(
        (rows.values, rows.indices, rows.indptr), shape=(len(TEXTS), NGRAMS.buckets)
    )
    matrix = sparse.hstack([sparse.csr_matrix(VECTORS), beside], format="csr").astype(np.float32)
    matrix = matrix if lexical else matrix[:, :DIM]
    target = np.arange(len(TEXTS)) * 7 % 11 % labels
    model = LogisticRegression(max_iter=300, tol=1e-3).fit(matrix, target)
    shared = labels == 2
    weights = np.vstack([-model.coef_, model.coef_]) / 2 if shared else model.coef_
    bias = np.append(-model.intercept_, model.intercept_) / 2 if shared else model.intercept_

    extra = LexicalWeights(weights[:, DIM:].T, idf) if lexical else None
    names = tuple(str(i) for i in range(labels))
    dense = np.asarray(weights[:, :DIM].T, np.float32)
    stack = HeadStack([Head("t", names, dense, np.asarray(bias, np.float32), extra)], NGRAMS)
    scores = stack.scores(VECTORS, TEXTS)["t"]

    found = scores[:, 1] - scores[:, 0] if shared else scores
    assert np.allclose(found, model.decision_function(matrix), atol=1e-4)
    assert np.allclose(softmax(scores), model.predict_proba(matrix), atol=1e-4)


def test_stack_equals_each_head_alone() -> None:
    """One matrix product gives what each head gives by itself, whatever n-grams they share."""
    heads = [
        head("a", 2, seed=1, lexical=True),
        head("b", 3, seed=2),
        head("c", 4, seed=1, lexical=True),
        head("d", 2, seed=4, lexical=True),
    ]

    together = HeadStack(heads, NGRAMS).scores(VECTORS, TEXTS)

    assert list(together) == ["a", "b", "c", "d"]
    for one in heads:
        alone = HeadStack([one], NGRAMS).scores(VECTORS, TEXTS)[one.task]
        assert np.allclose(together[one.task], alone, atol=1e-4)


def test_no_texts_give_no_scores() -> None:
    """An empty batch keeps its columns."""
    scores = HeadStack([head("a", 3, lexical=True)], NGRAMS).scores(VECTORS[:0], [])

    assert scores["a"].shape == (0, 3)


def test_rows_without_ngrams_weigh_nothing() -> None:
    """Empty texts anywhere in a batch get zeros and shift no neighbour."""
    weights = np.random.default_rng(0).normal(size=(NGRAMS.buckets, 2)).astype(np.float32)
    counts = NGRAMS.counts(["", "one word", "", "", "two words more", ""])

    out = weigh(counts, weights)

    assert not out[[0, 2, 3, 5]].any()
    for row in (1, 4):
        part = slice(counts.indptr[row], counts.indptr[row + 1])
        expected = counts.values[part] @ weights[counts.indices[part]]
        assert np.allclose(out[row], expected, atol=1e-4)
