"""Group messages that ask the same, whatever their language."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors

Ints = NDArray[np.int64]
ALIKE = 0.27
"""Cosine to the middle of a group from which on a message belongs to it; see ``group``."""
OWN_MEAN = 30
"""Messages of a language from which on its own mean is taken away."""
ROUNDS = 6
MOST_GROUPS = 1_500
BATCH = 512


def centred(vectors: Vectors, languages: Sequence[str]) -> Vectors:
    """Take away what all messages of a language share, rows of unit length, shape ``(n, dim)``.

    All of them are questions to one help desk, and each language has a place of its own in the
    space; what is left tells topics apart. Of the 640 shipped questions the nearest one in another
    language is about the same article for 51 %, and the nearest of all for 41 % instead of 37 %.
    """
    out = np.array(vectors, np.float32)
    codes = np.asarray(languages, dtype=object)
    rest = np.ones(len(out), bool)
    for code in sorted(set(languages)):
        rows = codes == code
        if rows.sum() >= OWN_MEAN:
            out[rows] -= out[rows].mean(axis=0)
            rest &= ~rows
    if rest.sum() >= OWN_MEAN:
        out[rest] -= out[rest].mean(axis=0)
    norms = np.linalg.norm(out, axis=1, keepdims=True)
    return np.asarray(out / np.maximum(norms, np.float32(1e-9)), np.float32)


def group(vectors: Vectors, alike: float = ALIKE) -> Ints:
    """Group rows by DP-means on the sphere, and return the group of each, shape ``(n,)``.

    Each row joins the nearest middle that is ``alike`` enough or begins a group of its own; the
    middles move, and so on (Kulis & Jordan 2012, "Revisiting k-means"). How many groups there are
    follows from how alike their messages must be, and no clock is looked at. Groups are numbered by
    size, the largest first. Beyond 1,500 groups a row that fits none is left alone: -1.
    """
    if not len(vectors):
        return np.zeros(0, np.int64)
    middles = _first(vectors, alike)
    home = np.full(len(vectors), -1, np.int64)
    for _ in range(ROUNDS):
        near, best = nearest(vectors, middles)
        fresh = np.where(best >= alike, near, -1)
        if (fresh == home).all():
            break
        home = fresh
        middles = _moved(vectors, home, len(middles))
    return _by_size(home)


def nearest(vectors: Vectors, middles: Vectors) -> tuple[Ints, NDArray[np.float32]]:
    """Return the nearest middle of each row with its cosine, both of shape ``(n,)``."""
    near = np.zeros(len(vectors), np.int64)
    best = np.zeros(len(vectors), np.float32)
    for start in range(0, len(vectors), BATCH):
        scores = vectors[start : start + BATCH] @ middles.T
        near[start : start + BATCH] = scores.argmax(axis=1)
        best[start : start + BATCH] = scores.max(axis=1)
    return near, best


def _first(vectors: Vectors, alike: float) -> Vectors:
    """Choose rows that are not alike as first middles, batch by batch."""
    chosen = np.zeros((0, vectors.shape[1]), np.float32)
    for start in range(0, len(vectors), BATCH):
        left = vectors[start : start + BATCH]
        left = left[np.linalg.norm(left, axis=1) > 0]
        if len(chosen):
            left = left[(left @ chosen.T).max(axis=1, initial=-1.0) < alike]
        while len(left) and len(chosen) < MOST_GROUPS:
            chosen = np.vstack([chosen, left[:1]])
            left = left[left @ left[0] < alike]
    return chosen if len(chosen) else np.zeros((1, vectors.shape[1]), np.float32)


def _moved(vectors: Vectors, home: Ints, count: int) -> Vectors:
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    inside = home >= 0
    np.add.at(sums, home[inside], vectors[inside])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    moved: Vectors = sums / np.maximum(norms, np.float32(1e-9))
    return moved


def _by_size(home: Ints) -> Ints:
    inside = home >= 0
    if not inside.any():
        return home
    counts = np.bincount(home[inside])
    order = np.argsort(-counts, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.where(inside, place[np.maximum(home, 0)], -1)
