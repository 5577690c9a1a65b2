"""POST /v1/suggestions: searching the knowledge base."""

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import QUESTION, fault

PATH = "/v1/suggestions"


def test_article_that_answers_is_suggested_with_a_draft(client: TestClient) -> None:
    """The answer holds the passage, a draft and the parts of the score."""
    answer = client.post(PATH, json={"question": QUESTION, "top": 1}).json()
    first = answer["suggestions"][0]

    assert set(answer) == {"suggestions", "no_suggestion_reason", "language"}
    assert first["article_id"] == "reset-your-password"
    assert first["language"] == "en"
    assert first["answer"] in first["reply"]
    assert set(first["score_parts"]) == {"lexical", "dense", "history"}
    assert first["confidence"] == round(first["confidence"], 4)


def test_language_given_is_believed(client: TestClient) -> None:
    """A question too short to tell is answered in the language that was given."""
    answer = client.post(PATH, json={"question": "adgangskode", "language": "da-DK"}).json()

    assert answer["language"]["code"] == "da"


def test_internal_articles_are_never_suggested(client: TestClient) -> None:
    """What is for agents only stays out of reach."""
    question = "move the complaint to the complaints desk and tell the shift lead"
    answer = client.post(PATH, json={"question": question, "top": 10, "min_confidence": 0}).json()

    assert "hand-over-a-complaint" not in [one["article_id"] for one in answer["suggestions"]]


def test_filters_are_kept(client: TestClient) -> None:
    """Another brand's articles are left out."""
    answer = client.post(PATH, json={"question": QUESTION, "filters": {"brand": "other"}}).json()

    assert answer["suggestions"] == []
    assert answer["no_suggestion_reason"] == "empty_knowledge_base"


@pytest.mark.parametrize("question", ["", "  ", "😀"])
def test_question_without_words_abstains(client: TestClient, question: str) -> None:
    """Nothing asked is no error."""
    answer = client.post(PATH, json={"question": question}).json()

    assert answer["no_suggestion_reason"] == "abstained"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 422, "invalid_input", "question"),
        ({"question": 3}, 422, "invalid_input", "question"),
        ({"question": "x" * 20_001}, 413, "too_large", "question"),
        ({"question": "a", "top": 0}, 422, "invalid_input", "top"),
        ({"question": "a", "top": 11}, 422, "invalid_input", "top"),
        ({"question": "a", "top": True}, 422, "invalid_input", "top"),
        ({"question": "a", "min_confidence": 1.1}, 422, "invalid_input", "min_confidence"),
        ({"question": "a", "language": "danish!"}, 422, "invalid_input", "language"),
        ({"question": "a", "filters": {"tag": []}}, 422, "invalid_input", "filters.tag"),
        ({"question": "a", "filters": {"tags": "b"}}, 422, "invalid_input", "filters.tags"),
        ({"question": "a", "filters": {"tags": [1]}}, 422, "invalid_input", "filters.tags.0"),
    ],
)
def test_broken_question_names_the_field(
    client: TestClient, body: dict[str, object], status: int, code: str, field: str
) -> None:
    """Every fault names the field of this request."""
    assert fault(client.post(PATH, json=body), status, code)["field"] == field


def test_question_in_another_language_abstains(client: TestClient) -> None:
    """A language that the bundle does not know gets no suggestion, as in labelling."""
    question = "¿Cómo puedo restablecer la contraseña olvidada de mi cuenta en la página de acceso?"
    response = client.post("/v1/suggestions", json={"question": question, "min_confidence": 0})

    assert not response.json()["language"]["supported"]
    assert response.json()["suggestions"] == []
    assert response.json()["no_suggestion_reason"] == "abstained"
