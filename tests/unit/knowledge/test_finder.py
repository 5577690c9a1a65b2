from pathlib import Path
from typing import Any

import pytest

from tests.unit.suggest.builders import PROFILE, TODAY, encoders, passages
from triage.domain import Article
from triage.encoders.base import Profile
from triage.errors import BundleError, CorruptBundleError, InputError
from triage.knowledge.finder import Finder, make_tools, shipped_tools
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator, to_json
from triage.suggest.query import Filters

CALIBRATOR = RetrievalCalibrator((1.0,) * len(FEATURES), 0.0, 0.5, 0.8)
CONTENT = to_json({"tiny": CALIBRATOR}, "hashing-space")
RESET = Article("reset", "en", "Reset password", "Click the link in the mail.")
ARTICLES = [(RESET, passages(RESET))]


@pytest.mark.parametrize(
    "content", [{}, {**CONTENT, "space": "other"}, {**CONTENT, "profiles": None}]
)
def test_calibrators_of_other_encoders_are_refused(content: dict[str, Any]) -> None:
    """Confidences fitted on other vectors are not used."""
    with pytest.raises(BundleError, match="No retrieval calibrator fits"):
        make_tools(encoders(), PROFILE, content, ["en"])


def test_profile_without_calibrator_is_refused() -> None:
    """Each profile needs a calibrator of its own."""
    with pytest.raises(BundleError, match="profile twin"):
        make_tools(encoders(), Profile("twin", {"*": "hashing"}), CONTENT, ["en"])


def test_broken_calibrator_is_refused() -> None:
    """A calibrator of the right space with missing numbers is corrupt."""
    with pytest.raises(CorruptBundleError):
        make_tools(encoders(), PROFILE, {**CONTENT, "profiles": {"tiny": {}}}, ["en"])


def test_unknown_shipped_profile_is_refused(tmp_path: Path) -> None:
    """The error names the profiles there are."""
    with pytest.raises(InputError, match="twin or tiny"):
        shipped_tools(tmp_path, "huge")


def test_questions_are_answered_in_order() -> None:
    """Each question has its list of hits with confidences; an empty one has none."""
    finder = Finder(ARTICLES, make_tools(encoders(), PROFILE, CONTENT, ["en", "da"]))

    found = finder.find(["reset my password", " "], Filters(TODAY), 3)

    assert found[0][0][0].article == RESET
    assert 0.5 < found[0][0][1] < 1
    assert found[1] == []


def test_hint_settles_the_language() -> None:
    """A question said to be Danish is searched as Danish."""
    finder = Finder(ARTICLES, make_tools(encoders(), PROFILE, CONTENT, ["en", "da"]))

    ((hit, _),) = finder.find(["login"], Filters(TODAY), 1, hints=["da"])[0]

    assert not hit.same_language
