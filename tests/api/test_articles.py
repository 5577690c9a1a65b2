"""Articles: read in pages, written one by one or many at once, followed by the index."""

import base64
import json
from collections.abc import Callable
from time import monotonic, sleep

import pytest
from fastapi.testclient import TestClient

from tests.api.asking import fault, problem
from tests.api.conftest import Serve
from triage.api.routes.articles import MAX_PAGE

BODY = "Carry the blue umbrella to the harbour desk and ask for the captain."
URL = "/v1/articles/rain?language=en"


def eventually(ask: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Ask until it is so, or the time is over."""
    end = monotonic() + seconds
    while monotonic() < end:
        if ask():
            return True
        sleep(0.1)
    return False


def suggested(client: TestClient) -> list[str]:
    """Ask the help centre about umbrellas."""
    asked = {"question": "where do I carry the blue umbrella", "min_confidence": 0.0}
    found = client.post("/v1/suggestions", json=asked).json()["suggestions"]
    return [one["article_id"] for one in found if "umbrella" in one["answer"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def client(request: pytest.FixtureRequest, serve: Serve) -> TestClient:
    """Serve from either database."""
    if request.param == "sqlite":
        return serve()
    return serve(database_url=request.getfixturevalue("postgres_url"))


def test_article_goes_in_is_suggested_and_goes_out(serve: Serve) -> None:
    """A running server follows each change within the seconds that the answer names."""
    client = serve()
    done = client.put(URL, json={"title": "Rain", "body": BODY}).json()

    assert done["outcome"] == "added"
    assert eventually(lambda: suggested(client) == ["rain"], done["indexed_within_s"] + 2)

    gone = client.delete(URL).json()

    assert gone["outcome"] == "deleted"
    assert eventually(lambda: suggested(client) == [], gone["indexed_within_s"] + 2)


def test_article_comes_back_as_it_went_in(client: TestClient) -> None:
    """All fields are kept; the same again changes nothing; another body does."""
    given = {
        "title": "Rain",
        "body": BODY,
        "url": "https://example.org/rain",
        "tags": ["wet"],
        "audience": "business",
        "brand": "kvistholm",
        "visibility": "internal",
        "valid_from": "2027-01-01",
        "valid_until": "2027-12-31",
    }
    outcomes = [client.put(URL, json=given).json()["outcome"] for _ in range(2)]
    outcomes.append(client.put(URL, json={**given, "body": "Other."}).json()["outcome"])
    found = client.get(URL).json()

    assert outcomes == ["added", "unchanged", "changed"]
    assert found.pop("changed_at")
    told = {"sources": None, "source": "", "translations": ["en"]}
    assert found == {**given, **told, "body": "Other.", "id": "rain", "language": "en"}


def test_unknown_article_is_told_apart_from_an_unknown_route(client: TestClient) -> None:
    """Reading and deleting need the article; a translation is an article of its own."""
    client.put(URL, json={"body": BODY})

    for response in (client.get(URL[:-2] + "da"), client.delete(URL[:-2] + "da")):
        problem(response, 404, "article_not_found")
    problem(client.get("/v1/articles/rain"), 422, "invalid_input")
    assert client.get(URL).status_code == 200


def test_pages_hold_every_article_once(client: TestClient) -> None:
    """The cursor leads from page to page to the end, in either language or both."""
    rows = [
        {"id": f"a/{number:03}", "language": code, "body": BODY}
        for number in range(60)
        for code in ("en", "da")
    ]
    client.post("/v1/articles/import?prune=true", json=rows)
    seen, sizes = [], []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/v1/articles", params={"cursor": cursor} if cursor else {}).json()
        seen += [(one["id"], one["language"]) for one in page["articles"]]
        sizes.append(len(page["articles"]))
        cursor = page["next"]
    danish = client.get("/v1/articles?language=da&limit=200").json()["articles"]

    assert sizes == [50, 50, 20]
    assert len(set(seen)) == len(seen) == 120
    assert {one["language"] for one in danish} == {"da"}
    assert "body" not in danish[0]


@pytest.mark.parametrize("query", ["limit=0", f"limit={MAX_PAGE + 1}", "limit=x", "cursor=x"])
def test_wrong_page_is_refused(client: TestClient, query: str) -> None:
    """Sizes are bounded, and a cursor is one of ours."""
    problem(client.get(f"/v1/articles?{query}"), 422, "invalid_input")


@pytest.mark.parametrize(
    "content", ['["a\\u0000","en"]', '["\\ud800","en"]', "[" * 1400, '{"a": 1}', "[1, 2]", "7"]
)
def test_forged_cursor_is_refused(client: TestClient, content: str) -> None:
    """A cursor of somebody's own making never reaches the database."""
    forged = base64.urlsafe_b64encode(content.encode()).decode()

    problem(client.get("/v1/articles", params={"cursor": forged}), 422, "invalid_input")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_id_with_a_control_character_is_refused(client: TestClient, method: str) -> None:
    """What a database cannot hold is told before it is asked."""
    body = {"body": BODY} if method == "PUT" else None
    response = client.request(method, "/v1/articles/a%00b?language=en", json=body)

    assert fault(response)["field"] == "path.article_id"


def test_wrong_fields_are_refused_by_name(serve: Serve) -> None:
    """What the importer checks is checked here, and no value comes back."""
    client = serve()
    wrong = {
        "body": {"body": "  "},
        "url": {"body": BODY, "url": "javascript:secret-words"},
        "valid_until": {"body": BODY, "valid_until": "secret-words"},
        "title": {"body": BODY, "title": "x" * 501},
    }
    for field, body in wrong.items():
        response = client.put(URL, json=body)

        assert fault(response, 422, "invalid_article")["field"] == field
        assert "secret-words" not in response.text
    problem(client.put(URL, json={"body": BODY, "secret": 1}), 422, "invalid_input")
    problem(client.put(URL[:-2] + "!!", json={"body": BODY}), 422, "invalid_article")


def test_each_article_of_an_import_stands_alone(client: TestClient) -> None:
    """Good ones go in, the rest is listed with its reason, and nothing is pruned."""
    before = len(client.get("/v1/articles").json()["articles"])
    rows = [
        {"id": "one", "language": "en", "body": BODY},
        {"id": "two", "language": "en", "body": ""},
        {"id": "one", "language": "en", "body": "Twice."},
        "no object",
        {"id": "three", "language": "en", "body": BODY, "titel": "x"},
        {"id": "reset-your-password", "language": "en", "body": BODY},
    ]
    done = client.post("/v1/articles/import?prune=true", json=rows).json()
    again = client.post("/v1/articles/import", json={"articles": rows[:1]}).json()

    assert (done["added"], done["changed"], done["deleted"], done["pruned"]) == (1, 1, 0, False)
    assert done["refused_total"] == 4
    assert [one["where"] for one in done["refused"]] == [f"articles.{n}" for n in (1, 3, 4, 2)]
    assert (again["unchanged"], again["refused"]) == (1, [])
    assert len(client.get("/v1/articles").json()["articles"]) == before + 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/csv", f"article_id,language,body\none,en,{BODY}\ntwo,en,\n"),
        ("text/tab-separated-values", f"article_id\tlanguage\tbody\none\ten\t{BODY}\ntwo\ten\t\n"),
        (
            "application/x-ndjson",
            "\n".join(json.dumps({"id": n, "language": "en", "body": b}) for n, b in
                      (("one", BODY), ("two", ""))),
        ),
    ],
)  # fmt: skip
def test_tables_are_imported_as_files_are(serve: Serve, kind: str, body: str) -> None:
    """CSV, TSV and JSONL come in by their Content-Type; a wrong row is named by its number."""
    client = serve()
    response = client.post("/v1/articles/import", content=body, headers={"content-type": kind})

    assert response.json()["added"] == 1, response.text
    assert response.json()["refused"][0]["where"].endswith("row 2")


def test_import_prunes_when_nothing_is_refused(client: TestClient) -> None:
    """What is not given goes."""
    done = client.post(
        "/v1/articles/import?prune=true", json=[{"id": "one", "language": "en", "body": BODY}]
    ).json()

    assert (done["added"], done["deleted"], done["pruned"]) == (1, 3, True)
    assert [one["id"] for one in client.get("/v1/articles").json()["articles"]] == ["one"]


def test_import_may_be_larger_than_other_bodies_and_no_more(serve: Serve) -> None:
    """Ten times as much is taken here, and its bound is counted before parsing."""
    client = serve(max_body_bytes=2048, max_import_bytes=40_000)
    rows = [{"id": f"a{number}", "language": "en", "body": "word " * 100} for number in range(50)]

    assert client.post("/v1/articles/import", json=rows).json()["added"] == 50
    problem(client.post("/v1/articles/import", json=[*rows, *rows]), 413, "too_large")
    problem(client.put(URL, json={"body": "word " * 1000}), 413, "too_large")
    other = {"content-type": "application/pdf"}
    problem(
        client.post("/v1/articles/import", content=b"x", headers=other),
        415,
        "unsupported_media_type",
    )


def test_repeated_change_is_answered_as_before(serve: Serve) -> None:
    """With a key, a deletion sent twice is no 404."""
    client = serve()
    client.put(URL, json={"body": BODY})
    key = {"Idempotency-Key": "delete-rain"}

    first, again = (client.delete(URL, headers=key) for _ in range(2))

    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    problem(client.put(URL, json={"body": BODY}, headers=key), 422, "key_reused")
