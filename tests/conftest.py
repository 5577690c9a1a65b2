"""Fixtures that more than one area needs; what is costly is built once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.builders import tiny_bundle, tiny_settings
from tests.faults.figures import FORM, LINES, table
from tests.postgres import new_database, running_server
from tests.served import build_checkout
from triage.settings import Settings


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the faults of this session came to."""
    if LINES:
        terminalreporter.section(f"faults, {FORM or 'in short'}")
        terminalreporter.line(table(LINES))


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a tiny real bundle, ``models/starter``; tests that change it copy it first."""
    return tiny_bundle(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def encoders_folder(bundle_folder: Path) -> Path:
    """Return the folder of the shared encoders that the tiny bundle refers to."""
    return bundle_folder.parent / "encoders"


@pytest.fixture(scope="session")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("served"))


@pytest.fixture
def settings(tmp_path: Path, bundle_folder: Path) -> Settings:
    """Point the service at the tiny bundle, with a home folder of the test's own."""
    return tiny_settings(tmp_path, bundle_folder.parent)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """Run one PostgreSQL server for all tests that need one."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """Name a new, empty database of that server."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name a new, empty database; tests that take it run once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'triage.db'}"
        return
    yield request.getfixturevalue("postgres_url")
