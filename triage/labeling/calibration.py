"""Raw scores to probabilities."""

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Calibrator:
    """One temperature per task (Guo et al. 2017), fitted on out-of-fold scores."""

    temperatures: Mapping[str, float]

    def probabilities(self, task: str, scores: NDArray[np.floating]) -> Probabilities:
        """Turn the scores of one task into probabilities, shape ``(n, labels)``."""
        return softmax(scores, self.temperatures[task])
