"""Scores to probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from triage.labeling.calibration import Calibrator, SideBySide, softmax

SCORES = np.array([[2.0, 0.0, -1.0], [0.1, 0.2, 0.3]])


def test_softmax_by_hand() -> None:
    """Two scores one apart share out as e to one."""
    assert softmax(np.array([[1.0, 0.0]]))[0, 0] == pytest.approx(np.e / (np.e + 1))


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_huge_scores_stay_finite(temperature: float) -> None:
    """Neither great nor tiny scores overflow."""
    rows = softmax(np.array([[1e4, -1e4], [-1e4, -1e4]]), temperature)

    assert np.isfinite(rows).all()
    assert rows[1].tolist() == [0.5, 0.5]


@given(arrays(np.float64, (3, 4), elements=st.floats(-50, 50)), st.floats(0.05, 20))
def test_temperature_keeps_the_order(scores: np.ndarray, temperature: float) -> None:
    """Rows sum to one and the top score stays on top."""
    rows = softmax(scores, temperature)

    assert np.allclose(rows.sum(axis=1), 1)
    tops = np.take_along_axis(rows, scores.argmax(axis=1)[:, None], 1)[:, 0]
    assert np.allclose(tops, rows.max(axis=1))


def test_high_temperature_flattens() -> None:
    """A temperature above one takes confidence away, below one adds some."""
    hot, plain, cold = (softmax(SCORES, t).max(axis=1) for t in (2.0, 1.0, 0.5))

    assert (hot < plain).all()
    assert (plain < cold).all()


def test_each_task_has_its_temperature() -> None:
    """The calibrator divides by the temperature of the task asked for."""
    calibrator = Calibrator({"a": 1.0, "b": 3.0})

    assert np.array_equal(calibrator.probabilities("b", SCORES), softmax(SCORES, 3.0))


@pytest.mark.parametrize("sizes", [[2], [2, 4, 3, 3], [1, 9, 20], [300, 3, 129, 8]])
@pytest.mark.parametrize("rows", [0, 1, 2, 8, 33])
def test_side_by_side_equals_one_by_one(sizes: list[int], rows: int) -> None:
    """Tasks computed together get the same probabilities, to the last bit."""
    rng = np.random.default_rng(rows)
    scores = (rng.normal(size=(rows, sum(sizes))) * 5).astype(np.float32)
    temperatures = rng.uniform(0.5, 2, len(sizes)).tolist()

    together = SideBySide(temperatures, sizes).probabilities(scores)

    parts = np.split(scores, np.cumsum(sizes)[:-1], axis=1)
    for found, part, temperature in zip(together, parts, temperatures, strict=True):
        assert found.tolist() == softmax(part, temperature).tolist()
