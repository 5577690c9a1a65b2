"""The answer as it is written, beside the model that documents it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.api.asking import PARCEL, QUESTION, classify, fault, problem
from tests.api.conftest import Serve
from triage.api.answers import answer_json
from triage.api.schemas import Answer, answer_of
from triage.domain import Message, Options
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import decisions


@pytest.mark.parametrize("text", [PARCEL, QUESTION, "", "ok", f"{PARCEL}\n\nBest regards\nAnna"])
@pytest.mark.parametrize("explain", [True, False])
def test_written_answer_is_that_of_the_model(
    client: TestClient, text: str, *, explain: bool
) -> None:
    """Every field of the model stands in the answer, as the model would write it."""
    service = client.app.state.service  # type: ignore[attr-defined] # the app is ours
    result = service.pipeline.run([Message(text, "x")], Options(explain=explain))[0]

    written = answer_json(result)

    assert written.decode() == answer_of(result).model_dump_json()
    assert Answer.model_validate_json(written, strict=True).id == "x"


def test_durable_decision_is_on_the_disk_when_answered(serve: Serve, served: Settings) -> None:
    """With the header the row can be read as soon as the answer is there."""
    client = serve()
    headers = {"Triage-Record": "durable"}
    answer = client.post("/v1/classify", json={"text": PARCEL}, headers=headers)

    with Store.open(served.store_url) as store, transaction(store.engine) as connection:
        ids: list[Any] = list(connection.execute(select(decisions.c.message_id)).scalars())

    assert answer.status_code == 200
    assert ids == [answer.json()["id"]]


def test_durable_decision_that_is_lost_is_no_answer(serve: Serve) -> None:
    """Without a journal the caller who asked for one is told; others are answered."""
    client = serve()
    client.app.state.service._writer.close()  # type: ignore[attr-defined] # the app is ours

    refused = client.post(
        "/v1/classify", json={"text": PARCEL}, headers={"Triage-Record": "durable"}
    )

    problem(refused, 503, "store_unavailable")
    assert classify(client, text=PARCEL)


def test_other_ways_of_recording_are_refused(client: TestClient) -> None:
    """A misspelt wish is no silent loss."""
    response = client.post("/v1/classify", json={"text": "x"}, headers={"Triage-Record": "yes"})

    assert fault(response)["field"] == "Triage-Record"
