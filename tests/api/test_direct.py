"""POST /v1/classify: the straight way past FastAPI answers as the documented one."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL
from tests.api.conftest import HERE
from triage.api.app import create_app
from triage.api.routes.classify import classify
from triage.api.straight import DIRECT
from triage.rows import read_rows
from triage.service import Service
from triage.settings import CHECKOUT, Settings
from triage.telemetry import Telemetry

HEADERS = {"X-Request-Id": "3f8a1c52-3f0e-4c7b-9a55-0c1d2e3f4a5b"}
WIDE: dict[str, Any] = {
    "text": PARCEL,
    "id": "t-1",
    "subject": "Re: parcel",
    "channel": "email",
    "language": "en-GB",
    "customer": {"id": "c-1", "name": "Anna"},
    "context": {"brand": "north", "locale": "da-DK"},
    "suggestions": 1,
    "explain": True,
    "tasks": ["priority"],
}
VALID = [
    WIDE,
    {"text": "", "id": "a"},
    {"text": "<p>Where is my parcel?</p>", "content_type": "text/html", "id": "a"},
    {"text": PARCEL, "id": "a", "tasks": ["colour"]},
    {"text": "x" * 20_001, "id": "a"},
]
BROKEN: list[object] = [
    None,
    [],
    "text",
    7,
    {},
    {"text": 7},
    {"text": None, "suggestions": 11},
    {"text": PARCEL, "txet": "", "context": {"brnd": "x"}},
    {"text": PARCEL, "tasks": []},
    {"text": PARCEL, "explain": "yes", "language": "not a tag"},
    {"text": "a\x00b", "id": "a"},
]
Both = tuple[TestClient, TestClient, list[Request]]


@pytest.fixture
def both(served: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Serve two apps over one service, without the direct way and with it, which is recorded."""
    service = Service.open(served, Telemetry("error", StringIO()))
    direct, asked = getattr(classify, DIRECT), list[Request]()

    async def recorded(request: Request, payload: object) -> Response:
        asked.append(request)
        answer: Response = await direct(request, payload)
        return answer

    monkeypatch.delattr(classify, DIRECT)
    documented = create_app(service)
    monkeypatch.setattr(classify, DIRECT, recorded, raising=False)
    quick = create_app(service)
    with TestClient(quick, **HERE) as opened:
        yield TestClient(documented, **HERE), opened, asked


def told(client: TestClient, body: object, headers: dict[str, str]) -> tuple[Any, ...]:
    """Ask, and leave out of the answer what no two answers share: its times."""
    response = client.post("/v1/classify", json=body, headers=HEADERS | headers)
    answer = response.json()
    shown = dict(response.headers)
    if response.status_code == 200:
        answer["timings_ms"] = sorted(answer["timings_ms"])
        shown.pop("content-length")
    return response.status_code, list(answer.items()), shown


@pytest.mark.parametrize("record", [{}, {"Triage-Record": "durable"}, {"Triage-Record": "twice"}])
def test_both_ways_give_the_same_answer(both: Both, record: dict[str, str]) -> None:
    """Status, headers and body are the same; only valid bodies take the direct way."""
    documented, quick, asked = both

    for body in [*VALID, *BROKEN]:
        assert told(quick, body, record) == told(documented, body, record)

    assert len(asked) == len(VALID)


def test_both_ways_answer_the_samples_alike(both: Both) -> None:
    """Messages of every language of the samples get the same answer either way."""
    documented, quick, asked = both
    files = sorted((CHECKOUT / "data" / "samples" / "test").glob("*.jsonl"))
    texts = [row["text"] for file in files for row in list(read_rows(file))[:40]]

    for number, text in enumerate(texts):
        body = {"text": text, "id": str(number)}
        assert told(quick, body, {}) == told(documented, body, {})

    assert len(asked) == len(texts) > 100
