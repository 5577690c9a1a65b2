"""No text of a message ever gets out beside its answer."""

from io import StringIO
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import check_shape, post, problem
from tests.api.conftest import Serve

CANARY = "zanzibarquokka"
BODIES = (
    '{"text": "%s"}',
    '{"text": "a", "subject": "%s"}',
    '{"text": "a", "%s": 1}',
    '{"text": "a", "some words %s": 1}',
    '{"text": "%s", "text": "%s"}',
    '{"text": "%s\\ud800"}',
    '{"text": "%s',
    '{"text": ["%s"]}',
    '{"text": "a", "channel": "%s"}',
    '{"text": "a", "content_type": "%s"}',
    '{"text": "a", "language": "%s"}',
    '{"text": "a", "tasks": ["%s"]}',
    '{"text": "a", "tasks": ["x", "%s"], "explain": "%s"}',
    '{"text": "a", "suggestions": "%s"}',
    '{"text": "a", "customer": {"name": "%s", "id": 1}}',
    '["%s"]',
    '"%s"',
    "%s",
)


class Crash:
    """A pipeline step that fails and says the text in its error, as libraries do."""

    def identify(self, text: str, *_more: object) -> None:
        """Fail, quoting the text."""
        raise ValueError(text)


def ask_everything(client: TestClient) -> list[str]:
    """Send the canary everywhere and return the bodies of all problems."""
    problems = []
    for template in BODIES:
        # A key that has the form of a name is repeated on purpose; it is no text.
        body = template.replace("%s", f"my {CANARY}").encode()
        for path in ("/v1/classify", "/v1/suggestions", "/v1/classify/batch"):
            for sent in (body, b'{"messages": [' + body + b"]}"):
                response = post(client, sent, path)
                if response.status_code != 200:
                    check_shape(response.json())
                    problems.append(response.text)
        problems.append(client.get(f"/{CANARY}?text={CANARY}").text)
        problems.append(post(client, body, **{"content-type": f"text/{CANARY}"}).text)
    long = '{"text": "' + f"{CANARY} " * 3_000 + '"}'
    problems.append(post(client, long.encode()).text)
    return problems


def test_no_text_in_problems_logs_or_metrics(serve: Serve, log: StringIO) -> None:
    """A word that stands in every request is in no problem, log line or metric."""
    client = serve()

    problems = ask_everything(client)

    assert len(problems) > 50
    assert CANARY not in "".join(problems)
    assert CANARY not in client.get("/metrics").text
    assert CANARY not in log.getvalue()


def test_text_of_a_crash_stays_inside(
    serve: Serve, log: StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """A fault in our own code is a 500 problem, and the log holds its place but not its words."""
    client = serve()
    service: Any = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    service.pipeline.identifier = Crash()

    response = client.post("/v1/classify", json={"text": CANARY})
    printed = "".join(capfd.readouterr())

    body = problem(response, 500, "internal_error")
    assert body["errors"] == []
    assert "request_crashed" in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "test_privacy.py" in log.getvalue()
    assert body["instance"].removeprefix("urn:uuid:") in log.getvalue()
    assert CANARY not in log.getvalue() + response.text + printed


def test_refused_item_of_a_batch_quotes_nothing(client: TestClient) -> None:
    """Faults inside a batch are as silent as those of single messages."""
    items = [{"text": 1, "my words": CANARY}, {"text": CANARY, "channel": CANARY}, CANARY]
    response = client.post("/v1/classify/batch", json={"messages": items})

    assert response.status_code == 200
    assert CANARY not in response.text
