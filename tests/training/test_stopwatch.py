"""A stopwatch adds up what the steps of a run take."""

import pytest

from training.stopwatch import Stopwatch


def test_step_that_fails_is_measured_too() -> None:
    """An error passes through, and the time is kept."""
    spent = Stopwatch()

    with pytest.raises(ValueError, match="broken"), spent.step("read"):
        raise ValueError("broken")

    assert spent.wall["read"] > 0


def test_same_step_adds_up() -> None:
    """Two visits and another stopwatch are one sum, in the order of the first visits."""
    spent, other = Stopwatch({"read": 1.0}, {"read": 0.5}), Stopwatch({"fit": 2.0}, {"fit": 1.5})
    other.also(Stopwatch({"read": 3.0, "fit": 1.0}, {"read": 2.5, "fit": 0.5}))
    spent.also(other)

    assert spent.told() == {
        "seconds": {"read": 4.0, "fit": 3.0, "total": 7.0},
        "cpu_seconds": {"read": 3.0, "fit": 2.0, "total": 5.0},
    }
