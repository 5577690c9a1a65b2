import json
from dataclasses import replace

import pytest

from tests.unit.suggest.builders import article, passages
from triage.errors import CorruptBundleError
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator, from_json, to_json
from triage.suggest.query import Hit

ONE = article("a", "T", "Body.")
HIT = Hit(ONE, passages(ONE)[1], "", 0.9, 0.8, 0.5, 0.2, same_language=True)
WEIGHTS = tuple(float(n) for n in range(1, len(FEATURES) + 1))
CALIBRATOR = RetrievalCalibrator(WEIGHTS, -4.0, 0.6, 0.8)


def test_confidence_is_a_probability() -> None:
    """Confidence lies between 0 and 1 for any scores, however large."""
    extreme = replace(CALIBRATOR, intercept=1e9)

    assert 0 < CALIBRATOR.confidence(HIT, "how do I reset it") < 1
    assert extreme.confidence(HIT, "x") == pytest.approx(1)
    assert replace(extreme, intercept=-1e9).confidence(HIT, "x") == pytest.approx(0)


def test_confidence_grows_with_the_scores() -> None:
    """With positive weights a closer passage is more likely to answer."""
    closer = replace(HIT, dense=0.9)

    assert CALIBRATOR.confidence(closer, "reset") > CALIBRATOR.confidence(HIT, "reset")


def test_json_round_trip() -> None:
    """Calibrators come back from JSON as they were, with the space they belong to."""
    content = json.loads(json.dumps(to_json({"twin": CALIBRATOR}, "space")))

    assert from_json(content) == {"twin": CALIBRATOR}
    assert content["space"] == "space"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"profiles": None},
        {"profiles": {"twin": {}}},
        {"profiles": {"twin": {**to_json({"t": CALIBRATOR}, "")["profiles"]["t"], "weights": {}}}},
        {
            "profiles": {
                "twin": {**to_json({"t": CALIBRATOR}, "")["profiles"]["t"], "threshold": "high"}
            }
        },
    ],
)
def test_broken_json_is_refused(change: dict[str, object]) -> None:
    """Another format, missing weights and texts for numbers are refused."""
    with pytest.raises(CorruptBundleError, match="retrieval calibrators"):
        from_json({**to_json({"twin": CALIBRATOR}, "space"), **change})


def test_infinite_numbers_are_refused() -> None:
    """A number that is not finite names its profile."""
    content = to_json({"twin": replace(CALIBRATOR, intercept=float("nan"))}, "space")

    with pytest.raises(CorruptBundleError, match="twin"):
        from_json(content)
