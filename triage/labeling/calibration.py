"""Raw scores to probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]


def softmax(scores: NDArray[np.floating], temperature: float = 1.0) -> Probabilities:
    """Turn scores ``(n, labels)`` into rows that sum to one, after dividing by a temperature."""
    scaled = np.asarray(scores, np.float64) / temperature
    # The methods of an array take twice as long for a row of a few labels.
    scaled -= np.maximum.reduce(scaled, axis=1, keepdims=True)
    powers = np.exp(scaled, out=scaled)
    powers /= np.add.reduce(powers, axis=1, keepdims=True)
    return powers


class SideBySide:
    """``softmax`` of several tasks at once, to the last bit.

    Args:
        temperatures: One for each task.
        sizes: Number of labels of each task, in the order of the columns.
    """

    def __init__(self, temperatures: Sequence[float], sizes: Sequence[int]) -> None:
        # A column of no chance stands before those of each task. ``reduceat`` begins with it and
        # adds the sum of the others, which is how ``reduce`` begins with nought.
        self._owners = np.repeat(np.arange(len(sizes)), np.add(sizes, 1))
        self._ends = np.cumsum(np.add(sizes, 1))
        self._starts = self._ends - np.add(sizes, 1)
        self._columns = np.delete(np.arange(len(self._owners)), self._starts)
        self._temperatures = np.repeat(np.asarray(temperatures, np.float64), sizes)

    def probabilities(self, scores: NDArray[np.floating]) -> list[Probabilities]:
        """Turn scores ``(n, all labels)`` into probabilities, ``(n, labels)`` for each task."""
        table = np.full((len(scores), len(self._owners)), -np.inf)
        table[:, self._columns] = scores / self._temperatures
        table -= np.maximum.reduceat(table, self._starts, axis=1).take(self._owners, axis=1)
        np.exp(table, out=table)
        table /= np.add.reduceat(table, self._starts, axis=1).take(self._owners, axis=1)
        bounds = zip(self._starts.tolist(), self._ends.tolist(), strict=True)
        return [table[:, start + 1 : end] for start, end in bounds]


@dataclass(frozen=True, slots=True)
class Calibrator:
    """One temperature per task (Guo et al. 2017), fitted on out-of-fold scores."""

    temperatures: Mapping[str, float]

    def probabilities(self, task: str, scores: NDArray[np.floating]) -> Probabilities:
        """Turn the scores of one task into probabilities, shape ``(n, labels)``."""
        return softmax(scores, self.temperatures[task])
