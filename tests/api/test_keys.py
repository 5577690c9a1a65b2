"""Who asks: without a key, with a wrong one, with the right one, and too often."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, problem
from tests.api.conftest import Serve
from tests.api.keyed import BODIES, bearer, hold, shown
from tests.builders import copied_bundle
from triage.access.keys import make_key
from triage.api.app import create_app
from triage.errors import ConfigError
from triage.service import Service
from triage.settings import Settings
from triage.storage.store import Store
from triage.telemetry import Telemetry

OPEN = ("/livez", "/readyz", "/docs", "/openapi.json")
TEXT = {"text": PARCEL}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x-real-ip": "203.0.113.9"},
        {"via": "1.1 proxy"},
        {"x-forwarded-proto": "https"},
        {"x-forwarded-server": "desk.example"},
        {"cf-connecting-ip": "203.0.113.9"},
        {"true-client-ip": "203.0.113.9"},
        {"x-client-ip": "203.0.113.9"},
        {"x-original-host": "desk.example"},
        {"host": "triage.example"},
        {"host": "127.0.0.1.example"},
        {"host": ""},
    ],
)
def test_strangers_behind_a_proxy_or_a_foreign_name_need_a_key(
    client: TestClient, headers: Mapping[str, str]
) -> None:
    """On the loopback address a proxy or a rebound name lets nobody in, even without any key."""
    response = client.post("/v1/classify", json=TEXT, headers=headers)

    assert "this machine" in problem(response, 401, "unauthorized")["detail"]


def test_callers_from_elsewhere_need_a_key(client: TestClient) -> None:
    """Were the app served beyond this machine by mistake, it would let nobody in."""
    far = TestClient(client.app, base_url="http://127.0.0.1", client=("203.0.113.9", 50000))

    problem(far.post("/v1/classify", json=TEXT), 401, "unauthorized")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_needs_no_key_before_one_is_made(client: TestClient, host: str) -> None:
    """Trying it out takes one command."""
    assert client.post("/v1/classify", json=TEXT, headers={"host": host}).status_code == 200


def test_setting_asks_for_keys_before_one_is_made(serve: Serve) -> None:
    """Behind a proxy that hides itself the operator asks for keys from the start."""
    client = serve(require_keys=True)

    problem(client.post("/v1/classify", json=TEXT), 401, "unauthorized")


def test_every_route_asks_for_a_key_once_one_is_made(serve: Serve, served: Settings) -> None:
    """Without a key there are the four open routes and nothing else; bodies are not looked at."""
    hold(served, "classify")
    client = serve()
    paths = client.get("/openapi.json").json()["paths"]
    asked = [(m.upper(), path) for path, methods in paths.items() for m in methods]

    assert {(method, path) for method, path in asked if path not in OPEN} >= set(BODIES)
    for method, path in asked:
        if path in OPEN:
            continue
        response = client.request(method, path.replace("{id}", "x"), content=b"\xff" * 5_000_000)
        problem(response, 401, "unauthorized")
        assert response.headers["www-authenticate"] == 'Bearer realm="triage"'
    for path in OPEN:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", "Basic dTpw", "Bearer a b", "Bearer æøå", "trg_x", "Bearer\ttrg_x",
        "Bearer " + "x" * 50_000, pytest.param("Token " + make_key(), id="no bearer"),
    ],
)  # fmt: skip
def test_broken_header_is_refused(serve: Serve, served: Settings, value: str) -> None:
    """What is no bearer key gets in nowhere, and is not repeated."""
    hold(served, "classify")
    response = serve().post(
        "/v1/classify", json=TEXT, headers={b"authorization": value.encode("utf-8")}
    )

    body = problem(response, 401, "unauthorized")
    assert "error=" in response.headers["www-authenticate"]
    assert "xxxx" not in json.dumps(body)


def test_two_headers_are_refused(serve: Serve, served: Settings) -> None:
    """Of two keys none is chosen."""
    text, _ = hold(served, "classify")
    pair = [("authorization", f"Bearer {text}")] * 2

    problem(serve().post("/v1/classify", json=TEXT, headers=pair), 401, "unauthorized")


def test_wrong_keys_are_refused_and_never_repeated(
    serve: Serve, served: Settings, log: StringIO
) -> None:
    """Unknown, misspelt and expired keys; neither answers nor logs hold any part of a secret."""
    good, _ = hold(served, "classify")
    expired, _ = hold(served, "classify", lifetime=timedelta(seconds=0.001))
    wrong = [make_key(), good[:-1] + ("0" if good[-1] != "0" else "1"), expired]
    client = serve(log_level="debug")
    for key in wrong:
        response = client.post("/v1/classify", json=TEXT, headers=bearer(key))
        problem(response, 401, "unauthorized")

        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert_unheard([key], response.text, str(response.headers), log.getvalue())
    answer = client.post("/v1/classify", json=TEXT, headers=bearer(good))
    assert answer.status_code == 200
    assert_unheard([good], answer.text, str(answer.headers), log.getvalue())


def assert_unheard(keys: Iterable[str], *told: str) -> None:
    """Check that no secret stands in what was told."""
    for key in keys:
        assert all(key[12:] not in text and key[-20:] not in text for text in told)


def test_revoked_key_is_refused_by_every_server_within_five_seconds(
    serve: Serve, served: Settings
) -> None:
    """Two servers of one store follow without a word between them."""
    text, key = hold(served, "classify")
    clients = [shown(serve(), text), shown(serve(), text)]
    assert {one.post("/v1/classify", json=TEXT).status_code for one in clients} == {200}

    with Store.open(served.store_url) as store:
        store.keys.revoke(key.id, datetime.now(UTC))
    end = monotonic() + 5
    codes: list[int] = []
    while codes != [401, 401] and monotonic() < end:
        sleep(0.1)
        codes = [one.post("/v1/classify", json=TEXT).status_code for one in clients]

    assert codes == [401, 401]
    # With the last key gone, the server does not become open again.
    del clients[0].headers["authorization"]
    problem(clients[0].post("/v1/classify", json=TEXT), 401, "unauthorized")


def test_log_names_the_key_that_asked(serve: Serve, served: Settings, log: StringIO) -> None:
    """Every request, refused ones too, is put down to a key by its id; its last use is recorded."""
    text, key = hold(served, "classify")
    client = serve()
    client.post("/v1/classify", json=TEXT, headers=bearer(text))
    client.get("/livez")
    client.get("/metrics", headers=bearer(text))
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    with Store.open(served.store_url) as store:
        used = store.keys.find(key.id).last_used_at

    assert [line["key"] for line in lines if line["event"] == "request"] == [key.id, "", key.id]
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(minutes=1)


def test_too_many_requests_are_refused_with_the_time_to_wait(
    serve: Serve, served: Settings
) -> None:
    """The key's own rate goes before that of the settings, and other keys feel nothing."""
    slow, _ = hold(served, "classify", rate="2/minute")
    quick, _ = hold(served, "classify")
    client = serve()
    answers = [client.post("/v1/classify", json=TEXT, headers=bearer(slow)) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert answers[0].headers["ratelimit"].startswith('"key";r=1;t=')
    problem(answers[2], 429, "rate_limited")
    assert 58 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["ratelimit"].startswith('"key";r=0;t=')
    assert client.post("/v1/classify", json=TEXT, headers=bearer(quick)).status_code == 200


def test_request_counts_once_whatever_its_body(serve: Serve, served: Settings) -> None:
    """What is wrong with a body takes no second turn, and its answer tells what is left too."""
    key, _ = hold(served, "classify", rate="4/minute")
    client = serve()
    bodies = [TEXT, {"text": 7}, {}, TEXT | {"tasks": ["colour"]}]
    answers = [client.post("/v1/classify", json=one, headers=bearer(key)) for one in bodies]

    assert [one.status_code for one in answers] == [200, 422, 422, 422]
    assert [one.headers["ratelimit"][:9] for one in answers] == [
        f'"key";r={n}' for n in (3, 2, 1, 0)
    ]


def test_this_machine_has_no_rate_before_a_key_is_made(serve: Serve) -> None:
    """Trying it out is not slowed down."""
    client = serve(rate="1/hour")
    answers = [client.get("/v1/models") for _ in range(5)]

    assert {one.status_code for one in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_broken_rate_stops_the_start(served: Settings) -> None:
    """A rate that is none is told at once, under the name of its setting."""
    service = Service.open(served.model_copy(update={"rate": "often"}), Telemetry("error"))

    with pytest.raises(ConfigError, match=r"TRIAGE_RATE.*10/second"):
        create_app(service)

    service.close()


def test_moves_are_signed_by_the_key(serve: Serve, served: Settings, tmp_path: Path) -> None:
    """Who moved a bundle is the key's name; whom its holder names stands beside it."""
    copied_bundle(served.models / "starter", served.home / "bundles" / "second")
    gate = tmp_path / "gate.toml"
    gate.write_text("[gate]\nmax_ece = 1.0\n", encoding="utf-8")
    text, _ = hold(served, "models:read", "models:promote", name="release")
    client = shown(serve(gate=gate), text)
    body = {"bundle": "second", "expected": "starter", "who": "a17"}

    answers = [
        client.post("/v1/models/promote", json=body),
        client.post("/v1/models/rollback", json={}),
    ]
    moves = client.get("/v1/models").json()["moves"]

    assert [one.status_code for one in answers] == [200, 200]
    assert [move["who"] for move in moves] == ["release", "release (a17)"]


def test_documentation_tells_the_scheme_and_the_scopes(client: TestClient) -> None:
    """A desk's developer sees which key each route takes, on the page and in the document."""
    document = client.get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["key"]
    classify = document["paths"]["/v1/classify"]["post"]

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert classify["security"] == [{"key": ["classify"]}]
    assert {"401", "403", "429"} <= set(classify["responses"])
    assert document["paths"]["/livez"]["get"]["security"] == []
    assert "Takes a key with the scope <code>models:promote</code>" in client.get("/docs").text
