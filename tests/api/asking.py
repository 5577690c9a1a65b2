"""How tests ask the API, and what they demand of every error."""

from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

JSON = {"content-type": "application/json"}
PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
QUESTION = "how do I reset my forgotten password on the sign-in page"
MEMBERS = {"type", "title", "status", "detail", "code", "instance", "errors"}


def post(client: TestClient, body: bytes, path: str = "/v1/classify", **headers: str) -> Response:
    """Send a body as it is."""
    return client.post(path, content=body, headers={**JSON, **headers})


def classify(client: TestClient, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Have a message labelled that is accepted."""
    response = client.post("/v1/classify", json=fields)

    assert response.status_code == 200, response.text

    answer: dict[str, Any] = response.json()
    return answer


def problem(response: Response, status: int, code: str) -> dict[str, Any]:
    """Check that a response is a problem of the one shape, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"

    body: dict[str, Any] = response.json()
    check_shape(body)

    assert body["status"] == status
    assert body["code"] == code
    assert body["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    return body


def check_shape(body: dict[str, Any]) -> None:
    """Check the members of a problem."""
    assert set(body) == MEMBERS
    assert body["type"] == f"/docs#{body['code']}"
    assert body["title"]
    assert body["detail"]
    for fault in body["errors"]:
        assert set(fault) == {"field", "message", "fix"}
        assert all(fault.values()), fault


def fault(response: Response, status: int = 422, code: str = "invalid_input") -> dict[str, str]:
    """Return the first field at fault."""
    first: dict[str, str] = problem(response, status, code)["errors"][0]
    return first
