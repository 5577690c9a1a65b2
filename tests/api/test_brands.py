"""A key of one brand sees nothing of another, on any route that takes or leads to a brand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import QUESTION, check_shape, fault
from tests.api.conftest import Serve
from tests.api.keyed import hold, shown
from triage.api.brands import held_to
from triage.domain import Caller, Context, Message
from triage.settings import Settings

OWN, FOREIGN = "nordlys", "kvistholm"
"""The password articles are of the second brand."""
MINE = """---
id: reset-at-nordlys
title: Reset your password at Nordlys
language: en
brand: nordlys
---
## Forgotten password
Choose Forgot password on the sign-in page and follow the link in the e-mail.
"""


@pytest.fixture
def client(serve: Serve, served: Settings, tmp_path: Path) -> TestClient:
    """Serve articles of two brands to a key of one."""
    folder = tmp_path / "data" / "articles" / "en"
    folder.mkdir(parents=True)
    (folder / "reset-at-nordlys.md").write_text(MINE, encoding="utf-8")
    foreign = served.data / "articles" / "en" / "reset-your-password.md"
    (folder / foreign.name).write_text(foreign.read_text(encoding="utf-8"), encoding="utf-8")
    text, _ = hold(served, "classify", "suggest", brand=OWN)
    return shown(serve(data=tmp_path / "data"), text)


def found(client: TestClient, path: str, body: dict[str, Any]) -> set[str]:
    """Return the articles suggested."""
    response = client.post(path, json=body)

    assert response.status_code == 200, response.text
    answer = response.json()
    answers = answer.get("results", [answer])
    return {item["article_id"] for one in answers for item in one["suggestions"]}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", {"text": QUESTION, "context": {"brand": FOREIGN}}, "context.brand"),
        ("/v1/classify", {"text": QUESTION, "context": {"brand": ""}}, "context.brand"),
        ("/v1/classify", {"text": QUESTION, "context": {"brand": "Nordlys"}}, "context.brand"),
        ("/v1/suggestions", {"question": QUESTION, "filters": {"brand": FOREIGN}}, "filters.brand"),
        ("/v1/suggestions", {"question": QUESTION, "filters": {"brand": ""}}, "filters.brand"),
    ],
)
def test_another_brand_is_refused(
    client: TestClient, path: str, body: dict[str, Any], field: str
) -> None:
    """The brand of the key cannot be changed by the request, nor worked around by its spelling."""
    assert fault(client.post(path, json=body), 403, "brand_mismatch")["field"] == field


def test_another_brand_in_a_batch_is_refused_alone(client: TestClient) -> None:
    """The other messages are answered, of the key's brand."""
    foreign = {"id": "b", "text": QUESTION, "context": {"brand": FOREIGN}}
    batch = {"messages": [{"id": "a", "text": QUESTION}, foreign]}

    first, second = client.post("/v1/classify/batch", json=batch).json()["results"]

    assert {item["article_id"] for item in first["suggestions"]} == {"reset-at-nordlys"}
    check_shape(second["error"])
    assert (second["id"], second["error"]["code"]) == ("b", "brand_mismatch")


@pytest.mark.parametrize("given", [{}, {"brand": OWN}, {"brand": None}])
def test_only_articles_of_the_brand_are_suggested(
    client: TestClient, given: dict[str, str | None]
) -> None:
    """Whether the request names the brand or not."""
    context = {"text": QUESTION, "suggestions": 10, "context": given}
    question = {"question": QUESTION, "top": 10, "min_confidence": 0.0, "filters": given}

    assert found(client, "/v1/classify", context) == {"reset-at-nordlys"}
    assert found(client, "/v1/classify", {"text": QUESTION}) == {"reset-at-nordlys"}
    assert found(client, "/v1/suggestions", question) == {"reset-at-nordlys"}
    assert found(client, "/v1/suggestions", {"question": QUESTION}) == {"reset-at-nordlys"}
    assert found(client, "/v1/classify/batch", {"messages": [context]}) == {"reset-at-nordlys"}


def test_key_of_all_brands_may_ask_for_any(client: TestClient, served: Settings) -> None:
    """Without a brand of its own a key sees what the request asks for."""
    text, _ = hold(served, "suggest")
    keyring = client.app.state.service.keyring  # type: ignore[attr-defined] # the app is ours
    keyring._look()
    shown(client, text)
    body = {"question": QUESTION, "top": 10, "min_confidence": 0.0}

    assert found(client, "/v1/suggestions", body) == {"reset-at-nordlys", "reset-your-password"}
    body["filters"] = {"brand": FOREIGN}
    assert found(client, "/v1/suggestions", body) == {"reset-your-password"}


def test_message_is_held_to_the_brand_before_it_is_recorded() -> None:
    """The journal sees the brand of the key, and all else as it was sent."""
    own, everyone = Caller("k", frozenset(), OWN), Caller("k", frozenset())
    message = Message("text", customer_id="c", context=Context(product="lamp", audience="pro"))

    held = held_to(own, message)

    assert held == replace(message, context=replace(message.context, brand=OWN))
    assert held_to(own, held) is held
    assert held_to(everyone, message) is message
