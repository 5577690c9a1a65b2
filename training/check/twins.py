"""Messages that stand several times: equal, nearly equal, and labelled in different ways."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.check.finding import Finding, Level, about, percent
from training.check.seen import EMPTY, Kept
from training.check.sketch import Sketches

MANY = 0.05
"""Share of repeated rows from which figures are better than what will be met."""
Ints = NDArray[np.int64]


def twins(kept: Kept) -> Iterator[Finding]:
    """Find equal messages, and equal messages with different labels."""
    group, first = _groups(kept)
    if not len(group):
        return
    filled = np.flatnonzero(kept.keys() != EMPTY)
    repeated = filled[first[group[filled]] != filled]
    if len(repeated):
        yield about(
            _level(len(repeated), len(kept)),
            "duplicate_text",
            f"{len(repeated):,} messages ({percent(len(repeated), len(kept))}) equal an earlier "
            "one; twins stay on one side of the split.",
            "Keep one row of each where a form, a bot or a second export wrote them.",
            repeated.tolist(),
        )
    for task, codes in kept.codes.items():
        torn = _torn(group[filled], codes.rows()[filled])
        if len(torn):
            rows = filled[torn]
            texts = len(np.unique(group[rows]))
            yield about(
                "warning",
                "contradictory_twins",
                f"{texts:,} texts stand with different labels of task {task} ({len(rows):,} rows).",
                "Decide on one label for each, or leave these rows' label empty.",
                rows.tolist(),
            )


def near_twins(kept: Kept, sketches: Sketches) -> Iterator[Finding]:
    """Find messages that are nearly but not wholly equal to another."""
    _, first = _groups(kept)
    chosen = np.sort(first[kept.keys()[first] != EMPTY]) if len(first) else first
    if len(chosen) < 2:  # noqa: PLR2004 - a twin needs another
        return
    cluster = sketches.clusters(chosen)[chosen]
    sizes = np.bincount(cluster)
    alike = np.flatnonzero(sizes[cluster] > 1)
    if not len(alike):
        return
    # Largest clusters first, the rows of each together.
    alike = alike[np.lexsort((alike, cluster[alike], -sizes[cluster[alike]]))]
    groups = int((sizes > 1).sum())
    yield about(
        _level(len(alike), len(kept)),
        "near_duplicates",
        f"{len(alike):,} messages ({percent(len(alike), len(kept))}) are nearly equal to another; "
        f"they form {groups:,} group{'s' * (groups > 1)}, the largest of {int(sizes.max()):,}.",
        "Keep one row of each group that a form or a template wrote; otherwise name the requester "
        "with --group, so that rows of one stay on one side of the split.",
        chosen[alike].tolist(),
    )
    for task, codes in kept.codes.items():
        torn = _torn(cluster[alike], codes.rows()[chosen[alike]])
        if len(torn):
            rows = chosen[alike][torn]
            yield about(
                "note",
                "contradictory_near_twins",
                f"{len(rows):,} messages that are nearly equal carry different labels of task "
                f"{task}.",
                "Look at some: where the difference says nothing, give them one label.",
                rows.tolist(),
            )


def _groups(kept: Kept) -> tuple[Ints, Ints]:
    """Number the equal texts ``(n,)`` and tell the first row of each number."""
    _, first, group = np.unique(kept.keys(), return_index=True, return_inverse=True)
    return group.astype(np.int64), first.astype(np.int64)


def _torn(group: Ints, codes: NDArray[np.int32]) -> Ints:
    """Return which rows answer the task in groups of different answers, groups together."""
    answered = np.flatnonzero(codes >= 0)
    mine = group[answered]
    size = int(group.max()) + 1 if len(group) else 0
    some = np.full(size, -1, np.int64)
    some[mine] = codes[answered]
    apart = np.zeros(size, bool)
    apart[mine[codes[answered] != some[mine]]] = True
    rows = answered[apart[mine]]
    place = np.full(size, len(group), np.int64)
    np.minimum.at(place, group[rows], rows)
    return rows[np.lexsort((rows, place[group[rows]]))]


def _level(count: int, rows: int) -> Level:
    return "warning" if count >= MANY * rows else "note"
