"""Put rows on the training or the test side, once, without letting twins sit on both."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from training.datasets import Examples, Rows
from triage.errors import ExportError


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Row numbers of each side."""

    train: Rows
    test: Rows
    rule: str


def split(examples: Examples, share: float, seed: int) -> Split:
    """Hold a share of rows back for the test: the newest where dates exist, else by group.

    Raises:
        ExportError: When a side would be empty.
    """
    clusters = cluster(examples)
    if all(examples.times):
        held, rule = _newest(examples.times, clusters, share), "newest rows"
    else:
        held, rule = (
            _stratified(examples, clusters, share, seed),
            "stratified, groups kept together",
        )
    if not held.any() or held.all():
        raise ExportError(
            "The rows cannot be split: they form one group.", fix="Give a file with --test."
        )
    return Split(np.flatnonzero(~held), np.flatnonzero(held), rule)


def cluster(examples: Examples) -> NDArray[np.int64]:
    """Number the clusters of rows that share a group or an equal text, shape ``(n,)``."""
    parent = list(range(len(examples)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for keys in (examples.groups, _shape(examples.texts)):
        seen: dict[str, int] = {}
        for i, key in enumerate(keys):
            parent[root(i)] = root(seen.setdefault(key, i))
    _, numbers = np.unique([root(i) for i in range(len(examples))], return_inverse=True)
    return numbers.astype(np.int64)


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
    sizes = Counter(labels)
    common = [label if sizes[label] >= count else "" for label in labels]
    out = np.zeros(len(labels), np.int64)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    placeholder = np.zeros(len(labels))
    with warnings.catch_warnings():
        # Labels rarer than the folds are pooled above; the pool itself may be as rare.
        warnings.simplefilter("ignore", UserWarning)
        for number, (_, held) in enumerate(splitter.split(placeholder, common, clusters)):
            out[held] = number
    return out


def _shape(texts: Sequence[str]) -> list[str]:
    """Fold case, digits and spaces, so that messages from one template count as equal."""
    return [
        hashlib.sha256(
            "".join("0" if c.isdigit() else c for c in text.casefold() if c.isalnum()).encode()
        ).hexdigest()
        for text in texts
    ]


def _newest(times: Sequence[str], clusters: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    order = sorted(range(len(times)), key=lambda i: times[i])
    cut = times[order[min(len(order) - 1, int(len(order) * (1 - share)))]]
    newest = np.asarray([time >= cut for time in times])
    older = set(clusters[~newest].tolist())
    apart = np.asarray([c not in older for c in clusters.tolist()], bool)
    return np.asarray(newest & apart, bool)


def _stratified(
    examples: Examples, clusters: NDArray[np.int64], share: float, seed: int
) -> NDArray[np.bool_]:
    joint = ["\x1f".join(values) for values in zip(*examples.labels.values(), strict=True)]
    parts = max(2, round(1 / share))
    return np.asarray(folds(joint, clusters, parts, seed) == 0)
