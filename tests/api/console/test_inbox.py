"""The inbox shows what waits dearest first, and nothing of another brand."""

import re

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL
from tests.api.conftest import Serve
from tests.api.console.visitor import PASSWORD, Visitor, age, ask, open_account
from triage.errors import ConfigError
from triage.settings import Settings

CRASH = "the app shows a blank page, everything stands still right now, this is terrible"
PRAISE = "here is the order number, whenever you have time, you have been wonderful so far"
_ROW = re.compile(r'data-row="(\d+)"')


def rows(page: str) -> list[int]:
    """List the numbers of the messages on a page."""
    return [int(number) for number in _ROW.findall(page)]


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """Serve a console of the test's own."""
    return serve()


def test_dearest_comes_first_and_handled_last(client: TestClient) -> None:
    """An urgent message stands above those that came before it; what is handled leaves."""
    visitor = Visitor(client)
    low, urgent, high = (ask(client, text) for text in (PRAISE, CRASH, PARCEL))
    age(client)
    before = rows(visitor.get("/console/inbox").text)
    visitor.get(f"/console/messages/{urgent}")
    visitor.post(f"/console/messages/{urgent}/done")

    assert before == [urgent, high, low]
    assert rows(visitor.get("/console/inbox").text) == [high, low]
    assert rows(visitor.get("/console/inbox?state=handled").text) == [urgent]
    assert rows(visitor.get("/console/inbox?state=all").text) == [high, low, urgent]


def test_filters_and_search_narrow_the_list(client: TestClient) -> None:
    """Each filter takes what it names; together they take what all of them do."""
    visitor = Visitor(client)
    parcel = ask(client, PARCEL, channel="email", id="ticket/47 11")
    crash = ask(client, CRASH)
    danish = ask(client, "min pakke med den blå jakke, når I engang får tid, her er ordrenummeret")

    for query, found in (
        ("label=category:service", {parcel, danish}),
        ("label=priority:urgent", {crash}),
        ("language=da", {danish}),
        ("channel=email", {parcel}),
        ("channel=none", {crash, danish}),
        ("q=BLÅ+pakke", {danish}),
        ("q=47+11", {parcel}),
        ("q=%25", set()),
        ("language=en&label=category:service", {parcel}),
        ("state=nonsense&page=-3&decision=nonsense&label=x", set()),
    ):
        assert set(rows(visitor.get(f"/console/inbox?{query}").text)) == found, query


def test_long_lists_come_in_pages(client: TestClient) -> None:
    """Every message stands on one page, and a page beyond the last is the last."""
    visitor = Visitor(client)
    texts = [{"text": f"{PARCEL} number {number}"} for number in range(30)]
    for _ in range(2):
        client.post("/v1/classify/batch", json={"messages": texts})
    last = ask(client, CRASH)
    first = visitor.get("/console/inbox")
    second = visitor.get("/console/inbox?page=2")

    assert len(rows(first.text)) == 50
    assert len(set(rows(first.text)) | set(rows(second.text))) == 61
    assert last in rows(first.text)
    assert rows(visitor.get("/console/inbox?page=99999").text) == rows(second.text)


def test_of_a_message_asked_twice_the_newest_answer_shows(client: TestClient) -> None:
    """A desk that asks again about a message does not fill the inbox with it."""
    visitor = Visitor(client)
    old = ask(client, PARCEL, id="twice")
    new = ask(client, CRASH, id="twice")

    assert rows(visitor.get("/console/inbox").text) == [new]
    assert visitor.get(f"/console/messages/{old}").headers["location"].endswith(f"/{new}")


def test_agents_of_a_brand_see_their_brand_alone(serve: Serve, served: Settings) -> None:
    """Messages of another brand, or of none, are neither listed nor opened nor counted."""
    client = serve()
    mine = ask(client, PARCEL, context={"brand": "kvistholm"})
    theirs = ask(client, PARCEL, context={"brand": "nordlys"})
    nobodys = ask(client, PARCEL)
    open_account(served, "anna", "lead", "kvistholm")
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)

    assert rows(visitor.get("/console/inbox?state=all").text) == [mine]
    for number in (theirs, nobodys):
        assert visitor.get(f"/console/messages/{number}").status_code == 404
        for action in ("label", "confirm", "done", "suggestion", "displayed"):
            response = visitor.post(
                f"/console/messages/{number}/{action}",
                label="category:service", passage_id="x", passages="x",
            )  # fmt: skip

            assert response.status_code == 404, action


def test_without_texts_the_labels_are_shown(serve: Serve) -> None:
    """A journal that keeps no text has an inbox that says so, and messages that open."""
    client = serve(store_text="none")
    visitor = Visitor(client)
    number = ask(client, PARCEL)
    page = visitor.get("/console/inbox").text

    assert rows(page) == [number]
    assert "keeps no text" in page
    assert "TRIAGE_STORE_TEXT=none" in visitor.get(f"/console/messages/{number}").text
    assert PARCEL not in page


def test_an_empty_inbox_says_what_will_come(client: TestClient) -> None:
    """A newcomer is told where messages come from and can try one."""
    page = Visitor(client).get("/console/inbox").text

    assert "as soon as a desk sends them" in page
    assert 'href="/console/try"' in page


def test_broken_targets_stop_the_start_with_a_reason(serve: Serve) -> None:
    """A typing error in the targets is found when the service starts."""
    with pytest.raises(ConfigError, match="TRIAGE_RESPONSE_TARGETS"):
        serve(response_targets="urgent=soon")
