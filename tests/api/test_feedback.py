"""Feedback: recorded before it is acknowledged, checked against its answer, at most once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from tests.api.asking import PARCEL, QUESTION, classify, fault, problem
from tests.api.conftest import Serve
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import feedback


def recorded(settings: Settings) -> list[Any]:
    """Read all feedback of a store."""
    with Store.open(settings.store_url) as store, transaction(store.engine) as connection:
        return list(connection.execute(select(feedback).order_by(feedback.c.number)))


def send(client: TestClient, key: str = "", **body: Any) -> Response:  # noqa: ANN401 - any JSON
    """Send feedback."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/feedback", json=body, headers=headers)


def test_feedback_to_an_answer_of_this_moment_is_recorded(serve: Serve, served: Settings) -> None:
    """A decision that still waits for its writer is found; the receipt follows the commit."""
    client = serve()
    for number in range(20):
        classify(client, text=PARCEL, id=f"t{number}", customer={"id": "c1"})
        response = send(
            client,
            id=f"t{number}",
            agent="a17",
            labels={"category": "technical_support"},
            final={"priority": "low"},
        )

        assert response.status_code == 202
        assert response.json()["recorded"] is True
        assert recorded(served)[-1].receipt == response.json()["receipt"]

    row = recorded(served)[0]
    assert (row.message_id, row.agent) == ("t0", "a17")
    assert row.labels == {"category": "technical_support"}
    assert row.final == {"priority": "low"}
    assert row.requester is not None
    assert "c1" not in row.requester


def test_sent_text_is_redacted_and_measured(serve: Serve, served: Settings) -> None:
    """The requester's name and address leave the text; what was changed is a number."""
    client = serve()
    answer = classify(client, text=QUESTION, customer={"name": "Anna Berg"})
    suggestion = answer["suggestions"][0]
    changed = suggestion["reply"] + "\nWrite to anna@example.org, Anna."
    for event, text in (("used", suggestion["reply"]), ("edited", changed)):
        use = {"passage_id": suggestion["passage_id"], "event": event, "sent_text": text}
        send(client, id=answer["id"], suggestions=[use])
    kept = [row.suggestions[0] for row in recorded(served)]

    assert [one["event"] for one in kept] == ["used", "edited"]
    assert kept[0]["edit_distance"] == kept[1]["edit_distance"] == 0.0
    for one in kept:
        assert "Anna" not in one["sent_text"]
        assert "anna@" not in one["sent_text"]
        assert "[name]" in one["sent_text"]


@pytest.mark.parametrize(("keep", "left"), [("none", None), ("full", "Hello Anna Berg, yes")])
def test_sent_text_is_kept_as_the_operator_chose(
    serve: Serve, served: Settings, keep: str, left: str | None
) -> None:
    """What holds for messages holds for replies."""
    client = serve(store_text=keep)
    answer = classify(client, text=QUESTION)
    use = {
        "passage_id": answer["suggestions"][0]["passage_id"],
        "event": "edited",
        "sent_text": "Hello Anna Berg, yes",
    }
    send(client, id=answer["id"], suggestions=[use])

    assert recorded(served)[0].suggestions[0]["sent_text"] == left
    assert recorded(served)[0].text_kept == keep


def test_what_the_answer_did_not_have_is_refused_by_name(serve: Serve, served: Settings) -> None:
    """An unknown id, task, label and passage are told apart, and nothing is recorded."""
    client = serve()
    known = classify(client, text=PARCEL, tasks=["category"])["id"]
    use = {"passage_id": "secret-words", "event": "used"}

    problem(send(client, id="secret-words"), 404, "decision_not_found")
    found = [
        fault(send(client, id=known, labels={"sentiment": "neutral"}), 422, "unknown_task"),
        fault(send(client, id=known, labels={"category": "secret-words"}), 422, "unknown_label"),
        fault(send(client, id=known, final={"category": "secret-words"}), 422, "unknown_label"),
        fault(send(client, id=known, suggestions=[use]), 422, "unknown_label"),
        fault(send(client, id=known, agent="a\nb")),
        fault(send(client, id=known, unknown=1)),
        fault(send(client, "x" * 256, id=known)),
    ]

    assert [one["field"] for one in found] == [
        "labels", "labels.category", "final.category", "suggestions.0.passage_id",
        "agent", "unknown", "Idempotency-Key",
    ]  # fmt: skip
    assert not any("secret-words" in str(one) for one in found)
    assert recorded(served) == []


def test_repeated_request_is_answered_as_before(serve: Serve, served: Settings) -> None:
    """Sent again with its key it is written once; with another body it is refused."""
    client = serve()
    known = classify(client, text=PARCEL)["id"]
    first, again = (send(client, "key-1", id=known, agent="a") for _ in range(2))
    other = send(client, "key-1", id=known, agent="b")

    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    problem(other, 422, "key_reused")
    assert len(recorded(served)) == 1


def test_parallel_repeats_write_once(serve: Serve, served: Settings) -> None:
    """Of the same request many times at once one is written; the rest get its answer or wait."""
    client = serve()
    known = classify(client, text=PARCEL)["id"]
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda n: send(client, f"k{n % 10}", id=known), range(50)))

    receipts = {one.json()["receipt"] for one in tries if one.status_code == 202}
    assert {one.status_code for one in tries} <= {202, 409}
    assert {one.json()["code"] for one in tries if one.status_code == 409} <= {"request_in_flight"}
    assert len(receipts) == len(recorded(served)) == 10


def test_erased_requester_is_gone_from_store_and_answers(serve: Serve, served: Settings) -> None:
    """After the erasure feedback finds no decision, and the files hold no word of the message."""
    client = serve(store_text="full")
    classify(client, text=f"{PARCEL} canary-9c1e", id="t1", customer={"id": "c/1"})
    classify(client, text=PARCEL, id="t2", customer={"id": "c2"})
    send(client, "key-1", id="t1")

    erased = client.delete("/v1/requesters/c/1")

    assert erased.json() == {
        "decisions": 1,
        "feedback": 1,
        "idempotency": 1,
        "disagreements": 0,
        "scrubbed": True,
    }
    assert client.delete("/v1/requesters/c/1").json()["decisions"] == 0
    problem(send(client, id="t1"), 404, "decision_not_found")
    assert send(client, id="t2").status_code == 202
    for path in filter(Path.is_file, served.home.rglob("*")):
        assert b"canary-9c1e" not in path.read_bytes(), path


def test_feedback_on_postgresql(serve: Serve, store_url: str) -> None:
    """The whole way, on both databases."""
    client = serve(database_url=store_url)
    known = classify(client, text=PARCEL, customer={"id": "c1"})["id"]

    first, again = (send(client, "key-1", id=known) for _ in range(2))
    lost = send(client, id="nowhere")
    erased = client.delete("/v1/requesters/c1").json()

    assert first.content == again.content
    assert lost.status_code == 404
    assert (erased["decisions"], erased["feedback"], erased["scrubbed"]) == (1, 1, True)
