"""A registry with a champion and bundles that may replace it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import Change, copied_bundle
from triage.bundle.gate import Gate
from triage.bundle.promotion import Bench
from triage.bundle.registry import Registry

Copy = Callable[..., Path]
"""Copies the starter under another name into the registry, with its metrics changed."""


@pytest.fixture
def bench(tmp_path: Path, bundle_folder: Path) -> Bench:
    """Build a bench over the tiny starter, with a home of its own and a gate that lets it in."""
    registry = Registry(tmp_path / "home", bundle_folder.parent)
    return Bench(registry, bundle_folder.parent / "encoders", Gate(max_ece=1.0), "tiny")


@pytest.fixture
def copy(bench: Bench, bundle_folder: Path) -> Copy:
    """Copy the starter into the registry."""

    def make(name: str, change: Change | None = None) -> Path:
        return copied_bundle(bundle_folder, bench.registry.bundles / name, change)

    return make
