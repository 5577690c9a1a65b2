"""POST /v1/classify/batch: many messages, each on its own."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, check_shape, classify, fault, post, problem

PATH = "/v1/classify/batch"


def batch(client: TestClient, messages: list[Any]) -> list[dict[str, Any]]:
    """Have messages labelled together."""
    response = client.post(PATH, json={"messages": messages})

    assert response.status_code == 200, response.text

    results: list[dict[str, Any]] = response.json()["results"]
    return results


def test_answers_come_in_the_order_of_the_messages(client: TestClient) -> None:
    """Messages with other options are grouped inside, but the order stays."""
    messages = [
        {"id": str(n), "text": PARCEL, "suggestions": n % 3, "explain": n % 2 == 0}
        for n in range(32)
    ]

    assert [one["id"] for one in batch(client, messages)] == [str(n) for n in range(32)]


def test_answer_is_the_same_as_alone(client: TestClient) -> None:
    """Company changes no label and no confidence."""
    together = batch(client, [{"text": PARCEL}, {"text": "appen viser en tom side"}])[0]

    assert together["labels"] == classify(client, text=PARCEL)["labels"]


def test_refused_message_fails_alone(client: TestClient) -> None:
    """Each fault stands where its message stood, with its id, field and status."""
    results = batch(
        client,
        [
            {"id": "good", "text": PARCEL},
            {"id": "long", "text": "x" * 20_001},
            {"id": "typo", "tekst": "x"},
            {"id": "task", "text": PARCEL, "tasks": ["colour"]},
            {"id": 7, "text": PARCEL},
            "no object",
            None,
            {"id": "also good", "text": ""},
        ],
    )
    refused = results[1:7]
    for one in refused:
        check_shape(one["error"])

    assert "labels" in results[0]
    assert "labels" in results[7]
    assert [one["id"] for one in refused] == ["long", "typo", "task", None, None, None]
    assert [one["error"]["status"] for one in refused] == [413, 422, 422, 422, 422, 422]
    assert [one["error"]["errors"][0]["field"] for one in refused] == [
        "text", "text", "tasks", "id", "body", "body",
    ]  # fmt: skip


def test_more_than_32_messages_are_refused_unread(client: TestClient) -> None:
    """The count is checked before any message; 32 are fine."""
    response = client.post(PATH, json={"messages": [{"nonsense": 1}] * 33})

    assert fault(response, 413, "too_large")["field"] == "messages"
    assert len(batch(client, [{"text": "x"}] * 32)) == 32


def test_empty_batch_has_no_results(client: TestClient) -> None:
    """Nothing asked, nothing answered."""
    assert batch(client, []) == []


def test_batch_itself_must_have_its_form(client: TestClient) -> None:
    """Faults around the messages refuse the whole batch."""
    assert fault(client.post(PATH, json={}))["field"] == "messages"
    assert fault(client.post(PATH, json={"messages": {}}))["field"] == "messages"
    assert fault(client.post(PATH, json={"messages": [], "x": 1}))["field"] == "x"
    problem(client.post(PATH, json=[]), 422, "invalid_input")


@pytest.mark.parametrize(
    ("item", "id_", "field"),
    [
        (b'{"id": "bad", "text": "a\\ud800"}', "bad", "text"),
        (b'{"id": "bad", "text": "a", "suggestions": NaN}', "bad", "suggestions"),
        (b'{"id": "bad", "text": "a", "text": "b"}', "bad", "text"),
        (b'{"id": "bad", "text": "a", "context": {"brand": 1e999}}', "bad", "context.brand"),
        (b'{"id": "bad", "text": "a", "\\ud800": 1}', "bad", "body"),
        (b'{"id": "\\ud800", "text": "a"}', None, "id"),
        (b'{"id": "x", "id": "y", "text": "a"}', None, "id"),
        (b"NaN", None, "body"),
        (b'"\\u0000"', None, "body"),
    ],
)
def test_unreadable_message_fails_alone(
    client: TestClient, item: bytes, id_: str | None, field: str
) -> None:
    """What JSON or Unicode do not allow inside a message is its own fault, not the batch's."""
    good = json.dumps({"id": "good", "text": PARCEL}).encode()

    response = post(client, b'{"messages": [%s, %s, %s]}' % (good, item, good), PATH)
    assert response.status_code == 200, response.text
    first, bad, last = response.json()["results"]

    check_shape(bad["error"])
    assert bad["id"] == id_
    assert bad["error"]["errors"][0]["field"] == field
    assert first["labels"] == last["labels"] == classify(client, text=PARCEL)["labels"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"messages": [{"text": "a"}], "x": "\\ud800"}', "x"),
        (b'{"messages": [{"text": "a"}], "messages": []}', "messages"),
        (b'{"messages": NaN}', "messages"),
        (b'{"messages": [{"text": "a"},]}', "body"),
        (b'{"messages": [' + b"[" * 16 + b"]" * 16 + b"]}", "body"),
        (b'{"messages": [' + json.dumps({str(n): n for n in range(201)}).encode() + b"]}", "body"),
    ],
)
def test_unreadable_batch_is_refused_whole(client: TestClient, body: bytes, field: str) -> None:
    """Faults around the messages, broken JSON and its limits are no message's own."""
    assert fault(post(client, body, PATH))["field"] == field
