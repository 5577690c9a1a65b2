"""From the scores of a hit to the probability that its article answers the question."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from triage.errors import CorruptBundleError

FORMAT = 1
"""Goes up when a feature is added, dropped or computed otherwise; other numbers are refused."""

FEATURES = ("dense", "dense_across", "lexical", "margin", "same_language", "length")


class Scored(Protocol):
    """An article that was found, with its scores; a hit is one."""

    @property
    def dense(self) -> float:
        """Cosine of question and best passage."""

    @property
    def lexical(self) -> float:
        """Share of the question's words found in the best passage."""

    @property
    def margin(self) -> float:
        """Lead over the best other article."""

    @property
    def same_language(self) -> bool:
        """Whether article and question share their language."""


def features(hit: Scored, question: str) -> NDArray[np.float64]:
    """Describe a hit by numbers, shape ``(6,)``, in the order of ``FEATURES``.

    Cosines across languages run differently, so they have a slope of their own. Length is the
    natural logarithm of one plus the question's characters.
    """
    across = 0.0 if hit.same_language else hit.dense
    length = math.log1p(len(question))
    same = float(hit.same_language)
    return np.array([hit.dense, across, hit.lexical, hit.margin, same, length], np.float64)


@dataclass(frozen=True, slots=True)
class RetrievalCalibrator:
    """A logistic model over the features of a hit, fitted for one profile.

    Args:
        weights: One per feature, in the order of ``FEATURES``.
        intercept: Log-odds at all features zero.
        threshold: Lowest confidence of a suggestion; above 1 suggests nothing.
        precision: Share of right first suggestions that the threshold was asked to keep.
    """

    weights: tuple[float, ...]
    intercept: float
    threshold: float
    precision: float

    def confidence(self, hit: Scored, question: str) -> float:
        """Give the probability that the article answers the question."""
        return self.confidences([hit], question)[0]

    def confidences(self, hits: Sequence[Scored], question: str) -> list[float]:
        """Give the probability of each hit; the products of ``features``, without an array each."""
        dense, across, lexical, margin, same, per_length = self.weights
        length = per_length * math.log1p(len(question))
        found = []
        for hit in hits:
            score = dense * hit.dense + (0.0 if hit.same_language else across * hit.dense)
            score += lexical * hit.lexical + margin * hit.margin
            score += (same if hit.same_language else 0.0) + length + self.intercept
            found.append(1 / (1 + math.exp(-max(-60.0, min(60.0, score)))))
        return found

    def is_sound(self) -> bool:
        """Tell whether there is one weight per feature and every number is finite."""
        numbers = (*self.weights, self.intercept, self.threshold, self.precision)
        return len(self.weights) == len(FEATURES) and all(map(math.isfinite, numbers))


def to_json(calibrators: Mapping[str, RetrievalCalibrator], space: str) -> dict[str, Any]:
    """Turn the calibrators of all profiles into a JSON value, the content of ``retrieval.json``.

    Args:
        calibrators: One per profile name.
        space: Fingerprint of the vector space whose scores they were fitted on.
    """
    profiles = {
        name: {
            "weights": dict(zip(FEATURES, one.weights, strict=True)),
            "intercept": one.intercept,
            "threshold": one.threshold,
            "precision": one.precision,
        }
        for name, one in calibrators.items()
    }
    return {"format": FORMAT, "space": space, "profiles": profiles}


def from_json(content: Mapping[str, Any]) -> dict[str, RetrievalCalibrator]:
    """Read the calibrators of all profiles by name and check them before use.

    Raises:
        CorruptBundleError: When the format, a feature or a number is not as expected.
    """
    try:
        if content["format"] != FORMAT:
            raise _corrupt(f"it is not of format {FORMAT}")
        calibrators = {
            str(name): RetrievalCalibrator(
                weights=tuple(float(part["weights"][feature]) for feature in FEATURES),
                intercept=float(part["intercept"]),
                threshold=float(part["threshold"]),
                precision=float(part["precision"]),
            )
            for name, part in content["profiles"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _corrupt(f"{type(error).__name__}: {error}") from error
    for name, calibrator in calibrators.items():
        if not calibrator.is_sound():
            raise _corrupt(f"a number of profile {name} is not finite")
    return calibrators


def _corrupt(reason: str) -> CorruptBundleError:
    return CorruptBundleError(
        f"The retrieval calibrators cannot be used: {reason}.",
        fix="Fit them again with python -m training.retrieval, or restore the file.",
    )
