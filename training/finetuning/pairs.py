"""Which messages a step contrasts: some labels of one task, some messages of each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.datasets import Examples, Rows
from training.tuning.lessons import UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Messages as fine-tuning sees them.

    Attributes:
        texts: The cleaned messages, none of them empty.
        columns: Number of the label of each task, ``UNKNOWN`` without one, shape ``(n, tasks)``.
        names: The labels of each task, in the order of their numbers.
    """

    texts: tuple[str, ...]
    columns: NDArray[np.int64]
    names: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.texts)

    def worded(self, task: int, label: int) -> str:
        """Write a label as words: ``card_arrival`` becomes ``card arrival``."""
        return " ".join(self.names[task][label].replace("_", " ").replace("-", " ").split())


def labelled(examples: Examples) -> Labelled:
    """Number the labels of rows; rows without a text or any label are left out."""
    columns = np.full((len(examples), len(examples.tasks)), UNKNOWN, np.int64)
    names = []
    for place, labels in enumerate(examples.labels.values()):
        known = sorted(set(labels) - {""})
        rank = {"": UNKNOWN} | {label: number for number, label in enumerate(known)}
        columns[:, place] = [rank[label] for label in labels]
        names.append(tuple(known))
    filled = np.asarray([bool(text.strip()) for text in examples.texts], bool)
    kept = np.flatnonzero(filled & (columns != UNKNOWN).any(axis=1))
    return Labelled(tuple(examples.texts[i] for i in kept), columns[kept], tuple(names))


def steps_of(lessons: Labelled, batch: int, steps: int, seed: int) -> Iterator[tuple[int, Rows]]:
    """Draw the task and the rows of every step.

    Tasks take turns. A step holds as many labels as leave two messages to each, the same number of
    messages a label, so that rare labels are seen as often as common ones; all labels of a task
    have had their turn before one has its next. Without a task of two labels there is no step.

    Args:
        lessons: What to draw from.
        batch: Most messages of a step.
        steps: How many steps.
        seed: Seed of every draw.
    """
    random = np.random.default_rng(seed)
    columns = dict(enumerate(lessons.columns.T))
    decks = [
        (place, _Deck(column, random))
        for place, column in columns.items()
        if len(np.unique(column[column != UNKNOWN])) > 1
    ]
    for step in range(steps if decks else 0):
        place, deck = decks[step % len(decks)]
        yield place, deck.draw(batch)


class _Deck:
    """Labels and messages of a task, each shuffled and dealt to the end before it is dealt anew."""

    def __init__(self, column: NDArray[np.int64], random: np.random.Generator) -> None:
        self.random = random
        self.rows = {label: np.flatnonzero(column == label) for label in np.unique(column)}
        self.rows.pop(UNKNOWN, None)
        self.labels: list[int] = []
        self.left: dict[int, list[int]] = {label: [] for label in self.rows}

    def draw(self, batch: int) -> Rows:
        count = min(len(self.rows), max(2, batch // 2))
        chosen: list[int] = []
        while len(chosen) < count:
            if not self.labels:
                self.labels = [int(i) for i in self.random.permutation(list(self.rows))]
            # A new deck may begin with labels of this very step; they go to its bottom.
            fresh = next((i for i in reversed(self.labels) if i not in chosen), None)
            if fresh is None:
                self.labels = []
                continue
            self.labels.remove(fresh)
            chosen.append(fresh)
        each = max(2, batch // count)
        return np.asarray([row for label in chosen for row in self._deal(label, each)], np.int64)

    def _deal(self, label: int, wanted: int) -> list[int]:
        """Take different messages of a label, all of them where it has too few."""
        rows = self.rows[label]
        if len(rows) <= wanted:
            return [int(row) for row in rows]
        left = self.left[label]
        if len(left) < wanted:
            left[:] = [int(row) for row in self.random.permutation(rows)]
        taken, left[:] = left[:wanted], left[wanted:]
        return taken
