"""A console that is open on this machine, and visitors of it."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import HERE, Serve
from tests.api.console.visitor import Visitor
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry


@pytest.fixture(scope="session")
def open_client(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve one console without keys and accounts for all tests that share it."""
    settings = Settings(
        home=tmp_path_factory.mktemp("console"),
        models=checkout / "models",
        data=checkout / "data",
        profile="tiny",
    )
    service = Service.open(settings, Telemetry("error", StringIO()))
    with TestClient(create_app(service), **HERE) as opened:
        yield opened


@pytest.fixture
def visitor(open_client: TestClient) -> Visitor:
    """Visit the open console with an empty browser."""
    open_client.cookies.clear()
    return Visitor(open_client)


@pytest.fixture
def guarded(serve: Serve) -> Visitor:
    """Visit a console of the test's own that asks everybody to sign in."""
    return Visitor(serve(require_keys=True))
