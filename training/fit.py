"""Choose and fit the head of each task by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from training.datasets import Examples, Rows
from training.features import Copies, inverse_frequencies, to_matrix
from training.split import folds
from triage.encoders.lexical import HashedNgrams, tfidf
from triage.errors import ExportError
from triage.labeling.heads import Floats, Head, LexicalWeights

TIE = 0.003
"""Gain in macro-F1 below which the simpler candidate is taken."""
MAX_ITERATIONS = 300
Matrix: TypeAlias = "NDArray[np.float32] | sparse.csr_matrix"


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One way to fit a head; the order puts the simpler first.

    Args:
        lexical: Length of the n-gram rows beside unit embeddings; 0 leaves n-grams out. The longer,
            the more the regularisation favours words over the embedding.
        strength: Inverse regularisation, scikit-learn's ``C``.
    """

    lexical: float
    strength: float

    def describe(self) -> str:
        """Name the candidate for reports."""
        features = f"dense + lexical x {self.lexical:g}" if self.lexical else "dense"
        return f"{features}, C={self.strength:g}"


CANDIDATES = (
    Candidate(0, 1.0),
    Candidate(0, 10.0),
    Candidate(1, 10.0),
    Candidate(4, 2.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A head with what cross-validation said of it.

    Args:
        head: Fitted on all training rows.
        rows: Training rows that answer the task, shape ``(m,)``.
        scores: Profile to out-of-fold scores of those rows, each of shape ``(m, labels)``.
        chosen: The winning candidate.
        table: Candidate to its cross-validated macro-F1.
    """

    head: Head
    rows: Rows
    scores: dict[str, Floats]
    chosen: Candidate
    table: dict[Candidate, float]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The matrices of one run, shared by all tasks."""

    copies: Copies
    ngrams: HashedNgrams
    idf: NDArray[np.float16]
    dense_only: NDArray[np.float32]
    dense_sparse: sparse.csr_matrix
    lexical_rows: sparse.csr_matrix

    def matrix(self, candidate: Candidate) -> Matrix:
        """Return the matrix that a candidate is fitted on, one row per copy."""
        if not candidate.lexical:
            return self.dense_only
        blocks = [self.dense_sparse, self.lexical_rows * np.float32(candidate.lexical)]
        return sparse.hstack(blocks, format="csr")


def design(examples: Examples, copies: Copies, ngrams: HashedNgrams) -> Design:
    """Build the dense and the combined matrix of a run."""
    counts = ngrams.counts(examples.texts)
    idf = inverse_frequencies(counts, ngrams.buckets).astype(np.float16)
    weighted = tfidf(counts, idf.astype(np.float32))
    beside = to_matrix(weighted, ngrams)[copies.rows].astype(np.float32)
    return Design(copies, ngrams, idf, copies.vectors, sparse.csr_matrix(copies.vectors), beside)


def fit_head(  # noqa: PLR0913 - a run has this many parts
    task: str,
    labels: tuple[str, ...],
    examples: Examples,
    matrices: Design,
    clusters: NDArray[np.int64],
    *,
    fold_count: int,
    seed: int,
    jobs: int,
    candidates: Sequence[Candidate] = CANDIDATES,
) -> FittedHead:
    """Fit one task: cross-validate the candidates, then fit the winner on all rows.

    Args:
        task: Name of the task.
        labels: Its labels, in the order the head shall have.
        examples: Training rows, ``n`` of them.
        matrices: The run's matrices.
        clusters: Cluster of each row; clusters are never cut, shape ``(n,)``.
        fold_count: Number of folds.
        seed: Seed of the folds.
        jobs: Processes, as joblib counts them.
        candidates: What to compare.

    Raises:
        ExportError: When a row carries a label that is none of the task's.
    """
    rows = np.flatnonzero(examples.answered(task))
    fold = np.full(len(examples), -1, np.int64)
    fold[rows] = folds([examples.labels[task][i] for i in rows], clusters[rows], fold_count, seed)
    problem = _problem(examples, matrices, task, labels, fold)
    scores = _cross_validate(problem, matrices, candidates, jobs)
    table = {
        candidate: _quality(scores[candidate], matrices.copies, rows, problem.truth, examples)
        for candidate in candidates
    }
    best = _choose(table)
    return FittedHead(
        head=_on_rows(problem, matrices, best, task, labels),
        rows=rows,
        scores={name: scores[best][at[rows]] for name, at in matrices.copies.routed.items()},
        chosen=best,
        table=table,
    )


def refit(fitted: FittedHead, examples: Examples, matrices: Design, rows: Rows) -> Head:
    """Fit the chosen candidate again, on some of the rows that answer the task."""
    task, labels = fitted.head.task, fitted.head.labels
    fold = np.full(len(examples), -1, np.int64)
    fold[rows] = 0
    problem = _problem(examples, matrices, task, labels, fold)
    return _on_rows(problem, matrices, fitted.chosen, task, labels)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """One task over the copies that answer it, ``m`` of them.

    Args:
        kept: Copies in the run's matrices, shape ``(m,)``.
        target: Column of the label of each copy, shape ``(m,)``.
        weights: Shape ``(m,)``.
        fold: Fold of each copy, shape ``(m,)``.
        truth: Column of the label of each example, -1 where it does not answer, shape ``(n,)``.
        labels: How many labels there are.
    """

    kept: Rows
    target: NDArray[np.int64]
    weights: NDArray[np.float64]
    fold: NDArray[np.int64]
    truth: NDArray[np.int64]
    labels: int


def _problem(
    examples: Examples, matrices: Design, task: str, labels: tuple[str, ...], fold: Rows
) -> _Problem:
    copies = matrices.copies
    kept = np.flatnonzero(examples.answered(task)[copies.rows])
    owner = copies.rows[kept]
    truth = _targets(examples, task, labels)
    weights = examples.weights[owner] * copies.shares[kept]
    return _Problem(kept, truth[owner], weights, fold[owner], truth, len(labels))


def _cross_validate(
    problem: _Problem, matrices: Design, candidates: Sequence[Candidate], jobs: int
) -> dict[Candidate, Floats]:
    """Score every copy by the fold that did not see it, each of shape ``(copies, labels)``."""
    numbers = np.unique(problem.fold)
    out: dict[Candidate, Floats] = {}
    for candidate in candidates:
        matrix = matrices.matrix(candidate)[problem.kept]
        parts = Parallel(n_jobs=jobs, max_nbytes="1M")(
            delayed(_held_scores)(problem, matrix, problem.fold == number, candidate)
            for number in numbers
        )
        scores = np.zeros((len(matrices.copies.rows), problem.labels), np.float32)
        for number, held in zip(numbers, parts, strict=True):
            scores[problem.kept[problem.fold == number]] = held
        out[candidate] = scores
    return out


def _targets(examples: Examples, task: str, labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Number the label of each row, shape ``(n,)``; -1 where a row does not answer."""
    strange = sorted(set(examples.labels[task]) - {"", *labels})
    if strange:
        raise ExportError(
            f"Task {task} has no label {strange[0]!r}, which a training row carries.",
            fix=f"Its labels are: {', '.join(labels)}.",
        )
    rank = {label: i for i, label in enumerate(labels)}
    return np.asarray([rank.get(label, -1) for label in examples.labels[task]], np.int64)


def _choose(table: dict[Candidate, float]) -> Candidate:
    best = max(table.values())
    return min(candidate for candidate, value in table.items() if value >= best - TIE)


def _quality(
    scores: Floats, copies: Copies, rows: Rows, target: NDArray[np.int64], examples: Examples
) -> float:
    """Average macro-F1 over profiles, on the rows that thresholds are measured on."""
    measured = rows[examples.target[rows]]
    measured = measured if len(measured) else rows
    present = np.unique(target[measured])
    values = [
        f1_score(
            target[measured],
            scores[at[measured]].argmax(axis=1),
            labels=present,
            average="macro",
            zero_division=0,
        )
        for at in copies.routed.values()
    ]
    return float(np.mean(values))


def _held_scores(
    problem: _Problem, matrix: Matrix, held: NDArray[np.bool_], candidate: Candidate
) -> Floats:
    coefficients, bias = _fit(problem, matrix, ~held, candidate)
    return np.asarray(matrix[held] @ coefficients + bias, np.float32)


def _fit(
    problem: _Problem, matrix: Matrix, seen: NDArray[np.bool_], candidate: Candidate
) -> tuple[Floats, Floats]:
    """Fit logistic regression; return weights ``(features, labels)`` and bias ``(labels,)``.

    A label that these rows lack gets a bias that keeps it from winning.
    """
    target = problem.target[seen]
    present = np.unique(target)
    coefficients = np.zeros((matrix.shape[1], problem.labels), np.float32)
    bias = np.full(problem.labels, -10.0, np.float32)
    if len(present) < 2:  # noqa: PLR2004 - one label in these rows: always answer it
        bias[present] = 10.0
        return coefficients, bias
    used = _used(matrix)
    model = LogisticRegression(C=candidate.strength, max_iter=MAX_ITERATIONS, tol=1e-3)
    model.fit(matrix[seen][:, used], target, sample_weight=problem.weights[seen])
    if len(present) == 2:  # noqa: PLR2004 - scikit-learn gives two labels one column
        coefficients[np.ix_(used, present)] = np.vstack([-model.coef_, model.coef_]).T / 2
        bias[present] = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
    else:
        coefficients[np.ix_(used, present)] = model.coef_.T
        bias[present] = model.intercept_
    return coefficients, bias


def _used(matrix: Matrix) -> Rows:
    """List the columns that hold anything: empty ones get no weight and cost most of the time."""
    if isinstance(matrix, sparse.csr_matrix):
        return np.asarray(np.unique(matrix.indices), np.int64)
    return np.arange(matrix.shape[1])


def _on_rows(
    problem: _Problem, matrices: Design, chosen: Candidate, task: str, labels: tuple[str, ...]
) -> Head:
    """Fit the head on the copies in a fold; serving's n-gram rows have unit length."""
    seen = problem.fold >= 0
    coefficients, bias = _fit(problem, matrices.matrix(chosen)[problem.kept], seen, chosen)
    dim = matrices.dense_only.shape[1]
    lexical = (coefficients[dim:] * chosen.lexical).astype(np.float16)
    idf = LexicalWeights(lexical, matrices.idf) if len(lexical) else None
    return Head(task, labels, np.ascontiguousarray(coefficients[:dim]), bias, idf)
