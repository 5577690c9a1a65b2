"""The life of articles over the API: sources, dry runs, previews, versions and undo."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import fault, problem
from tests.api.conftest import Serve
from tests.api.keyed import hold, shown
from triage.settings import Settings

IMPORT = "/v1/articles/import"
UNDO = "/v1/knowledge/undo"
BODY = "Carry the blue umbrella to the harbour desk."
FAQ = """<html lang="en"><script type="application/ld+json">{"@type": "FAQPage", "mainEntity":
[{"@type": "Question", "name": "Where?", "acceptedAnswer": {"text": "<p>At the harbour.</p>"}},
 {"@type": "Question", "name": "When?"}]}</script></html>"""


def rows(names: str, body: str = BODY) -> list[dict[str, Any]]:
    """Build an article for each letter."""
    return [{"id": name, "language": "en", "body": body} for name in names]


@pytest.fixture(params=["sqlite", "postgresql"])
def client(request: pytest.FixtureRequest, serve: Serve) -> TestClient:
    """Serve from either database."""
    if request.param == "sqlite":
        return serve()
    return serve(database_url=request.getfixturevalue("postgres_url"))


def take_in(client: TestClient, names: str, query: str = "", body: str = BODY) -> dict[str, Any]:
    """Import articles."""
    response = client.post(f"{IMPORT}?{query}", json=rows(names, body))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def versions(client: TestClient, name: str) -> list[dict[str, Any]]:
    """List the versions of an English article."""
    response = client.get("/v1/knowledge/versions", params={"id": name, "language": "en"})
    listed: list[dict[str, Any]] = response.json()["versions"]
    return listed


def test_sync_is_tried_out_done_and_undone(client: TestClient) -> None:
    """The dry run tells what happens; other articles of the store are left alone."""
    before = {one["id"] for one in client.get("/v1/articles").json()["articles"]}
    take_in(client, "abcd", "source=help")
    told = take_in(client, "abce", "source=help&dry_run=true", "Other words.")
    done = take_in(client, "abce", "source=help", "Other words.")
    counted = ("added", "changed", "unchanged", "deleted")

    assert [told[name] for name in counted] == [done[name] for name in counted] == [1, 3, 0, 1]
    assert (told["dry_run"], told["change"], done["dry_run"]) == (True, None, False)
    assert [(one["outcome"], one["id"]) for one in told["differences"]] == [
        ("deleted", "d"),
        ("changed", "a"),
        ("changed", "b"),
        ("changed", "c"),
        ("added", "e"),
    ]
    assert told["differences"][1]["lines"][1:] == [f"- {BODY}", "+ Other words."]
    assert done["differences"] == []

    undone = client.post(UNDO, json={"change": done["change"]}).json()
    listed = {one["id"]: one["source"] for one in client.get("/v1/articles").json()["articles"]}

    assert (undone["restored"], undone["removed"], undone["kept"]) == (4, 1, [])
    assert set(listed) == before | set("abcd")
    assert {listed[name] for name in "abcd"} == {"help"}
    problem(client.post(UNDO, json={"change": done["change"]}), 404, "change_not_found")


def test_source_that_would_lose_most_is_refused(client: TestClient) -> None:
    """409 with what to do; the dry run tells it, and the flag goes on."""
    take_in(client, "abcd", "source=help")
    refused = client.post(f"{IMPORT}?source=help", json=rows("a"))

    assert "remove_most" in problem(refused, 409, "too_many_removed")["detail"]
    assert take_in(client, "a", "source=help&dry_run=true")["removes_most"] is True
    assert take_in(client, "a", "source=help&remove_most=true")["deleted"] == 3


def test_article_of_another_source_is_refused_by_name(client: TestClient) -> None:
    """Its text stays, and so does its source."""
    take_in(client, "ab", "source=help")
    done = take_in(client, "bc", "source=other", "Other words.")

    assert (done["added"], done["changed"], done["refused_total"]) == (1, 0, 1)
    assert client.get("/v1/articles/b?language=en").json()["body"] == BODY


def test_versions_tell_who_and_what(client: TestClient) -> None:
    """Each with its difference from the one before, the newest first."""
    take_in(client, "a", "source=help")
    client.put("/v1/articles/a?language=en", json={"body": BODY, "title": "Rain"})
    client.delete("/v1/articles/a?language=en")
    listed = versions(client, "a")

    assert [(one["version"], one["action"], one["deleted"]) for one in listed] == [
        (3, "delete", True),
        (2, "put", False),
        (1, "import", False),
    ]
    assert listed[1]["fields"] == ["title"]
    assert listed[1]["lines"] == ["- title: ", "+ title: Rain"]
    back = client.post(UNDO, json={"id": "a", "language": "en", "version": 1}).json()
    assert (back["restored"], back["removed"]) == (1, 0)
    assert client.get("/v1/articles/a?language=en").json()["source"] == "help"
    changes = client.get("/v1/knowledge/changes?limit=2").json()["changes"]
    assert [one["action"] for one in changes] == ["restore", "delete"]
    problem(client.get("/v1/knowledge/versions?id=zz&language=en"), 404, "article_not_found")


def test_page_is_imported_as_its_questions(client: TestClient) -> None:
    """HTML comes in by its Content-Type; a question without an answer is refused by number."""
    kind = {"content-type": "text/html; charset=utf-8"}
    done = client.post(f"{IMPORT}?source=faq", content=FAQ, headers=kind).json()

    assert (done["added"], done["refused_total"]) == (1, 1)
    assert done["refused"][0]["where"] == "faq.html, question 2"
    assert client.get("/v1/articles/faq/where?language=en").json()["body"] == "At the harbour."


def test_preview_cuts_as_an_import_does(serve: Serve) -> None:
    """Passages with their kind, and what would keep the article from customers."""
    given = {"title": "Rain", "body": "## Steps\n\n1. Go.", "valid_from": "2999-01-01"}
    answer = serve().post("/v1/knowledge/preview", json={**given, "id": "rain"}).json()

    assert answer["hidden"] == ["not_yet_valid"]
    assert [(one["id"], one["kind"], one["text"]) for one in answer["passages"]] == [
        ("rain/en#0", "title", "Rain"),
        ("rain/en#1", "block", "Steps\n1. Go."),
    ]


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        (UNDO, {"id": "a"}, "invalid_input", ""),
        (UNDO, {"change": 1, "id": "a", "language": "en", "version": 1}, "invalid_input", ""),
        (UNDO, {"change": 0}, "invalid_input", "change"),
        (UNDO, {"number": 1}, "invalid_input", "number"),
        ("/v1/knowledge/preview", {"body": " "}, "invalid_article", "body"),
        (
            "/v1/knowledge/preview",
            {"body": "B", "valid_from": "x"},
            "invalid_article",
            "valid_from",
        ),
        (f"{IMPORT}?source=", [], "invalid_input", "query.source"),
        (f"{IMPORT}?source=a%00b", [], "invalid_input", "query.source"),
    ],
)
def test_wrong_requests_are_refused_by_name(
    serve: Serve, path: str, body: object, code: str, field: str
) -> None:
    """422 with the field at fault."""
    found = fault(serve().post(path, json=body), 422, code)

    assert found["field"] == field or not field


def test_key_of_a_brand_keeps_to_its_own(serve: Serve, served: Settings) -> None:
    """Versions, changes and undos of another brand are not there; its name signs its changes."""
    everyone, _ = hold(served, "kb:read", "kb:write", name="office")
    own, _ = hold(served, "kb:read", "kb:write", name="north desk", brand="north")
    client = shown(serve(), everyone)
    take_in(client, "ab", "source=help")
    take_in(shown(client, own), "c", "source=help")
    (mine,) = client.get("/v1/knowledge/changes").json()["changes"]

    assert (mine["by"], mine["articles"]) == ("north desk", 1)
    assert versions(client, "c")[0]["by"] == "north desk"
    problem(client.post(UNDO, json={"change": mine["change"] - 1}), 404, "change_not_found")
    foreign = {"id": "a", "language": "en", "version": 1}
    problem(client.post(UNDO, json=foreign), 404, "article_not_found")
    assert client.post(UNDO, json={}).json()["removed"] == 1
    shown(client, everyone)
    assert {one["id"] for one in client.get("/v1/articles").json()["articles"]} >= {"a", "b"}


def test_undo_sent_twice_is_done_once(serve: Serve) -> None:
    """With a key the second answer is the first."""
    client = serve()
    take_in(client, "a")
    take_in(client, "b")
    key = {"Idempotency-Key": "undo-b"}
    first, again = (client.post(UNDO, json={}, headers=key) for _ in range(2))

    assert first.content == again.content
    assert client.get("/v1/articles/a?language=en").status_code == 200
