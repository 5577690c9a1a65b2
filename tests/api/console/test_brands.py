"""Whoever is of one brand sees no word of another on any page or in any table."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Serve
from tests.api.console.visitor import PASSWORD, Visitor, ask, open_account
from tests.api.test_console_insights import EXPORTS, PAGES, journal, service_of
from tests.unit.insights.journals import Said, fill
from triage.domain import Article
from triage.insights.frame import HOUR_S
from triage.settings import Settings

CANARY = "xylophone"
THEIRS = Article(CANARY, "en", f"{CANARY} refunds", f"## {CANARY}\nAsk for it.", brand="zephyr")


@pytest.fixture
def north(serve: Serve, served: Settings) -> Visitor:
    """Sign in a lead of one brand where another has its own messages, articles and votes."""
    open_account(served, role="lead", brand="north")
    client = serve()
    service = service_of(client)
    now = datetime.now(UTC).timestamp()
    west = [Said(now - n * HOUR_S / 9, f"{CANARY} refund {n}", brand="zephyr") for n in range(40)]
    done = ((f"{CANARY}/en#1", "used", 0.1),)
    west += [replace(west[0], passages=(f"{CANARY}/en#1",), done=done, labels={"category": CANARY})]
    fill(service.store.engine, [*journal("north"), *west])
    service.articles.replace_articles([THEIRS], ())
    service.writes.visitors.vote("not_helped", "zephyr", (CANARY, "en"))
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)
    return visitor


@pytest.mark.parametrize("path", ["/console/inbox?state=all", *PAGES, *EXPORTS])
def test_no_page_and_no_table_tells_of_another_brand(north: Visitor, path: str) -> None:
    """Messages, labels, articles, votes and counts of the other brand are nowhere."""
    response = north.get(path)

    assert response.status_code in {200, 404}
    assert CANARY not in response.text
    assert "zephyr" not in response.text


def test_articles_of_another_brand_are_not_there(north: Visitor) -> None:
    """Not even to whoever knows their name."""
    assert north.get(f"/console/knowledge/articles/en/{CANARY}").status_code == 404
    assert north.get("/console/models/bundles/starter").status_code == 200
    assert north.post("/console/models/promote", bundle="starter").status_code == 403
    assert north.post("/console/models/rollback", confirm="yes").status_code == 403


def _asked_twice(client: TestClient) -> dict[str, int]:
    """Two desks number their tickets alike."""
    return {
        brand: ask(
            client, "where is my parcel with the jacket", id="4711", context={"brand": brand}
        )
        for brand in ("north", "zephyr")
    }


def test_messages_of_one_id_are_two(serve: Serve, served: Settings) -> None:
    """What the other brand's agent does with theirs neither shows nor counts on ours."""
    client = serve()
    _asked_twice(client)
    open_account(served, name="zephyr", brand="zephyr")
    open_account(served, name="north", brand="north")
    west = Visitor(client)
    west.sign_in(name="zephyr", password=PASSWORD)
    listed = west.get("/console/inbox").text
    number = int(listed.partition('data-row="')[2].partition('"')[0])
    west.get(f"/console/messages/{number}")
    assert west.post(f"/console/messages/{number}/done").status_code == 303
    assert 'data-row="' not in west.get("/console/inbox").text
    client.cookies.clear()
    north = Visitor(client)
    north.sign_in(name="north", password=PASSWORD)

    assert 'data-row="' in north.get("/console/inbox").text
    assert "zephyr" not in north.get("/console/inbox?state=all").text
