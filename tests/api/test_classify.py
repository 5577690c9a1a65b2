"""POST /v1/classify: what an answer holds."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, classify, fault

SUGGESTED = {
    "article_id", "passage_id", "title", "url", "language", "confidence", "answer", "reply",
    "score_parts",
}  # fmt: skip


def test_answer_holds_every_field_of_the_contract(client: TestClient) -> None:
    """No field is ever left out, and nothing else is in."""
    answer = classify(client, text=PARCEL, id="t-1")

    assert answer["id"] == "t-1"
    assert set(answer) == {
        "id", "model", "language", "cleaned", "labels", "suggestions", "no_suggestion_reason",
        "timings_ms",
    }  # fmt: skip
    assert answer["model"] == {"bundle": "starter", "alias": "champion", "profile": "tiny"}
    assert set(answer["language"]) == {"code", "confidence", "supported"}
    assert set(answer["cleaned"]) == {"text", "removed", "truncated"}
    assert set(answer["timings_ms"]) == {"clean", "encode", "label", "suggest", "total"}
    assert set(answer["labels"]) == {"category", "priority", "sentiment"}
    for label in answer["labels"].values():
        assert set(label) == {
            "label", "confidence", "decision", "reason", "alternatives", "evidence",
        }  # fmt: skip


def test_numbers_are_rounded(client: TestClient) -> None:
    """Confidences have at most 4 decimals and times 3."""
    answer = classify(client, text=PARCEL)
    confidences = [answer["language"]["confidence"]]
    for label in answer["labels"].values():
        confidences += [label["confidence"], *(one["confidence"] for one in label["alternatives"])]

    assert all(value == round(value, 4) for value in confidences)
    assert all(value == round(value, 3) for value in answer["timings_ms"].values())


def test_labels_are_those_that_the_message_was_made_of(client: TestClient) -> None:
    """A message like the training messages is labelled with confidence."""
    label = classify(client, text=PARCEL)["labels"]["category"]

    assert label["label"] == "service"
    assert label["decision"] != "abstain"
    assert label["reason"] is None


@pytest.mark.parametrize("text", ["", "   \n\t ", "😀😀", "?!.", "<p></p>"])
def test_message_without_words_abstains(client: TestClient, text: str) -> None:
    """Nothing to read is an answer, not an error: every task abstains and says why."""
    answer = classify(client, text=text, content_type="text/html")

    for label in answer["labels"].values():
        assert label["label"] is None
        assert label["decision"] == "abstain"
        assert label["reason"] == "too_short"
        assert label["alternatives"]
    assert answer["no_suggestion_reason"] == "abstained"


def test_unsupported_language_abstains(client: TestClient) -> None:
    """A language that the bundle was not trained on is named, not labelled."""
    answer = classify(
        client, text="Mein Paket ist leider immer noch nicht bei mir angekommen, bitte um Hilfe."
    )

    assert answer["language"]["supported"] is False
    assert {label["reason"] for label in answer["labels"].values()} == {"unsupported_language"}


def test_only_the_tasks_asked_for_are_answered(client: TestClient) -> None:
    """Tasks come as asked, each once."""
    answer = classify(client, text=PARCEL, tasks=["sentiment", "sentiment"])

    assert list(answer["labels"]) == ["sentiment"]


def test_unknown_task_is_named_with_those_there_are(client: TestClient) -> None:
    """A task that the bundle does not have is refused with the ones it has."""
    response = client.post("/v1/classify", json={"text": PARCEL, "tasks": ["colour"]})

    found = fault(response, code="unknown_task")

    assert found["field"] == "tasks"
    assert "category, priority, sentiment" in found["fix"]


def test_evidence_points_into_the_request(client: TestClient) -> None:
    """Offsets count code points of the request's own text, emoji and all."""
    text = f"😀 你好  {PARCEL}"
    labels = classify(client, text=text, language="en", explain=True)["labels"]
    found = [one for label in labels.values() for one in label["evidence"]]

    assert found
    for one in found:
        assert one["field"] == "text"
        assert text[one["start"] : one["end"]] == one["text"]


def test_evidence_is_empty_unless_asked_for(client: TestClient) -> None:
    """Explaining costs time, so it is asked for."""
    labels = classify(client, text=PARCEL)["labels"]

    assert all(label["evidence"] == [] for label in labels.values())


def test_suggestions_can_be_left_out(client: TestClient) -> None:
    """Asking for none says so."""
    answer = classify(client, text=PARCEL, suggestions=0)

    assert answer["suggestions"] == []
    assert answer["no_suggestion_reason"] == "not_requested"


def test_message_without_an_id_gets_one(client: TestClient) -> None:
    """Null and absent ids are replaced by one of the service."""
    given = {classify(client, text=PARCEL, **extra)["id"] for extra in ({}, {"id": None})}

    assert len(given) == 2
    assert all(len(one) == 32 for one in given)


def test_every_field_of_the_request_is_accepted(client: TestClient) -> None:
    """A full request is answered; null stands for what is not known."""
    full: dict[str, Any] = {
        "text": f"<p>{PARCEL}</p>",
        "id": "t-2",
        "subject": "Parcel",
        "content_type": "text/html",
        "channel": "web_form",
        "language": "en-GB",
        "customer": {"id": "c-1", "name": "Anna Berg"},
        "context": {"brand": "b", "product": "p", "audience": "customer", "locale": "en_GB"},
        "suggestions": 10,
        "explain": True,
        "tasks": ["category"],
    }
    nothing = dict.fromkeys(
        ("id", "subject", "channel", "language", "customer", "context", "tasks")
    )

    assert classify(client, **full)["cleaned"]["text"].endswith(PARCEL)
    assert classify(client, text=PARCEL, **nothing)["labels"]


def test_html_is_read_as_html(client: TestClient) -> None:
    """Markup is taken out before anything is labelled."""
    answer = classify(client, text=f"<div><b>{PARCEL}</b></div>", content_type="text/html")

    assert answer["cleaned"]["text"] == PARCEL
