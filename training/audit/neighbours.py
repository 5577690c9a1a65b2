"""Nearest neighbours in embedding space: exact while that is quick, by cells beyond."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from triage.encoders.base import Vectors

EXACT = 20_000
"""Rows up to which every pair is compared; 20,000 of width 256 take 12 s on one core."""
CELL_ROWS = 1_000
PROBES = 4
"""Beyond, a row is compared with those of its nearest cells of about this many rows."""
BLOCK = 1_024
"""Rows compared at once; the table of cosines then holds at most 80 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest other rows of each row.

    Args:
        rows: Nearest first, -1 where there are fewer, shape ``(n, k)``.
        distances: Cosine distances, ``inf`` where there are fewer, shape ``(n, k)``.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]


def nearest(vectors: Vectors, count: int, seed: int = 0) -> Neighbours:
    """Find the nearest other rows of each row.

    Args:
        vectors: Rows of unit length, shape ``(n, dim)``.
        count: How many; fewer when there are fewer rows.
        seed: Of the cells; the same seed and rows give the same neighbours.
    """
    total = len(vectors)
    count = min(count, total - 1)
    if count < 1:
        return Neighbours(np.full((total, 0), -1), np.full((total, 0), np.inf))
    found = Neighbours(np.full((total, count), -1), np.full((total, count), np.inf))
    for queries, pool in _pieces(vectors, seed):
        for begin in range(0, len(queries), BLOCK):
            block = queries[begin : begin + BLOCK]
            _fill(found, vectors, block, pool)
    return found


def _pieces(vectors: Vectors, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield rows to ask for, and the rows in which their neighbours are sought."""
    everything = np.arange(len(vectors))
    if len(vectors) <= EXACT:
        yield everything, everything
        return
    count = len(vectors) // CELL_ROWS
    cells = MiniBatchKMeans(count, batch_size=4 * BLOCK, n_init=1, random_state=seed, max_iter=10)
    home = cells.fit_predict(vectors)
    members = [np.flatnonzero(home == cell) for cell in range(count)]
    centres = cells.cluster_centers_
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBES]
    for cell in range(count):
        if len(members[cell]):
            others = {cell, *near[cell].tolist()}
            yield members[cell], np.concatenate([members[other] for other in sorted(others)])


def _fill(
    found: Neighbours, vectors: Vectors, block: NDArray[np.int64], pool: NDArray[np.int64]
) -> None:
    cosines = vectors[block] @ vectors[pool].T
    cosines[block[:, None] == pool[None, :]] = -np.inf
    count = min(found.rows.shape[1], len(pool) - 1)
    if count < 1:
        return
    at = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    closeness = np.take_along_axis(cosines, at, axis=1)
    order = np.lexsort((pool[at], -closeness), axis=1)
    found.rows[block, :count] = pool[np.take_along_axis(at, order, axis=1)]
    ordered = np.take_along_axis(closeness, order, axis=1)
    found.distances[block, :count] = np.clip(1.0 - ordered, 0.0, 2.0)
