"""The guard refuses what is no request, and nothing below its cuts."""

import numpy as np
import pytest

from triage.domain import Reason
from triage.labeling.guard import Guard

GUARD = Guard(1.0, {"auto_generated": 0.8, "out_of_scope": 0.6})


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5.0, 0.0, 0.0], None),
        ([0.0, 5.0, 0.0], "auto_generated"),
        ([0.0, 0.0, 5.0], "out_of_scope"),
        ([0.0, 1.0, 0.0], None),
        ([0.0, 0.0, 2.0], "out_of_scope"),
        ([0.0, 2.0, 0.0], None),
    ],
)
def test_reasons(scores: list[float], expected: Reason | None) -> None:
    """Each reason has its own cut; below both the message is labelled."""
    assert GUARD.reasons(np.array([scores], np.float32)) == [expected]


def test_temperature_softens() -> None:
    """The cuts act on calibrated probabilities, not on scores."""
    scores = np.array([[0.0, 5.0, 0.0]], np.float32)

    assert Guard(1.0, GUARD.refuse_at).reasons(scores) == ["auto_generated"]
    assert Guard(10.0, GUARD.refuse_at).reasons(scores) == [None]
