"""Rankers are versioned, sealed, put in use and taken back as bundles are."""

import json
from pathlib import Path

import pytest

from tests.builders import flip
from triage.bundle.manifest import MANIFEST, SEAL, json_fingerprint
from triage.bundle.moves import Signature
from triage.errors import AliasMovedError, BundleError, BundleNotFoundError, CorruptBundleError
from triage.knowledge.rankers import Rankers
from triage.suggest.history import Ranker

RANKER = Ranker("fingerprint", 2.0, 1.5, 0.25, 30.0, 0.5)
WE = Signature("tests", "why not")


def test_without_any_there_is_no_champion(tmp_path: Path) -> None:
    """A home that has never seen one ranks by search alone, and nothing can be taken back."""
    rankers = Rankers(tmp_path)

    assert rankers.champion_id() is None
    with pytest.raises(BundleNotFoundError):
        rankers.find("champion")
    with pytest.raises(BundleNotFoundError, match="No ranker is in use"):
        rankers.rollback(WE)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """A ranker comes back as it was, with what was told of it."""
    rankers = Rankers(tmp_path)
    rankers.write("one", RANKER, {"change": {"mrr_gain": 0.1}})

    found, content = rankers.find("one")

    assert found == RANKER
    assert content["change"] == {"mrr_gain": 0.1}
    with pytest.raises(BundleError):
        rankers.write("one", RANKER, {})


def test_moves_go_there_and_back(tmp_path: Path) -> None:
    """Promotion names the one before, and rollback ends at search alone."""
    rankers = Rankers(tmp_path)
    for name, before in (("one", None), ("two", "one")):
        rankers.write(name, RANKER, {})
        rankers.promote(name, WE, before)
    assert rankers.champion_id() == "two"

    assert rankers.rollback(WE).bundle == "one"
    assert rankers.champion_id() == "one"
    assert rankers.rollback(WE).bundle == ""
    assert rankers.champion_id() is None


def test_promotion_over_another_is_refused(tmp_path: Path) -> None:
    """Two people who promote at once do not overwrite each other."""
    rankers = Rankers(tmp_path)
    rankers.write("one", RANKER, {})
    rankers.promote("one", WE, None)

    with pytest.raises(AliasMovedError):
        rankers.promote("two", WE, None)


def test_rollback_to_a_broken_one_is_refused(tmp_path: Path) -> None:
    """What cannot be served is not put in use; the champion stays."""
    rankers = Rankers(tmp_path)
    for name, before in (("one", None), ("two", "one")):
        rankers.write(name, RANKER, {})
        rankers.promote(name, WE, before)
    flip(tmp_path / "rankers" / "one" / MANIFEST)

    with pytest.raises(CorruptBundleError):
        rankers.rollback(WE)
    assert rankers.champion_id() == "two"


@pytest.mark.parametrize(
    "change", [{"used": 3.0}, {"half_life_days": 31.0}, {"encoders": "others"}]
)
def test_changed_content_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """A number that was edited by hand breaks the seal."""
    rankers = Rankers(tmp_path)
    path = rankers.write("one", RANKER, {}) / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    content["ranker"] |= change
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(CorruptBundleError, match="not what was written"):
        rankers.find("one")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"ranker": {}},
        {"ranker": None},
        {"ranker": {"encoders": "f", "used": 1e9, "rejected": 0, "refused": 0,
                    "half_life_days": 30, "near": 0.5}},
        {"ranker": {"encoders": "f", "used": "x", "rejected": 0, "refused": 0,
                    "half_life_days": 30, "near": 0.5}},
    ],
)  # fmt: skip
def test_sealed_content_of_another_kind_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    """A right seal does not make numbers out of bounds, or of another format, a ranker."""
    rankers = Rankers(tmp_path)
    path = rankers.write("one", RANKER, {}) / MANIFEST
    content = {**json.loads(path.read_text(encoding="utf-8")), **change}
    content.pop(SEAL)
    path.write_text(json.dumps({**content, SEAL: json_fingerprint(content)}), encoding="utf-8")

    with pytest.raises(CorruptBundleError, match="no ranker of format"):
        rankers.find("one")


def test_names_do_not_repeat(tmp_path: Path) -> None:
    """The same feedback on the same day gives another id."""
    rankers = Rankers(tmp_path)
    first = rankers.new_id("2026-11-22", "abcdef0123")
    rankers.write(first, RANKER, {})

    assert (first, rankers.new_id("2026-11-22", "abcdef0123")) == (
        "2026-11-22-abcdef",
        "2026-11-22-abcdef-2",
    )


def test_names_lead_nowhere_else(tmp_path: Path) -> None:
    """A name with a folder in it is no ranker."""
    rankers = Rankers(tmp_path)
    rankers.write("one", RANKER, {})

    with pytest.raises(BundleNotFoundError):
        rankers.find("../rankers/one")
