"""The routes of those who watch, the documentation, and what stands on every response."""

import hashlib
import json
import re
from base64 import b64encode
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, classify, problem
from tests.api.conftest import Serve
from triage.api.middleware import HEADERS
from triage.errors import StoreError
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry


def test_alive_and_ready(client: TestClient) -> None:
    """A served app says that it lives, what it serves, and that it records."""
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {
        "status": "ready",
        "bundle": "starter",
        "profile": "tiny",
        "store": "ok",
    }


def test_failing_store_degrades_but_keeps_answering(serve: Serve, served: Settings) -> None:
    """With a store that cannot be written, answers go on, and readyz and metrics tell."""
    Service.open(served, Telemetry("error")).close()
    client = serve(database_url=f"sqlite:///file:{served.home / 'triage.db'}?mode=ro&uri=true")

    answers = [classify(client, text=PARCEL) for _ in range(5)]
    client.app.state.service._writer.close()  # type: ignore[attr-defined] # to await the writer
    ready = client.get("/readyz")
    metrics = client.get("/metrics").text

    assert all(answer["labels"]["category"]["label"] == "service" for answer in answers)
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"
    assert ready.json()["store"] == "failing"
    assert 'triage_journal_lost_total{reason="store"} 5.0' in metrics


def gone() -> None:
    """Give no sign of life."""
    raise StoreError("The store is not there.")


def test_vanished_store_takes_the_replica_out_and_keeps_it_alive(serve: Serve) -> None:
    """Without its store a replica is not ready, is not restarted, and answers who asks."""
    client = serve()
    store = client.app.state.service.store  # type: ignore[attr-defined] # the app is ours
    check, store.check = store.check, gone
    refused, alive = client.get("/readyz"), client.get("/livez")
    answer = classify(client, text=PARCEL)
    store.check = check

    problem(refused, 503, "store_unavailable")
    assert refused.headers["retry-after"] == "1"
    assert alive.status_code == 200
    assert answer["labels"]["category"]["label"] == "service"
    assert client.get("/readyz").status_code == 200


def test_stopping_service_is_not_ready(serve: Serve) -> None:
    """Once closing has begun, the balancer is sent elsewhere."""
    client = serve()
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    response = client.get("/readyz")

    problem(response, 503, "overloaded")
    assert response.headers["retry-after"] == "1"


def test_metrics_count_by_route_and_decision(serve: Serve) -> None:
    """Requests, decisions and journal rows are counted; unknown paths share one label."""
    client = serve()
    classify(client, text=PARCEL)
    client.get("/secret-words")
    client.request("BREW", "/v1/classify")
    text = client.get("/metrics").text

    assert 'triage_requests_total{method="POST",route="/v1/classify",status="200"} 1.0' in text
    assert 'triage_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert 'triage_requests_total{method="other",route="/v1/classify",status="405"} 1.0' in text
    assert 'triage_bundle_info{bundle="starter",profile="tiny"} 1.0' in text
    assert re.search(r'triage_decisions_total\{decision="\w+",task="category"\} 1\.0', text)
    assert "secret-words" not in text


def test_openapi_has_an_example_for_every_route_and_answer(client: TestClient) -> None:
    """Whoever reads the document sees what to send and what comes back, errors included."""
    document = client.get("/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for operation in methods.values():
            statuses = operation["responses"]
            for status, response in statuses.items():
                for content in response["content"].values():
                    assert content["example"], (path, status)
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                name = schema["$ref"].rsplit("/", 1)[-1]

                assert document["components"]["schemas"][name]["examples"], path
                assert {"413", "415", "422", "500", "503"} <= set(statuses), path


def good(operation: dict[str, Any]) -> str:
    """Return the status of the good answer of a route."""
    return min(map(str, operation["responses"]))


def test_examples_of_requests_are_accepted(serve: Serve) -> None:
    """What the documentation shows can be sent; bundles that do not stand here are told apart."""
    client = serve()
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        # Bundles, answers and changes of other servers do not stand here.
        elsewhere = ("/v1/models", "/v1/feedback", "/v1/knowledge/undo")
        if "post" in methods and not path.startswith(elsewhere):
            body = methods["post"]["requestBody"]["content"]["application/json"]
            name = body["schema"]["$ref"].rsplit("/", 1)[-1]
            example = document["components"]["schemas"][name]["examples"][0]

            assert client.post(path, json=example).status_code == 200, path


def test_examples_of_answers_have_the_fields_of_real_answers(client: TestClient) -> None:
    """Examples do not grow old: their fields are those of the model."""
    document = client.get("/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation["responses"][good(operation)]["content"].get("application/json", {})
            if "schema" in content:
                name = content["schema"]["$ref"].rsplit("/", 1)[-1]
                model = document["components"]["schemas"][name]

                assert set(content["example"]) == set(model["required"]), name
                assert set(model["required"]) == set(model["properties"]), name


def test_documentation_page_needs_no_other_host(client: TestClient) -> None:
    """The page shows every route, runs no script and loads nothing."""
    response = client.get("/docs")
    page = response.text
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    fingerprint = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "`" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!/openapi\.json|#)', page)
    assert f"'sha256-{fingerprint}'" in response.headers["content-security-policy"]
    assert "script-src" not in response.headers["content-security-policy"]


def test_type_of_a_problem_is_a_place_on_the_page(client: TestClient) -> None:
    """Following a problem's type leads to its explanation."""
    anchor = client.get("/nowhere").json()["type"].removeprefix("/docs#")

    assert f'id="{anchor}"' in client.get("/docs").text


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/livez"), ("GET", "/nowhere"), ("POST", "/v1/classify")]
)
def test_security_headers_stand_on_every_response(
    client: TestClient, method: str, path: str
) -> None:
    """Answers and problems alike forbid sniffing, framing and caching."""
    headers = client.request(method, path).headers

    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])


def test_answers_are_json_without_surprises(client: TestClient) -> None:
    """An answer is finite, valid JSON in UTF-8."""
    response = client.post("/v1/classify", json={"text": "我买的蓝色外套包裹 😀"})

    assert "我买的蓝色外套包裹" in response.content.decode()
    json.loads(response.content, parse_constant=pytest.fail)
