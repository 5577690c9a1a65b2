"""What a bundle tells of its training rows, and how far counts are from it."""

import json
from pathlib import Path

import pytest

from tests.builders import copied_bundle
from triage.bundle.baseline import BASELINE, EDGES, Baseline, bucket, read_baseline, stability
from triage.bundle.manifest import METRICS, read_manifest
from triage.settings import CHECKOUT

SHARES = {"en": 0.5, "da": 0.3, "zh": 0.2}


def test_bundle_records_its_rows(bundle_folder: Path) -> None:
    """A fit writes the shares as a sealed part of the bundle."""
    found = read_baseline(bundle_folder)

    assert BASELINE in read_manifest(bundle_folder).files
    assert found.rows == 96
    assert found.language == {"en": 0.25, "da": 0.25, "ro": 0.25, "zh": 0.25}
    assert found.labels["category"] == {"service": 0.5, "technical_support": 0.5}
    assert sum(found.length.values()) == pytest.approx(1)
    assert found.channel == {}


def test_older_bundle_is_compared_with_its_test_rows(bundle_folder: Path, tmp_path: Path) -> None:
    """Languages and labels stand in the figures of every bundle."""
    old = copied_bundle(bundle_folder, tmp_path / "old")
    (old / BASELINE).unlink()
    found = read_baseline(old)

    assert found.rows == 24
    assert set(found.language) == {"en", "da", "ro", "zh"}
    assert sum(found.labels["priority"].values()) == pytest.approx(1)
    assert found.length == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"tasks": 3}', '{"tasks": {"a": {}}}', "{}"])
def test_figures_of_another_form_tell_nothing(tmp_path: Path, content: str) -> None:
    """A bundle serves whatever its figures look like."""
    (tmp_path / METRICS).write_text(content, encoding="utf-8")

    assert read_baseline(tmp_path) == Baseline()


@pytest.mark.parametrize("content", ["{", '{"language": 3}'])
def test_damaged_baseline_tells_nothing(tmp_path: Path, content: str) -> None:
    """Nor does it fall back on other rows."""
    (tmp_path / BASELINE).write_text(content, encoding="utf-8")
    (tmp_path / METRICS).write_text(json.dumps({"tasks": {}}), encoding="utf-8")

    assert read_baseline(tmp_path) == Baseline()


def test_shipped_bundle_has_a_baseline() -> None:
    """A fresh clone can watch for drift."""
    found = read_baseline(CHECKOUT / "models" / "starter")

    assert set(found.language) == {"en", "da", "ro", "zh"}
    assert set(found.labels) == {"category", "priority", "sentiment"}


def test_lengths_fall_into_buckets() -> None:
    """A bucket goes by its least length."""
    assert bucket(0) == bucket(EDGES[0] - 1) == "0"
    assert bucket(EDGES[0]) == "50"
    assert bucket(1_000_000) == str(EDGES[-1])


def test_equal_shares_are_stable() -> None:
    """Counts in the shares of the baseline give an index of almost nothing."""
    assert stability(SHARES, {"en": 1000, "da": 600, "zh": 400}) < 0.001


def test_index_is_that_of_the_textbook() -> None:
    """From half and half to nine in ten: 0.4 ln 1.8 - 0.4 ln 0.2 = 0.879."""
    assert stability({"a": 0.5, "b": 0.5}, {"a": 90_000, "b": 10_000}) == pytest.approx(
        0.879, abs=0.001
    )


def test_unknown_and_vanished_categories_are_finite_and_large() -> None:
    """A language that never was, or is no more, shows."""
    assert 0.25 < stability(SHARES, {"en": 1000, "da": 600, "zh": 400, "sv": 500}) < 10
    assert 0.25 < stability(SHARES, {"en": 2000}) < 10
    assert stability({}, {}) == 0
