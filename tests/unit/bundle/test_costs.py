"""Costs of missed labels reach the decision from the bundle's own taxonomy."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from triage.bundle.manifest import MANIFEST, json_fingerprint
from triage.bundle.store import Bundle, load_bundle
from triage.errors import CorruptBundleError

TORN = np.array([0.1, 0.4, 0.2, 0.3])


def loaded(folder: Path, encoders: Path, miss_cost: object | None) -> Bundle:
    """Load a bundle whose writer gave its priority these costs; None leaves the key out."""
    content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    priority = content["taxonomy"]["tasks"]["priority"]
    priority.pop("miss_cost", None)
    if miss_cost is not None:
        priority["miss_cost"] = miss_cost
    del content["seal"]
    content["seal"] = json_fingerprint(content)
    (folder / MANIFEST).write_text(json.dumps(content), encoding="utf-8")
    return load_bundle(folder, encoders)


@pytest.fixture
def copied(tmp_path: Path, bundle_folder: Path) -> Path:
    """Copy the tiny bundle, to give it costs."""
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


@pytest.mark.parametrize("cost", [{"urgent": 0}, {"soon": 2.0}, [2.0]])
def test_broken_costs_are_refused(copied: Path, encoders_folder: Path, cost: object) -> None:
    """A bundle whose costs mean nothing is not served."""
    with pytest.raises(CorruptBundleError, match="miss_cost"):
        loaded(copied, encoders_folder, cost)


def test_costs_of_the_bundle_decide(copied: Path, encoders_folder: Path) -> None:
    """The served label is the dear one, in every profile; golden predictions hold as before."""
    bundle = loaded(copied, encoders_folder, {"urgent": 2.0})

    for name in bundle.manifest.profiles:
        labeler = bundle.labeler(bundle.profile(name))
        assert labeler.costs["priority"].missed.tolist() == [1, 1, 1, 2]
        assert labeler.decide("priority", TORN, None).top_label == "urgent"


def test_bundle_without_costs_gives_the_likeliest(copied: Path, encoders_folder: Path) -> None:
    """A bundle from before costs were known has no key of them, and loads."""
    bundle = loaded(copied, encoders_folder, None)

    assert "miss_cost" not in (copied / MANIFEST).read_text(encoding="utf-8")
    assert bundle.labeler(bundle.profile()).decide("priority", TORN, None).top_label == "normal"
