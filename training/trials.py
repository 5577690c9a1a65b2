"""Candidates on the folds of one task: fitted on all cores, compared on the rows held out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from training.candidates import Candidate
from training.datasets import Rows
from training.linear import ARRAYS, Features, Solution, fit_softmax
from training.names import Named
from training.race import Pair
from triage.labeling.heads import Floats

AHEAD = -1
"""In place of a fold's number: rows that no candidate is fitted on or compared on."""
ABSENT = -10.0
"""Bias of a label that no row carries: it is served, but not given."""
MOST_BYTES = 2 * 2**30
"""Memory that one fit may take; several run side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One task over the ``m`` copies of messages that answer it.

    Args:
        dense: Shape ``(m, dim)``.
        sparse: N-grams, shape ``(m, columns)``.
        target: Column of the label of each copy, shape ``(m,)``.
        weights: Shape ``(m,)``.
        fold: Fold of each copy, or ``AHEAD``, shape ``(m,)``.
        measured: Profile to the copies that it is compared on.
        labels: How many labels there are.
        named: Rows made of the names of labels, which no fold holds out, if any.
    """

    dense: Floats
    sparse: sparse.csr_matrix
    target: NDArray[np.int64]
    weights: NDArray[np.float64]
    fold: NDArray[np.int64]
    measured: Mapping[str, Rows]
    labels: int
    named: Named | None = None

    def features(self, candidate: Candidate) -> Features:
        """Return what a candidate is fitted on."""
        return Features(self.dense, self.sparse, candidate.lexical)

    def bytes(self, candidate: Candidate) -> int:
        """Estimate the memory of one fit."""
        width = 1 + self.features(candidate).width
        return 4 * self.labels * (ARRAYS * width + 3 * len(self.target))

    def fit(
        self, candidate: Candidate, seen: NDArray[np.bool_], start: Floats | None = None
    ) -> Solution:
        """Fit a candidate on some copies, on one thread so that every machine gives the same.

        A label that these copies lack gets a bias that keeps it from winning.
        """
        features, target, weights = self._rows(candidate, seen)
        present, columns = np.unique(target, return_inverse=True)
        table = np.zeros((1 + features.width, self.labels), np.float32)
        table[0] = ABSENT
        if len(present) < 2:  # noqa: PLR2004 - one label in these rows: always answer it
            table[0, present] = -ABSENT
            return Solution(table, 0)
        begin = None if start is None else np.ascontiguousarray(start[:, present])
        with threadpool_limits(1):
            found = fit_softmax(features, columns, weights, len(present), candidate.strength, begin)
        table[:, present] = found.weights
        return Solution(table, found.iterations)

    def _rows(
        self, candidate: Candidate, seen: NDArray[np.bool_]
    ) -> tuple[Features, NDArray[np.int64], NDArray[np.float64]]:
        """Take some copies, with the names of labels behind them where a candidate uses them."""
        features, target = self.features(candidate).take(seen), self.target[seen]
        weights = candidate.weights(target, self.weights[seen])
        named = self.named
        if named is None or not candidate.named:
            return features, target, weights
        beside = sparse.vstack([features.sparse, named.sparse]) if candidate.lexical else None
        return (
            Features(
                np.concatenate([features.dense, named.dense]),
                features.sparse if beside is None else beside.tocsr(),
                candidate.lexical,
            ),
            np.concatenate([target, named.target]),
            np.concatenate([weights, candidate.named * named.shares]),
        )


def held_scores(problem: Problem, candidate: Candidate, held: NDArray[np.bool_]) -> Floats:
    """Fit on the copies of all other folds; score the held ones, shape ``(held, labels)``."""
    found = problem.fit(candidate, ~held & (problem.fold != AHEAD))
    with threadpool_limits(1):
        return problem.features(candidate).take(held).score(found.weights)


@dataclass(slots=True, eq=False)
class Trials:
    """The ground of a race over the folds of one problem.

    Args:
        problem: The task.
        jobs: Processes, as joblib counts them.
        tick: Called after every fit.
    """

    problem: Problem
    jobs: int
    tick: Callable[[], None] = lambda: None
    _scores: dict[Pair, Floats] = field(default_factory=dict)
    _given: dict[Pair, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def folds(self) -> list[int]:
        """Numbers of the folds."""
        return [int(n) for n in np.unique(self.problem.fold) if n != AHEAD]

    @property
    def at_once(self) -> int:
        """Number of pairs that run side by side."""
        return int(effective_n_jobs(self.jobs))

    def run(self, pairs: Sequence[Pair]) -> None:
        """Fit candidates without a fold and score it; what was run before is kept."""
        wanted = [pair for pair in pairs if pair not in self._scores]
        # Threads share the rows, where processes would copy them and import everything anew; the
        # products, in which a fit spends its time, run side by side.
        parallel = Parallel(n_jobs=self.jobs, prefer="threads", return_as="generator")
        with threadpool_limits(1):
            results = parallel(
                delayed(held_scores)(self.problem, candidate, self.problem.fold == fold)
                for candidate, fold in wanted
            )
            for pair, scores in zip(wanted, results, strict=True):
                self._scores[pair] = scores
                self._given[pair] = scores.argmax(axis=1)
                self.tick()

    def forget(self, candidate: Candidate) -> None:
        """Let go of the scores of a candidate that left; what it answered stays."""
        for fold in self.folds:
            self._scores.pop((candidate, fold), None)

    def held(self, folds: Sequence[int]) -> int:
        """Count the copies that folds compare candidates on, in the profile with the fewest."""
        fold = self.problem.fold
        counts = [int(np.isin(fold[at], folds).sum()) for at in self.problem.measured.values()]
        return min(counts)

    def quality(self, candidate: Candidate, folds: Sequence[int]) -> float:
        """Average macro-F1 over profiles, on the rows that thresholds are measured on."""
        given, values = self._answers(candidate, folds), []
        for at in self.problem.measured.values():
            rows = at[np.isin(self.problem.fold[at], folds)]
            truth = self.problem.target[rows]
            values.append(
                f1_score(
                    truth, given[rows], labels=np.unique(truth), average="macro", zero_division=0
                )
                if len(rows)
                else 0.0
            )
        return float(np.mean(values))

    def noise(self, leader: Candidate, other: Candidate, folds: Sequence[int]) -> float:
        """Estimate the standard error of a difference in macro-F1 by that in mean recall.

        Only rows that one of both gets right count, each by one over the rows of its label.
        """
        first, second = self._answers(leader, folds), self._answers(other, folds)
        errors = []
        for at in self.problem.measured.values():
            rows = at[np.isin(self.problem.fold[at], folds)]
            truth = self.problem.target[rows]
            counts = np.bincount(truth, minlength=self.problem.labels)
            differ = (first[rows] == truth) != (second[rows] == truth)
            share = 1 / (counts[truth[differ]] * np.count_nonzero(counts))
            errors.append(float(np.sqrt(np.sum(share**2))))
        return float(np.mean(errors))

    def scores(self, candidate: Candidate) -> Floats:
        """Return the out-of-fold scores of all copies, shape ``(m, labels)``; zero ahead."""
        out = np.zeros((len(self.problem.target), self.problem.labels), np.float32)
        for fold in self.folds:
            out[self.problem.fold == fold] = self._scores[candidate, fold]
        return out

    def _answers(self, candidate: Candidate, folds: Sequence[int]) -> NDArray[np.int64]:
        out = np.full(len(self.problem.target), -1, np.int64)
        for fold in folds:
            out[self.problem.fold == fold] = self._given[candidate, fold]
        return out
