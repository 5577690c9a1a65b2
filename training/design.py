"""The matrices that all tasks of a run are fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.candidates import Candidate
from training.datasets import Examples, Rows
from training.features import Copies, inverse_frequencies, to_matrix
from training.linear import Features
from triage.encoders.lexical import HashedNgrams, SparseRows, tfidf
from triage.labeling.heads import Floats, Head


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The matrices of one run, shared by all tasks.

    Args:
        copies: Messages as vectors.
        ngrams: Counts n-grams.
        idf: Inverse frequency of each bucket, shape ``(buckets,)``.
        columns: Buckets that any message fills, shape ``(columns,)``.
        lexical_rows: Weighted n-grams of each copy, shape ``(copies, columns)``.
    """

    copies: Copies
    ngrams: HashedNgrams
    idf: NDArray[np.float16]
    columns: Rows
    lexical_rows: sparse.csr_matrix

    def features(self, candidate: Candidate) -> Features:
        """Return what a candidate is fitted on, one row per copy."""
        return Features(self.copies.vectors, self.lexical_rows, candidate.lexical)

    def lexical(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Weigh the n-grams of other texts like those of the rows, shape ``(n, columns)``."""
        counts = self.ngrams.counts(texts)
        weighted = to_matrix(tfidf(counts, self.idf.astype(np.float32)), self.ngrams)
        return weighted[:, self.columns].tocsr().astype(np.float32)


def design(
    examples: Examples, copies: Copies, ngrams: HashedNgrams, counts: SparseRows | None = None
) -> Design:
    """Build the matrices of a run; ``counts`` spare counting n-grams anew."""
    counts = counts or ngrams.counts(examples.texts)
    idf = inverse_frequencies(counts, ngrams.buckets).astype(np.float16)
    weighted = to_matrix(tfidf(counts, idf.astype(np.float32)), ngrams)
    weighted.eliminate_zeros()
    columns = np.unique(weighted.indices).astype(np.int64)
    beside = weighted[:, columns].tocsr()[copies.rows].astype(np.float32)
    return Design(copies, ngrams, idf, columns, beside)


def starting_table(
    head: Head | None, labels: Sequence[str], matrices: Design, candidate: Candidate
) -> Floats | None:
    """Turn an earlier head into weights to start from; labels it lacks start empty.

    Returns:
        Shape ``(1 + width, labels)``; None without a head or where its width is another.
    """
    dim = matrices.copies.vectors.shape[1]
    if head is None or len(head.dense) != dim:
        return None
    table = np.zeros((1 + matrices.features(candidate).width, len(labels)), np.float32)
    known = [
        (i, head.labels.index(label)) for i, label in enumerate(labels) if label in head.labels
    ]
    here, there = [i for i, _ in known], [j for _, j in known]
    table[0, here] = head.bias[there]
    table[1 : 1 + dim, here] = head.dense[:, there]
    lexical = head.lexical
    if candidate.lexical and lexical is not None and len(lexical.idf) == matrices.ngrams.buckets:
        weights = lexical.weights[np.ix_(matrices.columns, np.asarray(there, np.int64))]
        table[1 + dim :, here] = weights.astype(np.float32) / np.float32(candidate.lexical)
    return table
