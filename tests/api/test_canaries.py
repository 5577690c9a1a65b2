"""Hundreds of messages, each with a word of its own, through every path: no word gets out."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.api.asking import JSON, PARCEL
from tests.api.conftest import Serve
from tests.builders import copied_bundle
from tests.faults.figures import bore, chosen
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature
from triage.bundle.promotion import Bench, challenge
from triage.settings import Settings
from triage.storage.writer import GroupWriter

EACH = chosen(30, 125)
pytestmark = pytest.mark.faults
BROKEN = ('{"text": "%s', '{"text": "%s\\ud800"}', '{"text": "a", "channel": "%s"}', '["%s"]')


def canary(path: str, number: int) -> str:
    """Make a word that stands nowhere else."""
    return f"quokka{path}{number}zanzibar"


class Sink(BaseHTTPRequestHandler):
    """A collector that keeps the bytes it is sent."""

    def do_POST(self) -> None:
        """Take spans."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken += body + str(self.headers).encode()  # type: ignore[attr-defined] # ours
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def collecting() -> Iterator[Any]:
    """Run a collector."""
    with HTTPServer(("127.0.0.1", 0), Sink) as server:
        server.taken = b""  # type: ignore[attr-defined] # ours
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Crash:
    """A step that fails and says the text, as libraries do."""

    def identify(self, text: str, *_more: object) -> None:
        """Fail, quoting the text."""
        raise ValueError(text)


def fail(entries: object) -> None:
    """Fail as a database driver does, quoting what it was given."""
    raise ValueError(repr(entries))


def eventually(client: TestClient, line: str) -> None:
    """Wait for a metric."""
    end = monotonic() + 30
    while line not in (text := client.get("/metrics").text):
        assert monotonic() < end, text
        sleep(0.05)


def ask_well(client: TestClient) -> list[Response]:
    """Send what is answered with 200, and headers that carry a word."""
    replies = []
    for number in range(EACH):
        word = canary("good", number)
        headers = {
            "X-Request-Id": word,
            "traceparent": word,
            "User-Agent": word,
            "baggage": f"a={word}",
            "tracestate": f"a={word}",
        }
        text = f"{PARCEL} {word}"
        fields = {"text": text, "id": word, "customer": {"id": word, "name": word}}
        replies.append(client.post("/v1/classify", json=fields, headers=headers))
        question = {"question": f"forgotten password {word}", "filters": {"brand": word}}
        replies.append(client.post("/v1/suggestions", json=question))
        batch = {"messages": [{"text": canary("batch", number)}, {"text": PARCEL, "id": word}]}
        replies.append(client.post("/v1/classify/batch", json=batch))
    assert {reply.status_code for reply in replies} == {200}
    return replies


def ask_badly(client: TestClient) -> list[Response]:
    """Send what is refused, and what is not there."""
    replies = []
    for number in range(EACH):
        word = canary("bad", number)
        for template in BROKEN:
            for path in ("/v1/classify", "/v1/suggestions", "/v1/models/promote"):
                body = template.replace("%s", f"my {word}").encode()
                replies.append(client.post(path, content=body, headers=JSON))
        replies.append(client.get(f"/{word}?{word}={word}"))
        shown = {"Authorization": f"Bearer {word}"}
        replies.append(client.post("/v1/classify", json={"text": PARCEL}, headers=shown))
        replies.append(client.post("/v1/classify", json={"text": f"{word} " * 2_000}))
        replies.append(
            client.post("/v1/classify", content=word.encode(), headers={"content-type": word})
        )
    assert all(400 <= reply.status_code < 500 for reply in replies)
    return replies


def ask_crashing(client: TestClient) -> list[Response]:
    """Have our own code fail on messages, and quote them."""
    service: Any = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    service.pipeline.identifier = Crash()
    replies = []
    for number in range(EACH):
        word = canary("crash", number)
        replies.append(client.post("/v1/classify", json={"text": word}))
        replies.append(client.post("/v1/suggestions", json={"question": f"where is {word}"}))
        batch = {"messages": [{"text": word}]}
        replies.append(client.post("/v1/classify/batch", json=batch))
    assert {reply.status_code for reply in replies} == {500}
    return replies


def shadowed(client: TestClient, settings: Settings) -> None:
    """Name a challenger that fails on every message, quoting it."""
    service: Any = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    copied_bundle(settings.models / "starter", settings.home / "bundles" / "second")
    bench = Bench(service.registry, settings.encoders, Gate(max_ece=1.0), "tiny")
    challenge(bench, "second", Signature("a17"))
    end = monotonic() + 30
    while service.monitor.shadow.comparison() is None and monotonic() < end:
        sleep(0.05)
    service.monitor.shadow._pipeline.identifier = Crash()


def journal_fails(client: TestClient) -> None:
    """Have every write to the journal fail, quoting what was written."""
    service: Any = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    service._writer.close()
    service._writer = GroupWriter(fail, service.telemetry)


def test_no_word_of_a_message_gets_out(
    serve: Serve, served: Settings, log: StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in logs, metrics, spans or problems, of good, bad, crashing and shadowed requests."""
    with collecting() as sink:
        client = serve(
            shadow_share=1.0,
            otlp_endpoint=f"http://127.0.0.1:{sink.server_port}/v1/traces",
            log_level="debug",
        )
        shadowed(client, served)
        journal_fails(client)
        good = ask_well(client)
        eventually(client, f'triage_shadow_messages_total{{outcome="failed"}} {3.0 * EACH}')
        problems = ask_badly(client) + ask_crashing(client)
        metrics = client.get("/metrics").text
        client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours
        spans = sink.taken.decode("latin-1")
    bodies = "".join(f"{one.text}{one.headers}" for one in problems)
    printed = "".join(capfd.readouterr())

    assert len(good) + len(problems) > 200
    assert "ValueError" in log.getvalue()
    assert "journal_failing" in log.getvalue()
    assert "challenger_failed" in log.getvalue()
    assert "/v1/classify" in spans
    assert "encode" in spans
    assert not any("quokka" in str(one.headers) for one in good)
    places = {
        "log": log.getvalue(), "metrics": metrics, "spans": spans, "problems": bodies,
        "printed": printed,
    }  # fmt: skip
    words = ("quokka", "zanzibar", PARCEL[:20])
    found = sorted(place for place, text in places.items() if any(one in text for one in words))

    bore(
        "words of messages in telemetry",
        f"{len(good)} answered, {len(problems)} refused or crashed, {EACH} words a path",
        f"none in {', '.join(places)}",
        f"in {', '.join(found) or 'none'}, of {sum(map(len, places.values())) >> 10} kB",
        passed=not found,
    )
