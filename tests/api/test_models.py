"""The routes that put a bundle live and take it back."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, classify, fault, post, problem
from tests.api.conftest import Serve
from tests.builders import copied_bundle, flip
from triage.api.model_schemas import PromoteRequest, RollbackRequest
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature, move
from triage.bundle.promotion import Bench, challenge
from triage.settings import Settings

NEW = "2026-11-21-ab12cd"
PROMOTE, ROLLBACK = "/v1/models/promote", "/v1/models/rollback"
BODY = {"bundle": NEW, "expected": "starter", "who": "a17", "why": "new intents"}
Start = Callable[..., TestClient]


@pytest.fixture
def start(serve: Serve, served: Settings, tmp_path: Path) -> Start:
    """Serve beside a second bundle; the gate lets it in unless told otherwise."""

    def run(gate: str = "max_ece = 1.0") -> TestClient:
        copied_bundle(served.models / "starter", served.home / "bundles" / NEW)
        path = tmp_path / "gate.toml"
        path.write_text(f"[gate]\n{gate}\n", encoding="utf-8")
        return serve(gate=path)

    return run


def example(model: type[PromoteRequest | RollbackRequest]) -> dict[str, Any]:
    """Return the documented example of a request."""
    found = model.model_json_schema()["examples"][0]
    assert isinstance(found, dict)
    return found


def test_examples_are_accepted_and_followed(start: Start) -> None:
    """What the documentation shows works, and the server answers from the new bundle."""
    client = start()

    moved = client.post(PROMOTE, json=example(PromoteRequest))
    end = monotonic() + 30
    while client.get("/readyz").json()["bundle"] != NEW and monotonic() < end:
        sleep(0.02)
    answer = classify(client, text=PARCEL)
    listed = client.get("/v1/models").json()
    back = client.post(ROLLBACK, json=example(RollbackRequest))

    assert moved.status_code == 200, moved.text
    assert moved.json()["champion"] == NEW
    assert moved.json()["move"]["via"] == "api"
    assert answer["model"] == {"bundle": NEW, "alias": "champion", "profile": "tiny"}
    assert listed["serving"]["bundle"] == NEW
    assert listed["fault"] is None
    assert listed["aliases"] == {"champion": NEW, "challenger": None, "previous": "starter"}
    assert [(one["id"], one["aliases"], one["state"]) for one in listed["bundles"]] == [
        ("starter", ["previous"], "ok"),
        (NEW, ["champion"], "ok"),
    ]
    assert [one["who"] for one in listed["moves"]] == ["a17"]
    assert back.status_code == 200, back.text
    assert back.json()["champion"] == "starter"
    assert client.get("/v1/models").json()["moves"][0]["action"] == "rollback"


def test_promotion_that_is_done_already_says_so(start: Start) -> None:
    """A repeated request finds its bundle live and moves nothing."""
    client = start()
    client.post(PROMOTE, json=BODY)

    again = client.post(PROMOTE, json=BODY)

    assert again.status_code == 200
    assert again.json() == {"champion": NEW, "move": None}
    assert len(client.get("/v1/models").json()["moves"]) == 1


def test_gate_answers_with_every_reason(start: Start) -> None:
    """409 names all rules that are broken, and nothing has moved."""
    client = start("max_ece = 0.0\nmax_latency_ms = 0.000001")

    body = problem(client.post(PROMOTE, json=BODY), 409, "gate_failed")

    assert "[ece] task priority (twin)" in body["detail"]
    assert "[latency]" in body["detail"]
    assert client.get("/v1/models").json()["aliases"]["champion"] == "starter"


def test_other_champion_than_expected_is_a_conflict(start: Start) -> None:
    """The field at fault is named; promotion and rollback alike."""
    client = start()

    stale = client.post(PROMOTE, json=BODY | {"expected": NEW})
    back = client.post(ROLLBACK, json={"expected": NEW})

    assert fault(stale, 409, "alias_moved")["field"] == "expected"
    assert fault(back, 409, "alias_moved")["field"] == "expected"


@pytest.mark.parametrize("name", ["nobody", "../../etc", "/etc/passwd", "界" * 200])
def test_unknown_bundle_is_not_found_and_not_repeated(start: Start, name: str) -> None:
    """A name that the registry does not list leads nowhere."""
    response = start().post(PROMOTE, json=BODY | {"bundle": name})

    problem(response, 404, "bundle_not_found")
    assert name not in response.text


def test_nothing_to_go_back_to_is_not_found(start: Start) -> None:
    """A rollback without a previous bundle says what to do instead."""
    body = problem(start().post(ROLLBACK, json={}), 404, "bundle_not_found")

    assert "promote the one you want" in body["detail"]


def test_tampered_bundle_is_refused(start: Start, served: Settings) -> None:
    """The seal is the first rule of the gate."""
    client = start()
    flip(served.home / "bundles" / NEW / "heads.safetensors")

    body = problem(client.post(PROMOTE, json=BODY), 409, "gate_failed")

    assert "[seal]" in body["detail"]


def test_broken_bundle_and_record_are_listed_as_such(start: Start, served: Settings) -> None:
    """A manifest that cannot be read costs its own line only."""
    client = start()
    flip(served.home / "bundles" / NEW / "manifest.json")

    listed = client.get("/v1/models").json()

    assert [one["state"] for one in listed["bundles"]] == ["ok", "corrupt_bundle"]


def test_home_that_cannot_be_written_is_unavailable(start: Start, served: Settings) -> None:
    """503 names the setting; the champion stays."""
    client = start()
    (served.home / "aliases.part").mkdir()

    response = client.post(PROMOTE, json=BODY)

    assert "TRIAGE_HOME" in problem(response, 503, "store_unavailable")["detail"]
    assert client.get("/v1/models").json()["aliases"]["champion"] == "starter"


@pytest.mark.parametrize("path", [PROMOTE, ROLLBACK])
@pytest.mark.parametrize("body", [b"", b"[]", b'{"bundle": 7}', b'{"expected": ""}', b'{"x": 1}'])
def test_malformed_bodies_are_refused(client: TestClient, path: str, body: bytes) -> None:
    """The rules of all bodies hold here."""
    problem(post(client, body, path), 422, "invalid_input")


@pytest.mark.parametrize("path", [PROMOTE, ROLLBACK])
def test_a_page_of_another_site_cannot_move_an_alias(client: TestClient, path: str) -> None:
    """Forms of a browser cannot send JSON, so they are refused before anything is read."""
    response = client.post(path, content=b"{}", headers={"content-type": "text/plain"})

    problem(response, 415, "unsupported_media_type")


def test_challenger_is_told_with_its_agreement(start: Start, served: Settings) -> None:
    """People see how the challenger does beside the champion, and what keeps it from loading."""
    client = start()
    client.app.state.service.monitor.shadow._settings = served.model_copy(  # type: ignore[attr-defined] # ours
        update={"shadow_share": 1.0}
    )
    assert client.get("/v1/models").json()["challenger"] is None
    service = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    bench = Bench(service.registry, served.encoders, Gate(max_ece=1.0), "tiny")
    challenge(bench, NEW, Signature("a17"))
    end = monotonic() + 30
    while not (told := client.get("/v1/models").json()["challenger"])["messages"]:
        assert monotonic() < end
        classify(client, text=PARCEL)
    flip(served.home / "bundles" / NEW / "heads.safetensors")
    changes: dict[str, str | None] = {"challenger": "starter"}
    move(service.registry, "challenge", "challenger", changes, {}, Signature("a17"))
    changes = {"challenger": NEW}
    while client.get("/v1/models").json()["challenger"]["champion"] != "starter":
        sleep(0.02)
    sleep(1.2)
    move(service.registry, "challenge", "challenger", changes, {}, Signature("a17"))
    while (broken := client.get("/v1/models").json()["challenger"])["fault"] is None:
        assert monotonic() < end
        sleep(0.02)

    assert told["bundle"] == NEW
    assert told["champion"] == "starter"
    assert told["fault"] is None
    assert set(told["tasks"]) == {"category", "priority", "sentiment"}
    for task in told["tasks"].values():
        assert task["agreement"] == 1
        assert task["confidence_difference"] == 0
    assert broken == {
        "bundle": NEW, "fault": "corrupt_bundle", "champion": None, "messages": 0, "tasks": {},
    }  # fmt: skip
