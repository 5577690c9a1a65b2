"""A clock that steps or stands still harms no id, no duration and no limit."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from sqlite3 import connect

import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.api.conftest import HERE
from tests.served import build_checkout
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
COUNT = 200
HOUR = timedelta(hours=1)


@pytest.fixture
def log() -> StringIO:
    """Collect log lines."""
    return StringIO()


@pytest.fixture
def served(bundle_folder: Path, tmp_path: Path) -> Settings:
    """Serve a checkout from a home of its own."""
    checkout = build_checkout(bundle_folder, tmp_path / "checkout")
    return Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )


@pytest.fixture
def client(served: Settings, log: StringIO) -> Iterator[TestClient]:
    """Serve the app."""
    with TestClient(create_app(Service.open(served, Telemetry("info", log))), **HERE) as opened:
        yield opened


def ask(client: TestClient) -> dict[str, object]:
    """Have a message labelled."""
    response = client.post("/v1/classify", json={"text": PARCEL, "suggestions": 1})
    assert response.status_code == 200

    answer: dict[str, object] = response.json()
    timings = answer["timings_ms"]
    assert isinstance(timings, dict)
    assert all(0 <= ms < 60_000 for ms in timings.values())
    return answer | {"request": response.headers["x-request-id"]}


def check(client: TestClient, answers: list[dict[str, object]], log: StringIO) -> None:
    """Check that ids are unique, and that no duration is negative or of hours."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    durations = [line["duration_ms"] for line in lines if line["event"] == "request"]
    sums = [
        float(line.split()[-1])
        for line in client.get("/metrics").text.splitlines()
        if line.startswith(("triage_request_seconds_sum", "triage_step_seconds_sum"))
    ]

    assert len({answer["id"] for answer in answers}) == len(answers)
    assert len({answer["request"] for answer in answers}) == len(answers)
    assert len(durations) >= len(answers)
    assert all(0 <= ms < 60_000 for ms in durations)
    assert sums
    assert all(0 <= seconds < 600 for seconds in sums)


def rows(settings: Settings) -> int:
    """Count the rows of the journal."""
    with connect(settings.home / "triage.db") as store:
        (count,) = store.execute("SELECT count(*) FROM decisions").fetchone()
    return int(count)


def test_frozen_clock(client: TestClient, served: Settings, log: StringIO) -> None:
    """Within one instant every request and message has an id of its own, and all are recorded."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        answers = [ask(client) for _ in range(COUNT)]
    check(client, answers, log)
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    assert rows(served) == COUNT


def test_clock_that_steps_by_hours(client: TestClient, served: Settings, log: StringIO) -> None:
    """Steps to and fro between requests are seen by nobody."""
    answers = []
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        for number in range(COUNT):
            clock.shift(HOUR if number % 2 else -HOUR)
            answers.append(ask(client))
    check(client, answers, log)
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    assert rows(served) == COUNT


def test_clock_that_steps_within_a_request(client: TestClient, log: StringIO) -> None:
    """A step in the middle of the work does not show in its duration."""
    service = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    identify = service.pipeline.identifier.identify
    answers = []
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:

        class Stepping:
            """Steps the clock while it identifies."""

            hour = HOUR

            def identify(self, *given: object) -> object:
                """Step, then identify."""
                clock.shift(self.hour)
                self.hour = -self.hour
                return identify(*given)

        service.pipeline.identifier = Stepping()
        answers = [ask(client) for _ in range(50)]
    check(client, answers, log)
