"""What was answered is in the journal when the app has ended."""

from sqlalchemy import select

from tests.api.asking import PARCEL, classify
from tests.api.conftest import Serve
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import decisions


def test_journal_rows_equal_the_answers(serve: Serve, served: Settings) -> None:
    """Single and batch answers are recorded once each, refused ones never."""
    client = serve()
    ids = [classify(client, text=PARCEL, channel="chat")["id"] for _ in range(20)]
    items = [{"text": PARCEL, "id": f"b{n}"} for n in range(5)] + [{"text": 3, "id": "refused"}]
    client.post("/v1/classify/batch", json={"messages": items})
    client.post("/v1/classify", json={"text": "x" * 20_001})
    client.app.state.service.close()  # type: ignore[attr-defined] # the app is ours

    query = select(decisions).order_by(decisions.c.number)
    with Store.open(served.store_url) as store, transaction(store.engine) as connection:
        rows = connection.execute(query).all()

    assert [row.message_id for row in rows] == [*ids, *(f"b{n}" for n in range(5))]
    assert {row.bundle for row in rows} == {"starter"}
    assert rows[0].channel == "chat"
    assert rows[0].labels["category"]["label"] == "service"
    assert rows[0].text == PARCEL
