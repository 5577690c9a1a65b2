"""Whether the shares of labels change over time."""

import math
from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from training.check.finding import Finding, about
from training.check.labels import MAX_LABELS, MIN_EXAMPLES
from training.check.seen import NO_DAY, Kept
from training.config import TEST_SHARE

MIN_ROWS = 100
"""Fewest dated rows on a side that shares are compared of."""
MOVED, SURE, MAX_EACH = 0.05, 4.0, 5
"""Points that a share must move, in standard errors too; four are met by chance once in 16,000."""
Ints = NDArray[np.int64]


def drift(kept: Kept) -> Iterator[Finding]:
    """Compare the newest rows, those that a split by time tests on, with the ones before."""
    days = kept.days()
    dated = np.flatnonzero(days != NO_DAY)
    if len(dated) < MIN_ROWS / TEST_SHARE:
        return
    ordered = np.sort(days[dated])
    cut = int(ordered[min(len(ordered) - 1, int(len(ordered) * (1 - TEST_SHARE)))])
    late = days[dated] >= cut
    for task, codes in kept.codes.items():
        rows = codes.rows()[dated]
        names = list(codes.names)
        if not 1 < len(names) <= MAX_LABELS:
            continue
        before, after = (
            np.bincount(rows[side & (rows >= 0)], minlength=len(names)).astype(np.int64)
            for side in (~late, late)
        )
        if min(before.sum(), after.sum()) >= MIN_ROWS:
            where = [dated[(rows == code) & late] for code in range(len(names))]
            yield from _moved(task, names, before, after, date.fromordinal(cut))
            yield from _new(task, names, before, after, where, date.fromordinal(cut))


def _moved(task: str, names: list[str], before: Ints, after: Ints, cut: date) -> Iterator[Finding]:
    old, new = before / before.sum(), after / after.sum()
    pooled = (before + after) / (before.sum() + after.sum())
    error = np.sqrt(pooled * (1 - pooled) * (1 / before.sum() + 1 / after.sum()))
    change = new - old
    moved = np.flatnonzero((abs(change) >= MOVED) & (abs(change) > SURE * error) & (before > 0))
    if not len(moved):
        return
    moved = moved[np.argsort(-abs(change[moved]), kind="stable")]
    told = ", ".join(f"{names[i]!r} {old[i]:.0%} to {new[i]:.0%}" for i in moved[:MAX_EACH])
    more = f" and {len(moved) - MAX_EACH} more" if len(moved) > MAX_EACH else ""
    yield Finding(
        "warning",
        "label_drift",
        f"Shares of task {task} change from {cut} on: {told.replace('%', ' %')}{more}.",
        "Train on newer rows alone if the meaning of the labels changed, and train again often.",
        len(moved),
    )


def _new(
    task: str, names: list[str], before: Ints, after: Ints, where: list[Ints], cut: date
) -> Iterator[Finding]:
    for i in np.flatnonzero((before == 0) & (after >= MIN_EXAMPLES)):
        yield about(
            "warning",
            "new_label",
            f"Label {names[i]!r} of task {task} is new since {cut} ({after[i]:,} rows), so a split "
            "by time leaves nothing to learn it from.",
            "Give newer rows as well, or turn dates off for this run: --time ''",
            where[i].tolist(),
        )
    expected = before / before.sum() * after.sum()
    for i in np.flatnonzero((after == 0) & (expected >= MIN_EXAMPLES)):
        yield Finding(
            "note",
            "gone_label",
            f"Label {names[i]!r} of task {task} is not met from {cut} on; about "
            f"{math.floor(expected[i]):,} rows were to be expected.",
            "If the desk stopped using it, join it with its successor by --map or drop its rows.",
        )
