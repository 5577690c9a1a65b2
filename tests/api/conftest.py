"""A served app over the tiny bundle and a small help centre."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

HERE: dict[str, Any] = {"base_url": "http://127.0.0.1", "client": ("127.0.0.1", 50000)}
"""How a program on the server's own machine asks."""
Serve = Callable[..., TestClient]
"""Serves the app with settings changed by keyword."""


@pytest.fixture
def log() -> StringIO:
    """Collect what a served app logs."""
    return StringIO()


@pytest.fixture
def served(checkout: Path, tmp_path: Path) -> Settings:
    """Settings of a service with a home of its own."""
    return Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )


@pytest.fixture
def serve(served: Settings, log: StringIO) -> Iterator[Serve]:
    """Serve apps of the test's own; they end with the test, unless the test ends them."""
    with ExitStack() as stack:

        def start(**changes: object) -> TestClient:
            settings = served.model_copy(update=changes)
            app = create_app(Service.open(settings, Telemetry("info", log)))
            return stack.enter_context(TestClient(app, **HERE))

        yield start


@pytest.fixture(scope="session")
def client(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve one app for all tests that only ask it."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        models=checkout / "models",
        data=checkout / "data",
        profile="tiny",
    )
    service = Service.open(settings, Telemetry("error", StringIO()))
    with TestClient(create_app(service), **HERE) as opened:
        yield opened
