"""Requests can be followed through gateways, logs and traces, and ids carry no words."""

import json
from io import StringIO

import pytest

from tests.api.asking import PARCEL, problem
from tests.api.conftest import Serve

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize("given", [UUID, UUID.upper(), UUID.replace("-", "")])
def test_id_of_the_caller_comes_back(serve: Serve, log: StringIO, given: str) -> None:
    """In the header, in the log and in problems."""
    client = serve()
    response = client.get("/nowhere", headers={"X-Request-Id": given})

    assert response.headers["x-request-id"] == given
    assert response.json()["instance"] == f"urn:uuid:{UUID}"
    assert json.loads(log.getvalue().splitlines()[-1])["request_id"] == given


@pytest.mark.parametrize(
    "given",
    ["", "4711", "anna@example.org", "secret-words", UUID[:-1], f"{UUID}0", f"{UUID} x", "x" * 36],
)
def test_other_ids_are_replaced(serve: Serve, log: StringIO, given: str) -> None:
    """What is no UUID could be anything, and is not repeated."""
    response = serve().get("/nowhere", headers={"X-Request-Id": given})
    body = problem(response, 404, "not_found")

    assert response.headers["x-request-id"] != given
    assert not given or given not in log.getvalue() + json.dumps(body)


def test_trace_of_the_caller_is_logged(serve: Serve, log: StringIO) -> None:
    """A log line names the trace that it belongs to."""
    serve().post("/v1/classify", json={"text": PARCEL}, headers={"traceparent": PARENT})

    assert json.loads(log.getvalue().splitlines()[-1])["trace_id"] == TRACE


@pytest.mark.parametrize(
    "given",
    ["", "secret words", f"01-{TRACE}-00f067aa0ba902b7-01", PARENT.upper(), PARENT[:-1],
     f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01"],
)  # fmt: skip
def test_invalid_trace_is_ignored(serve: Serve, log: StringIO, given: str) -> None:
    """It costs no request, and stands nowhere."""
    response = serve().get("/livez", headers={"traceparent": given})

    assert response.status_code == 200
    assert "trace_id" not in log.getvalue()
