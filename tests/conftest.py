"""Fixtures that more than one area needs; what is costly is built once a session."""

from pathlib import Path

import pytest

from tests.builders import tiny_bundle, tiny_settings
from triage.settings import Settings


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a tiny real bundle, ``models/starter``; tests that change it copy it first."""
    return tiny_bundle(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def encoders_folder(bundle_folder: Path) -> Path:
    """Return the folder of the shared encoders that the tiny bundle refers to."""
    return bundle_folder.parent / "encoders"


@pytest.fixture
def settings(tmp_path: Path, bundle_folder: Path) -> Settings:
    """Point the service at the tiny bundle, with a home folder of the test's own."""
    return tiny_settings(tmp_path, bundle_folder.parent)
