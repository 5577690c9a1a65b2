"""Put rows on the training or the test side, once, without letting twins sit on both."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from training.config import SplitConfig
from training.datasets import Examples, Rows
from training.neighbours import components, near_pairs
from triage.errors import ExportError

Marks: TypeAlias = NDArray[np.bool_]
By = Literal["time", "group", "random"]
RULES: dict[By, str] = {
    "time": "the newest rows, by date; requesters and near-duplicates that wrote before left out",
    "group": "stratified by label; requesters and near-duplicates kept together",
    "random": "at random by label; requesters and near-duplicates may stand on both sides",
}
FINEST = 20
"""A share is held back as so many of at most this many folds."""
SHOWN = 5
"""Rows named in one error."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Row numbers of each part; no row stands in two, and every row in one.

    Args:
        by: What decided.
        train: Rows that heads are fitted on.
        calibration: Rows newer than those, which confidences are measured on by heads that have not
            seen them; empty unless split by time.
        tied: Rows as new as those, of a requester or near-duplicate that stands in ``train``: they
            measure nothing and go into the last fit alone.
        test: Rows that nothing is fitted, chosen or measured for thresholds on.
        left_out: Rows as new as the test, of a requester or near-duplicate that wrote before.
    """

    by: By
    train: Rows
    calibration: Rows
    tied: Rows
    test: Rows
    left_out: Rows

    @property
    def fitted(self) -> Rows:
        """Rows that the last fit sees, in their order."""
        return np.sort(np.concatenate([self.train, self.calibration, self.tied]))


def split(examples: Examples, config: SplitConfig, seed: int) -> Split:
    """Part the rows: by time where they have dates, else by group, unless told otherwise.

    Raises:
        ExportError: When some dates are missing, or a part would be empty.
    """
    by = chosen(examples, config)
    if by == "time":
        clusters, moments = cluster(examples), instants(examples)
        newest = _newest(moments, np.ones(len(examples), bool), config.test_share, "test")
        share = config.calibration_share / (1 - config.test_share)
        return _by_time(clusters, moments, newest, share)
    clusters = cluster(examples) if by == "group" else np.arange(len(examples))
    held = _held(_joint(examples), clusters, config.test_share, seed)
    return Split(by, np.flatnonzero(~held), _NONE, _NONE, np.flatnonzero(held), _NONE)


def split_off(examples: Examples, config: SplitConfig) -> Split:
    """Part rows whose test is another file: only calibration is cut off, where dates decide.

    Raises:
        ExportError: When some dates are missing, or a part would be empty.
    """
    by = chosen(examples, config)
    if by != "time":
        return Split(by, np.arange(len(examples)), _NONE, _NONE, _NONE, _NONE)
    nothing = np.zeros(len(examples), bool)
    return _by_time(cluster(examples), instants(examples), nothing, config.calibration_share)


def chosen(examples: Examples, config: SplitConfig) -> By:
    """Tell what decides a split: what was asked for, else dates where there are any, else groups.

    Raises:
        ExportError: When dates shall decide and rows have none; the first are named.
    """
    dated = np.asarray([bool(time) for time in examples.times], bool)
    if config.by == "time" and not dated.any():
        raise ExportError(
            "No row has a date to split by.",
            fix="Name the column of the date with --time, or give --split group.",
        )
    if config.by in {"group", "random"}:
        return config.by
    if not dated.any():
        return "group"
    if not dated.all():
        blank = np.flatnonzero(~dated)
        raise ExportError(
            f"{len(blank)} of {len(dated)} rows have no date, so they have no place in a split by "
            f"time: {named(examples, blank)}.",
            fix="Fill the dates or leave those rows out; --split group parts by requester instead.",
            row=examples.numbers[blank[0]],
        )
    return "time"


def cluster(examples: Examples) -> Rows:
    """Number the clusters of rows that share a requester or a near-duplicate, shape ``(n,)``."""
    pairs = near_pairs(examples.texts)
    first: dict[str, int] = {}
    rows = requesters(examples)
    known = np.asarray([i for i, name in enumerate(rows) if name], np.int64)
    firsts = np.asarray([first.setdefault(rows[i], int(i)) for i in known], np.int64)
    left, right = np.concatenate([pairs.left, firsts]), np.concatenate([pairs.right, known])
    return components(len(examples), left, right)


def requesters(examples: Examples) -> list[str]:
    """List the group of each row; empty where the row's own id stands in for one."""
    return [
        "" if group == name else group
        for group, name in zip(examples.groups, examples.ids, strict=True)
    ]


def instants(examples: Examples) -> NDArray[np.int64]:
    """Return each row's date in microseconds since 1970 UTC; without a zone it counts as UTC.

    Raises:
        ExportError: When one is no ISO 8601 date; the first rows are named.
    """
    out = np.zeros(len(examples), np.int64)
    strange = []
    for row, time in enumerate(examples.times):
        try:
            moment = datetime.fromisoformat(time)
        except ValueError:
            strange.append(row)
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        out[row] = (aware - EPOCH) // MICROSECOND
    if strange:
        raise ExportError(
            f"{len(strange)} rows have no ISO 8601 date: {named(examples, strange)}.",
            fix="Write dates like 2026-03-31 or 2026-03-31T14:05:00Z, or leave them out: --time ''",
            row=examples.numbers[strange[0]],
        )
    return out


def folds(labels: Sequence[str], clusters: NDArray[np.int64], count: int, seed: int) -> Rows:
    """Number a fold for each row, stratified by label, clusters whole, shape ``(n,)``.

    Raises:
        ExportError: When all rows form one cluster.
    """
    distinct = len(np.unique(clusters))
    if distinct < 2:  # noqa: PLR2004 - one cluster cannot stand on two sides
        raise ExportError(
            "The rows cannot be split: they form one group.",
            fix="Give rows of more requesters and texts, or a file with --test.",
        )
    count = max(2, min(count, distinct))
    out = np.zeros(len(labels), np.int64)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    placeholder = np.zeros(len(labels))
    with warnings.catch_warnings():
        # Labels rarer than the folds are pooled; the pool itself may be as rare.
        warnings.simplefilter("ignore", UserWarning)
        parts = splitter.split(placeholder, _common(labels, count), clusters)
        for number, (_, held) in enumerate(parts):
            out[held] = number
    return out


def _by_time(
    clusters: Rows, moments: NDArray[np.int64], newest: Marks, calibration_share: float
) -> Split:
    late = _newest(moments, ~newest, calibration_share, "calibration")
    early = ~newest & ~late
    left_out = newest & _known(clusters, ~newest)
    tied = late & _known(clusters, early)
    parts = (early, late & ~tied, tied, newest & ~left_out, left_out)
    if not parts[1].any():
        raise _all_known("calibration")
    if newest.any() and not parts[3].any():
        raise _all_known("test")
    return Split("time", *map(np.flatnonzero, parts))


def _all_known(part: str) -> ExportError:
    return ExportError(
        f"No row is left for the {part} part: each that is new enough is of a requester who wrote "
        "before, or a near-duplicate of an older row.",
        fix="Leave the requester out (--group ''), give a file with --test, or --split group.",
    )


def _newest(moments: NDArray[np.int64], among: Marks, share: float, name: str) -> Marks:
    """Mark the newest rows, as near to a share as dates allow: rows of one date stay together."""
    dates, counts = np.unique(moments[among], return_counts=True)
    if len(dates) < 2:  # noqa: PLR2004 - one date cannot be parted
        raise ExportError(
            f"The {name} part cannot be cut by time: the rows to cut it from have one date.",
            fix="Give rows of more dates, a file with --test, or --split group.",
        )
    newer = 1 - np.cumsum(counts)[:-1] / counts.sum()
    cut = dates[1:][np.argmin(np.abs(newer - share))]
    return np.asarray(among & (moments >= cut), bool)


def _known(clusters: Rows, rows: Marks) -> Marks:
    """Mark the rows whose cluster has one of the given rows."""
    return np.asarray(np.isin(clusters, clusters[rows]), bool)


def _held(labels: Sequence[str], clusters: Rows, share: float, seed: int) -> Marks:
    """Mark about a share of the rows, as so many of the fewest folds that make it."""
    wanted = Fraction(share).limit_denominator(FINEST)
    count = min(max(2, wanted.denominator), len(np.unique(clusters)))
    taken = min(max(1, round(share * count)), count - 1)
    return np.asarray(folds(labels, clusters, count, seed) < taken, bool)


def _joint(examples: Examples) -> list[str]:
    return ["\x1f".join(values) for values in zip(*examples.labels.values(), strict=True)]


def _common(labels: Sequence[str], count: int) -> list[str]:
    """Pool the labels that are too rare to stand in every fold."""
    sizes = Counter(labels)
    return [label if sizes[label] >= count else "" for label in labels]


def named(examples: Examples, rows: Sequence[int] | Rows) -> str:
    """Name the first of some rows as people find them: by file, where there are several."""
    several = len(set(examples.sources)) > 1
    shown = [
        f"{examples.sources[i]} row {examples.numbers[i]}" if several else f"{examples.numbers[i]}"
        for i in rows[:SHOWN]
    ]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{'' if several else 'row ' if len(rows) == 1 else 'rows '}{', '.join(shown)}{more}"


_NONE = np.zeros(0, np.int64)
