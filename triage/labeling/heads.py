"""Linear heads: one row of weights per label over dense and, where it won, lexical features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors
from triage.encoders.lexical import HashedNgrams, SparseRows, damped, unit
from triage.errors import CorruptBundleError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LexicalWeights:
    """Weights over hashed n-grams ``(buckets, labels)`` and the inverse frequencies ``(buckets,)``.

    Each head brings the frequencies it was fitted with, so that heads of several runs can stand in
    one bundle.
    """

    weights: NDArray[np.floating]
    idf: NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The fitted classifier of one task.

    Args:
        task: Name of the task.
        labels: Labels in the order of the columns.
        dense: Weights over the embedding, shape ``(dim, labels)``.
        bias: Shape ``(labels,)``.
        lexical: Weights over hashed n-grams, or None where they did not win.

    Raises:
        CorruptBundleError: When the shapes do not fit together.
    """

    task: str
    labels: tuple[str, ...]
    dense: Floats
    bias: Floats
    lexical: LexicalWeights | None = None

    def __post_init__(self) -> None:
        """Refuse arrays whose shapes do not fit together."""
        count = len(self.labels)
        fits = self.dense.shape[1:] == (count,) and self.bias.shape == (count,)
        if self.lexical is not None:
            fits = fits and self.lexical.weights.shape == (len(self.lexical.idf), count)
        if not fits:
            raise CorruptBundleError(f"The head of task {self.task} has arrays of unlike shapes.")


class HeadStack:
    """All heads of a bundle; the dense parts are one matrix product.

    Args:
        heads: At least one.
        ngrams: Lengths of the n-grams; the number of buckets is that of each head's weights.

    Raises:
        CorruptBundleError: When the buckets of a head are no power of two.
    """

    def __init__(self, heads: Sequence[Head], ngrams: HashedNgrams) -> None:
        self.ngrams = ngrams
        for head in heads:
            if head.lexical is not None and len(head.lexical.idf).bit_count() != 1:
                raise CorruptBundleError(f"The head of task {head.task} has a wrong bucket count.")
        self._dense = np.concatenate([head.dense for head in heads], axis=1)
        self._bias = np.concatenate([head.bias for head in heads])
        ends = np.cumsum([len(head.labels) for head in heads])
        self._columns = {
            head.task: slice(int(end) - len(head.labels), int(end))
            for head, end in zip(heads, ends, strict=True)
        }
        self._groups = [
            _Lexical(
                replace(ngrams, bits=len(idf).bit_length() - 1),
                idf,
                weights,
                _joined([self._columns[task] for task in tasks]),
            )
            for idf, weights, tasks in _by_frequencies(heads)
        ]
        self.heads = {head.task: self._seen(head) for head in heads}

    def _seen(self, head: Head) -> Head:
        """Let a head look into the joined table, so that its own weights are not kept too."""
        every = np.arange(len(self._bias))
        for group in self._groups:
            inside = np.isin(every[group.columns], every[self._columns[head.task]])
            if inside.any():
                start = int(inside.argmax())
                weights = group.weights[:, start : start + len(head.labels)]
                return replace(head, lexical=LexicalWeights(weights, group.idf))
        return head

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks in their order."""
        return tuple(self.heads)

    def scores(self, vectors: Vectors, texts: Sequence[str]) -> dict[str, Floats]:
        """Score every label of every task; each task has shape ``(n, labels)``."""
        table = self.table(vectors, texts)
        return {task: table[:, columns] for task, columns in self._columns.items()}

    def table(self, vectors: Vectors, texts: Sequence[str]) -> Floats:
        """Score every label of every task, side by side: shape ``(n, all labels)``."""
        # Row by row: a message gets the same scores in any company, to the last bit.
        table = np.vecmat(vectors, self._dense) + self._bias
        counted: dict[HashedNgrams, SparseRows] = {}
        for part in self._groups:
            if part.ngrams not in counted:
                counted[part.ngrams] = damped(part.ngrams.counts(texts))
            table[:, part.columns] += weigh(unit(counted[part.ngrams], part.idf), part.weights)
        return np.asarray(table)


@dataclass(frozen=True, slots=True, eq=False)
class _Lexical:
    """The lexical weights of heads that share inverse frequencies, and the columns they fill.

    Both stay in the precision they were stored in; the rows of a message are widened as they come.
    """

    ngrams: HashedNgrams
    idf: NDArray[np.floating]
    weights: NDArray[np.floating]
    columns: NDArray[np.int64] | slice


def _by_frequencies(
    heads: Sequence[Head],
) -> list[tuple[NDArray[np.floating], NDArray[np.floating], list[str]]]:
    """Join the lexical weights of heads that share inverse frequencies into one table."""
    groups: dict[bytes, list[tuple[str, LexicalWeights]]] = {}
    for head in heads:
        if head.lexical is not None:
            groups.setdefault(head.lexical.idf.tobytes(), []).append((head.task, head.lexical))
    return [
        (
            members[0][1].idf,
            np.concatenate([part.weights for _, part in members], axis=1),
            [task for task, _ in members],
        )
        for members in groups.values()
    ]


def _joined(columns: Sequence[slice]) -> NDArray[np.int64] | slice:
    """Join columns, into one slice where they stand side by side, which is quicker to fill."""
    if all(left.stop == right.start for left, right in pairwise(columns)):
        return slice(columns[0].start, columns[-1].stop)
    return np.concatenate([np.arange(part.start, part.stop) for part in columns])


def weigh(rows: SparseRows, weights: NDArray[np.floating]) -> Floats:
    """Multiply sparse rows by weights ``(buckets, labels)``; return shape ``(n, labels)``."""
    out = np.zeros((len(rows), weights.shape[1]), np.float32)
    bounds = rows.indptr.tolist()
    for row, (start, end) in enumerate(pairwise(bounds)):
        # Row by row: a message gets the same scores in any company, and no large table is made.
        taken = weights.take(rows.indices[start:end], axis=0)
        # The same product as with ``@``, called with less ado.
        out[row] = rows.values[start:end].dot(taken.astype(np.float32, copy=False))
    return out
