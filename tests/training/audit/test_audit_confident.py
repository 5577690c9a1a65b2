"""Confident learning on tables small enough to check by hand."""

import numpy as np
import pytest

from training.audit.confident import find_doubts

BOTH = np.ones(2, bool)


def table(*rows: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Make probabilities of two labels from those of the first."""
    return np.asarray([[first, 1 - first] for first in rows])


def test_flipped_label_is_the_only_suspect() -> None:
    """A row that the model is sure belongs elsewhere is found, and the right label named."""
    chances = table(0.95, 0.9, 0.92, 0.03, 0.1, 0.08, 0.05, 0.12)
    given = np.asarray([0, 0, 0, 0, 1, 1, 1, 1])

    found = find_doubts(chances, given, BOTH)

    assert found.suspect.tolist() == [False] * 3 + [True] + [False] * 4
    assert found.suggested[3] == 1
    assert found.score.argmin() == 3


def test_thresholds_are_mean_self_confidences() -> None:
    """Each label is held to the confidence that its own rows reach."""
    chances = table(0.9, 0.7, 0.4, 0.2)

    found = find_doubts(chances, np.asarray([0, 0, 1, 1]), BOTH)

    assert found.thresholds.tolist() == pytest.approx([0.8, 0.7])


def test_joint_keeps_the_share_of_each_given_label() -> None:
    """Rows of the joint sum to the shares of the given labels."""
    draw = np.random.default_rng(0)
    chances = draw.dirichlet([1, 1, 1], 300)
    given = draw.integers(0, 3, 300)

    joint = find_doubts(chances, given, np.ones(3, bool)).joint

    assert joint.sum() == pytest.approx(1)
    assert joint.sum(axis=1).tolist() == pytest.approx((np.bincount(given) / 300).tolist())


def test_rare_label_is_neither_doubted_nor_suggested() -> None:
    """A label with too few rows takes no part."""
    chances = np.asarray([[0.1, 0.1, 0.8], [0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.1, 0.8, 0.1]])
    given = np.asarray([0, 0, 2, 1])

    found = find_doubts(chances, given, np.asarray([True, True, False]))

    assert not found.suspect[2]
    assert found.suggested[0] != 2
    assert found.score[2] == 1


def test_agreement_leaves_no_suspect() -> None:
    """Where the model agrees with every label nothing is flagged."""
    found = find_doubts(table(0.9, 0.8, 0.1, 0.2), np.asarray([0, 0, 1, 1]), BOTH)

    assert not found.suspect.any()
    assert (found.score > 0.5).all()
