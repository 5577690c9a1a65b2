"""No metric floods whoever collects it, whatever callers send."""

from collections import Counter

from fastapi.testclient import TestClient
from starlette.routing import Route

from tests.api.asking import classify
from tests.api.conftest import Serve
from triage.api.middleware import label_of
from triage.telemetry import Metrics

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "STEEP")
BODIES = (b"{}", b"{", b'{"text": "a", "nothing": 1}', b'{"text": "' + b"a " * 20_000 + b'"}')
LIMIT = 200


def series(text: str) -> Counter[str]:
    """Count the series of each metric; a histogram's parts belong together."""
    names = (line.split(" ")[0].split("{")[0] for line in text.splitlines() if line[0] != "#")
    return Counter(name.removesuffix("_bucket") for name in names)


def ask_everything(client: TestClient) -> None:
    """Use every route with every method and several bodies, and paths that are not there."""
    paths = {route.path for route in client.app.routes if isinstance(route, Route)}  # type: ignore[attr-defined] # the app is ours
    paths |= set(client.get("/openapi.json").json()["paths"])
    for path in sorted(paths):
        for method in METHODS:
            for body in BODIES:
                client.request(method, path, content=body, headers={"content-type": "text/plain"})
                client.request(
                    method, path, content=body, headers={"content-type": "application/json"}
                )
    for number in range(300):
        client.request(METHODS[number % len(METHODS)], f"/nowhere/{number}")
    for code in ("en", "da", "ro", "zh", "sv", "ja", "xx"):
        for channel in ("email", "chat", "phone"):
            classify(client, text=f"{code} {channel}", language=code, channel=channel)


def test_no_metric_has_more_than_200_series(serve: Serve) -> None:
    """After every route, method, status, language and channel."""
    client = serve(max_body_bytes=30_000)
    ask_everything(client)
    counts = series(client.get("/metrics").text)

    assert counts["triage_requests_total"] > 20
    assert max(counts.values()) <= LIMIT, counts.most_common(3)


def test_routes_leave_room_for_more(serve: Serve) -> None:
    """Every route with all its statuses stays in the limit."""
    client = serve()
    paths = client.get("/openapi.json").json()["paths"]
    worst = {
        (label_of(path), method, status)
        for path, methods in paths.items()
        for method, operation in methods.items()
        for status in operation["responses"]
    }
    labels = set(map(label_of, paths))
    buckets = len(Metrics().seconds._upper_bounds) + 2

    assert len(worst) + len(labels) + len(METHODS) <= LIMIT
    assert (len(labels) + 3) * buckets <= LIMIT


def test_pages_share_a_name() -> None:
    """What stands in the path of a page tells messages and articles apart, which no label may."""
    assert label_of("/console/messages/{number}") == "/console"
    assert label_of("/v1/classify") == "/v1/classify"
