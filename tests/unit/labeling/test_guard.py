"""The guard refuses what is no request, and nothing below its cuts."""

import numpy as np
import pytest

from triage.domain import Reason
from triage.labeling.calibration import softmax
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
    assert GUARD.reasons(softmax(np.array([scores], np.float32))) == [expected]
