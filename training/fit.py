"""Choose and fit the head of each task by cross-validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from training.budget import Budget
from training.candidates import BY_NAME, CANDIDATES, Candidate, variants
from training.datasets import Examples, Rows
from training.design import Design, starting_table
from training.names import Named, name_rows
from training.race import Race
from training.split import folds
from training.trials import AHEAD, MOST_BYTES, Problem, Trials, held_scores
from triage.encoders.base import EncoderSet
from triage.errors import ExportError
from triage.labeling.heads import Floats, Head, LexicalWeights

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A head with what cross-validation said of it.

    Args:
        head: Fitted on all training rows.
        rows: Training rows that answer the task, shape ``(m,)``.
        scores: Profile to scores of those rows by heads that have not seen them, each of shape
            ``(m, labels)``.
        chosen: The winning candidate.
        table: Candidate to its macro-F1 on the folds it was compared on.
        dropped: Candidate to the reason it left the race.
        untried: Candidates that the budget left no time for.
        cut: Whether the budget ended the search.
        iterations: Steps that the last fit took.
        named: Rows made of label names, if the candidates had any.
    """

    head: Head
    rows: Rows
    scores: dict[str, Floats]
    chosen: Candidate
    table: dict[Candidate, float]
    dropped: dict[Candidate, str] = field(default_factory=dict)
    untried: tuple[Candidate, ...] = ()
    cut: bool = False
    iterations: int = 0
    named: Named | None = None


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
    older: NDArray[np.bool_] | None = None,
    budget: Budget = Budget(),  # noqa: B008 - frozen, without end
    warm: Head | None = None,
    encoders: EncoderSet | None = None,
    tell: Tell = lambda _: None,
    tick: Callable[[], None] = lambda: None,
) -> FittedHead:
    """Fit one task: race the candidates, try around the winner, fit the best on all rows.

    Args:
        task: Name of the task.
        labels: Its labels, in the order the head shall have.
        examples: Training rows, ``n`` of them.
        matrices: The run's matrices.
        clusters: Cluster of each row; clusters are never cut, shape ``(n,)``.
        fold_count: Number of folds.
        seed: Seed of the folds.
        jobs: Processes, as joblib counts them.
        candidates: What to compare, the most promising first. The default ones are followed by
            variants of their winner; of those given nothing else is tried.
        older: Where dates decide, the rows that come before calibration, shape ``(n,)``: candidates
            are compared on them alone, and heads fitted on them alone score the others.
        budget: Ends the search; the best so far is taken.
        warm: Head of an earlier bundle over the same encoder, to start the last fit from.
        encoders: Encode the names of labels where rows are few; left out, names are not tried.
        tell: Takes one line a round.
        tick: Called after every fit.

    Raises:
        ExportError: When a row carries a label that is none of the task's, or there are more labels
            than memory allows.
    """
    rows = np.flatnonzero(examples.answered(task))
    compared = rows if older is None else rows[older[rows]]
    fold = _folds(examples.labels[task], clusters, compared, fold_count, seed)
    problem, kept = _problem(examples, matrices, task, labels, fold, rows, compared)
    problem, entrants = _with_names(problem, labels, matrices, encoders, candidates)
    trials = Trials(problem, jobs, tick)
    race = Race(trials, trials.folds, budget, tell)
    best = _search(race, task, entrants, problem, refine=candidates is CANDIDATES)
    start = starting_table(warm, labels, matrices, best)
    found = problem.fit(best, np.ones(len(kept), bool), start)
    return FittedHead(
        _head(task, labels, found.weights, matrices, best),
        rows,
        _routed(problem, trials, best, matrices, kept, rows),
        best,
        race.table,
        dropped=race.dropped,
        untried=tuple(race.untried),
        cut=race.cut,
        iterations=found.iterations,
        named=problem.named,
    )


def _with_names(
    problem: Problem,
    labels: Sequence[str],
    matrices: Design,
    encoders: EncoderSet | None,
    candidates: Sequence[Candidate],
) -> tuple[Problem, Sequence[Candidate]]:
    """Put label names beside the rows, and candidates that use them before the default ones."""
    if encoders is None or candidates is not CANDIDATES:
        return problem, candidates
    counts = np.bincount(problem.target, minlength=len(labels))
    named = name_rows(labels, counts, matrices, encoders)
    if named is None:
        return problem, candidates
    return replace(problem, named=named), (*BY_NAME, *candidates)


def refit(fitted: FittedHead, examples: Examples, matrices: Design, rows: Rows) -> Head:
    """Fit the chosen candidate again, on some of the rows that answer the task."""
    task, labels = fitted.head.task, fitted.head.labels
    fold = np.zeros(len(examples), np.int64)
    problem, kept = _problem(examples, matrices, task, labels, fold, rows, rows)
    problem = replace(problem, named=fitted.named)
    found = problem.fit(fitted.chosen, np.ones(len(kept), bool))
    return _head(task, labels, found.weights, matrices, fitted.chosen)


def _folds(
    labels: Sequence[str], clusters: Rows, compared: Rows, count: int, seed: int
) -> NDArray[np.int64]:
    """Number a fold for each row that candidates are compared on, ``AHEAD`` for the others."""
    fold = np.full(len(labels), AHEAD, np.int64)
    fold[compared] = folds([labels[i] for i in compared], clusters[compared], count, seed)
    return fold


def _search(
    race: Race, task: str, candidates: Sequence[Candidate], problem: Problem, *, refine: bool
) -> Candidate:
    """Race the candidates, then the winner against its variants, and score it on every fold."""
    affordable = _affordable(task, problem, candidates)
    race.dropped.update(_refused(problem, candidates, affordable))
    best = race.run(affordable)
    if refine and not race.cut:
        around = variants(best, problem.target, [*race.table, *race.dropped])
        best = race.challenge(best, [c for c in around if problem.bytes(c) <= MOST_BYTES])
    race.finish(best)
    return best


def _problem(
    examples: Examples,
    matrices: Design,
    task: str,
    labels: tuple[str, ...],
    fold: Rows,
    rows: Rows,
    compared: Rows,
) -> tuple[Problem, Rows]:
    """Pose a task over the copies of some rows; return these copies too."""
    copies = matrices.copies
    kept = np.flatnonzero(np.isin(copies.rows, rows))
    owner = copies.rows[kept]
    measured = compared[examples.target[compared]]
    measured = measured if len(measured) else compared
    problem = Problem(
        dense=copies.vectors[kept],
        sparse=matrices.lexical_rows[kept],
        target=_targets(examples, task, labels)[owner],
        weights=examples.weights[owner] * copies.shares[kept],
        fold=fold[owner],
        measured={name: _place(kept, at[measured]) for name, at in copies.routed.items()},
        labels=len(labels),
    )
    return problem, kept


def _place(kept: Rows, wanted: Rows) -> Rows:
    """Find the place of each wanted copy among the kept ones, which are in order."""
    return np.searchsorted(kept, wanted).astype(np.int64)


def _routed(
    problem: Problem, trials: Trials, best: Candidate, matrices: Design, kept: Rows, rows: Rows
) -> dict[str, Floats]:
    """Return each profile's scores of the rows by heads that have not seen them."""
    scores = trials.scores(best)
    ahead = problem.fold == AHEAD
    if ahead.any():
        scores[ahead] = held_scores(problem, best, ahead)
    return {name: scores[_place(kept, at[rows])] for name, at in matrices.copies.routed.items()}


def _affordable(task: str, problem: Problem, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out candidates whose fit would take too much memory.

    Raises:
        ExportError: When that is all of them.
    """
    kept = [candidate for candidate in candidates if problem.bytes(candidate) <= MOST_BYTES]
    if not kept:
        least = min(problem.bytes(candidate) for candidate in candidates)
        raise ExportError(
            f"Task {task}: {problem.labels:,} labels on {len(problem.target):,} rows take "
            f"{least / 2**30:.1f} GB a fit, and {MOST_BYTES / 2**30:.0f} GB is the most.",
            fix="Is the column of the labels the right one? Else join rare labels with --map.",
        )
    return kept


def _refused(
    problem: Problem, candidates: Sequence[Candidate], kept: Sequence[Candidate]
) -> dict[Candidate, str]:
    """Say of each candidate left out what it would have taken."""
    return {
        candidate: f"not tried: a fit would take {problem.bytes(candidate) / 2**30:.1f} GB"
        for candidate in candidates
        if candidate not in kept
    }


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


def _head(
    task: str, labels: tuple[str, ...], table: Floats, matrices: Design, chosen: Candidate
) -> Head:
    """Build the head; serving's n-gram rows have unit length, so their weights take the factor."""
    last = 1 + matrices.copies.vectors.shape[1]
    lexical = None
    if chosen.lexical:
        weights = np.zeros((matrices.ngrams.buckets, len(labels)), np.float16)
        weights[matrices.columns] = table[last:] * np.float32(chosen.lexical)
        lexical = LexicalWeights(weights, matrices.idf)
    return Head(task, labels, np.ascontiguousarray(table[1:last]), table[0].copy(), lexical)
