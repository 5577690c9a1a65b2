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
from tests.faults.figures import bore, chosen
from tests.served import build_checkout
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
COUNT = chosen(200, 1_000)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.faults


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


def check(
    client: TestClient, answers: list[dict[str, object]], log: StringIO, fault: str, recorded: int
) -> None:
    """Check that ids are unique, that all is recorded, and no duration negative or of hours."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    durations = [line["duration_ms"] for line in lines if line["event"] == "request"]
    sums = [
        float(line.split()[-1])
        for line in client.get("/metrics").text.splitlines()
        if line.startswith(("triage_request_seconds_sum", "triage_step_seconds_sum"))
    ]
    assert len(durations) >= len(answers)
    assert sums
    assert all(0 <= seconds < 600 for seconds in sums)
    twice = sum(
        len(answers) - len({answer[name] for answer in answers}) for name in ("id", "request")
    )
    odd = sum(not 0 <= ms < 60_000 for ms in durations)
    lost = len(answers) - recorded

    bore(
        f"clock {fault}",
        f"{len(answers)} messages",
        "ids unique, no odd duration, all recorded",
        f"{twice} ids twice, {odd} odd durations, {lost} unrecorded",
        passed=not (twice or odd or lost),
    )


def rows(settings: Settings) -> int:
    """Count the rows of the journal."""
    with connect(settings.home / "triage.db") as store:
        (count,) = store.execute("SELECT count(*) FROM decisions").fetchone()
    return int(count)


def test_frozen_clock(client: TestClient, served: Settings, log: StringIO) -> None:
    """Within one instant every request and message has an id of its own, and all are recorded."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        answers = [ask(client) for _ in range(COUNT)]
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    check(client, answers, log, "stands still", rows(served))


def test_clock_that_steps_by_hours(client: TestClient, served: Settings, log: StringIO) -> None:
    """Steps to and fro between requests are seen by nobody."""
    answers = []
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        for number in range(COUNT):
            clock.shift(HOUR if number % 2 else -HOUR)
            answers.append(ask(client))
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    check(client, answers, log, "steps by an hour between requests", rows(served))


def test_clock_that_steps_within_a_request(
    client: TestClient, served: Settings, log: StringIO
) -> None:
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
        answers = [ask(client) for _ in range(COUNT // 4)]
    service.close()

    check(client, answers, log, "steps by an hour within requests", rows(served))
