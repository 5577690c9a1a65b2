"""Canned responses are listed, and drafts speak for the brand and the moment."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import QUESTION, classify, fault, problem
from tests.api.conftest import Serve
from tests.api.keyed import bearer, hold
from triage.errors import ConfigError
from triage.settings import CHECKOUT, Settings
from triage.storage.waits import measure


def reply(client: TestClient, **context: Any) -> str:  # noqa: ANN401 - any JSON
    """Ask a question and return the first draft."""
    answer = classify(client, text=QUESTION, context={"brand": "kvistholm", **context})
    return str(answer["suggestions"][0]["reply"])


def moment(**before: int) -> str:
    """Name a moment a while ago, in a desk's own time zone."""
    return (datetime.now(UTC) - timedelta(**before)).isoformat()


@pytest.fixture
def branded(tmp_path: Path, served: Settings) -> Path:
    """Give the served data the voice of the sample brand."""
    folder = tmp_path / "data"
    shutil.copytree(served.data, folder)
    shutil.copytree(CHECKOUT / "data" / "brands", folder / "brands")
    return folder


def test_library_is_listed(client: TestClient) -> None:
    """All languages, or one; each with what has to be filled in."""
    every = client.get("/v1/canned").json()
    danish = client.get("/v1/canned", params={"language": "da-DK"}).json()

    assert {one["language"] for one in every["canned"]} == {"en", "da", "ro", "zh"}
    assert {one["language"] for one in danish["canned"]} == {"da"}
    assert every["values"] == {}
    for one in danish["canned"]:
        assert {"name", "agent"} <= set(one["placeholders"])
        assert all(f"{{{{ {name} }}}}" in one["text"] for name in ("name", "agent"))


def test_values_of_a_brand_come_along(serve: Serve, branded: Path) -> None:
    """They fill the brand's own placeholders, for it alone."""
    client = serve(data=branded)

    own = client.get("/v1/canned", params={"brand": "kvistholm"}).json()
    other = client.get("/v1/canned", params={"brand": "nobody"}).json()

    assert own["values"]["company"] == "Kvistholm"
    assert other["values"] == {}


def test_key_of_one_brand_sees_its_values_alone(
    serve: Serve, served: Settings, branded: Path
) -> None:
    """Another brand's are refused, and its own need not be named."""
    key, _ = hold(served, "kb:read", brand="kvistholm")
    client = serve(data=branded, require_keys=True)

    own = client.get("/v1/canned", headers=bearer(key))
    other = client.get("/v1/canned", params={"brand": "south"}, headers=bearer(key))

    assert own.json()["values"]["company"] == "Kvistholm"
    problem(other, 403, "brand_mismatch")


@pytest.mark.parametrize("params", [{"language": "x"}, {"language": "e n"}, {"brand": "x" * 201}])
def test_broken_question_is_refused(client: TestClient, params: dict[str, str]) -> None:
    """By the name of the parameter."""
    assert client.get("/v1/canned", params=params).status_code == 422


def test_draft_speaks_for_the_brand(serve: Serve, branded: Path) -> None:
    """The sign-off is the brand's, in its messages alone."""
    client = serve(data=branded)
    other = classify(client, text=QUESTION)["suggestions"]
    asked = {"question": QUESTION, "filters": {"brand": "kvistholm"}}
    found = client.post("/v1/suggestions", json=asked).json()["suggestions"]

    assert reply(client).endswith("Kvistholm customer care")
    assert found[0]["reply"].endswith("Kvistholm customer care")
    assert not any("Kvistholm" in one["reply"] for one in other)


def test_fresh_waiting_time_is_told_and_a_stale_one_is_not(serve: Serve) -> None:
    """As long as the settings allow."""
    client = serve(waiting_max_age_min=10)

    fresh = reply(client, waiting={"minutes": 35, "measured_at": moment(minutes=9)})
    stale = reply(client, waiting={"minutes": 35, "measured_at": moment(minutes=11)})
    future = reply(client, waiting={"minutes": 35, "measured_at": moment(minutes=-11)})

    assert "currently takes about 35 minutes (as of 20" in fresh
    assert "currently" not in stale
    assert "currently" not in future
    assert "currently" not in reply(client)


@pytest.mark.parametrize(
    ("waiting", "field"),
    [
        ({"minutes": 5}, "context.waiting.measured_at"),
        ({"minutes": -1, "measured_at": "2026-11-22T14:05:00Z"}, "context.waiting.minutes"),
        ({"minutes": 43_201, "measured_at": "2026-11-22T14:05:00Z"}, "context.waiting.minutes"),
        ({"minutes": 5.5, "measured_at": "2026-11-22T14:05:00Z"}, "context.waiting.minutes"),
        ({"minutes": 5, "measured_at": "2026-11-22T14:05:00"}, "context.waiting.measured_at"),
        ({"minutes": 5, "measured_at": 1_700_000_000}, "context.waiting.measured_at"),
        ({"minutes": 5, "measured_at": "1700000000"}, "context.waiting.measured_at"),
        ({"minutes": 5, "measured_at": "2026-13-22T14:05:00Z"}, "context.waiting.measured_at"),
        ({"minutes": 5, "measured_at": None}, "context.waiting.measured_at"),
        ({"minutes": 5, "measured_at": "2026-11-22T14:05:00Z", "x": 1}, "context.waiting.x"),
    ],
)
def test_broken_waiting_time_is_refused(
    client: TestClient, waiting: dict[str, Any], field: str
) -> None:
    """By the name of the field; a moment needs its time zone."""
    body = {"text": QUESTION, "context": {"waiting": waiting}}

    found = fault(client.post("/v1/classify", json=body))

    assert found["field"] == field


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_extreme_moments_are_just_not_told(client: TestClient, year: str) -> None:
    """No moment of any calendar is an error of ours."""
    for zone in ("+14:00", "-12:00"):
        when = f"{year}-01-01T00:00:00{zone}"
        assert "currently" not in reply(client, waiting={"minutes": 5, "measured_at": when})


def test_broken_brand_stops_the_start(serve: Serve, branded: Path) -> None:
    """A voice is checked before anybody is answered with it."""
    path = branded / "brands" / "kvistholm.toml"
    path.write_text("[language.en]\nsign_off = '{{ config }}'", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"kvistholm\.toml"):
        serve(data=branded)


def test_waiting_time_of_the_journal_is_told_once_it_is_known(serve: Serve, store_url: str) -> None:
    """Enough sent replies of late, as feedback tells them; none where the operator did not ask."""
    client = serve(database_url=store_url, waiting="journal")
    for number in range(20):
        answer = classify(client, text=QUESTION, id=f"t{number}", context={"brand": "kvistholm"})
        use = {"passage_id": answer["suggestions"][0]["passage_id"], "event": "used"}
        sent = client.post("/v1/feedback", json={"id": answer["id"], "suggestions": [use]})
        assert sent.status_code == 202
    store = client.app.state.service.store  # type: ignore[attr-defined] # the app's state
    store.waits._known = measure(store.engine, datetime.now(UTC))

    told = reply(client)

    assert "an answer currently takes about 5 minutes (as of 20" in told
    assert told.count(" UTC)") == 1
    assert reply(client, waiting={"minutes": 90, "measured_at": moment(minutes=1)}).count("2 hours")
    assert "currently" not in reply(serve(database_url=store_url))
