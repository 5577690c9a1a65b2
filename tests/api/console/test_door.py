"""Nobody comes in who may not, and no form counts that the visitor did not send."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.conftest import Serve
from tests.api.console.visitor import PASSWORD, Visitor, console_of, open_account
from tests.api.keyed import hold
from triage.access.keys import SCOPES
from triage.api.guard import scopes_of
from triage.console.door import place_after
from triage.settings import Settings

LISTED = {
    ("GET", "/console"): "",
    ("GET", "/console/"): "",
    ("GET", "/console/{rest:path}"): "",
    ("HEAD", "/console/{rest:path}"): "",
    ("POST", "/console/{rest:path}"): "",
    ("GET", "/console/static/{version}/{name}"): "",
    ("HEAD", "/console/static/{version}/{name}"): "",
    ("GET", "/console/sign-in"): "",
    ("POST", "/console/sign-in"): "",
    ("POST", "/console/sign-out"): "",
    ("POST", "/console/preferences"): "",
    ("GET", "/console/insights"): "models:read",
    ("GET", "/console/insights/spikes"): "models:read",
    ("GET", "/console/insights/export/{name}.csv"): "models:read",
    ("GET", "/console/knowledge"): "kb:read",
    ("GET", "/console/knowledge/gaps"): "kb:read",
    ("GET", "/console/knowledge/twins"): "kb:read",
    ("GET", "/console/knowledge/articles/{language}/{article_id:path}"): "kb:read",
    ("GET", "/console/knowledge/export/articles.csv"): "kb:read",
    ("GET", "/console/knowledge/export/gaps.csv"): "kb:read",
    ("GET", "/console/models"): "models:read",
    ("GET", "/console/models/disagreements"): "models:read",
    ("GET", "/console/models/bundles/{name}"): "models:read",
    ("GET", "/console/models/bundles/{name}/report"): "models:read",
    ("POST", "/console/models/promote"): "models:promote",
    ("POST", "/console/models/rollback"): "models:promote",
    ("GET", "/console/inbox"): "feedback",
    ("GET", "/console/live"): "feedback",
    ("GET", "/console/next"): "feedback",
    ("GET", "/console/messages/{number}"): "feedback",
    ("POST", "/console/messages/{number}/label"): "feedback",
    ("POST", "/console/messages/{number}/confirm"): "feedback",
    ("POST", "/console/messages/{number}/done"): "feedback",
    ("POST", "/console/messages/{number}/suggestion"): "feedback",
    ("POST", "/console/messages/{number}/displayed"): "feedback",
    ("GET", "/console/try"): "classify",
    ("POST", "/console/try"): "classify",
}
"""Every route of the console with its scope, written by hand."""
GUARDED = sorted((method, filled) for (method, filled), scope in LISTED.items() if scope)
UNSAFE = sorted(path for method, path in LISTED if method == "POST")
PAGES = ("/console/sign-in", "/console/inbox", "/console/try", "/console/nowhere")


INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:")


def place(path: str) -> str:
    """Fill in what a path leaves open."""
    return re.sub(r"{[^}]*}", "1", path)


def test_every_route_is_listed_with_its_scope(visitor: Visitor) -> None:
    """A route that is new, gone or of another scope is found here."""
    app = visitor.client.app
    assert isinstance(app, FastAPI)
    found = {at: scope for at, scope in scopes_of(app).items() if at[1].startswith("/console")}

    assert found == LISTED


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_strangers_are_led_to_the_sign_in(guarded: Visitor, method: str, path: str) -> None:
    """A page leads there and comes back afterwards; a form is refused."""
    if method == "GET":
        response = guarded.get(place(path))

        assert response.status_code == 303
        assert response.headers["location"] == f"/console/sign-in?next={place(path)}"
    else:
        assert guarded.post(place(path)).status_code == 401


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("kept", [None, "wrong", "", "origin", "null", "silent", "port"])
def test_forms_of_others_are_refused(visitor: Visitor, path: str, kept: str | None) -> None:
    """Without the visitor's own token, or from another origin, no unsafe route does anything."""
    visitor.get("/console/try")
    origin = {
        "origin": "http://evil.example", "null": "null", "silent": "",
        "port": "http://127.0.0.1:9999",
    }.get(kept or "", "http://127.0.0.1")  # fmt: skip
    token = {None: {}, "wrong": {"form_token": "0" * 64}, "": {"form_token": ""}}.get(
        kept, {"form_token": visitor.token}
    )
    headers = {"origin": origin} if origin else {}
    data = {"text": "hello", **token}

    response = visitor.client.post(place(path), data=data, headers=headers)

    assert response.status_code == 403


@pytest.mark.parametrize("scope", SCOPES)
def test_roles_are_made_of_scopes(serve: Serve, served: Settings, scope: str) -> None:
    """A key with all scopes but one opens the role that does without it, or none."""
    client = serve()
    key = hold(served, *(one for one in SCOPES if one != scope))[0]
    _see_keys(client)
    visitor = Visitor(client)

    response = visitor.sign_in(key=key)

    agents = scope not in {"classify", "suggest", "feedback", "kb:read"}
    assert response.status_code == (303 if agents else 403)
    assert visitor.get("/console/inbox").status_code == (200 if agents else 303)


def test_an_agent_may_see_the_inbox(serve: Serve, served: Settings) -> None:
    """The role of an account opens what it is made for, and stands beside its name."""
    client = serve()
    open_account(served)
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)

    assert visitor.get("/console/inbox").status_code == 200
    assert "Agent" in visitor.get("/console/inbox").text


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing_that_came_with_them(visitor: Visitor, path: str) -> None:
    """The policy forbids inline scripts and styles, and no page has any."""
    response = visitor.client.get(path)
    policy = response.headers["content-security-policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not INLINE.search(response.text)
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["cache-control"] == "no-store"


def test_assets_are_kept_for_a_year_under_their_hash(visitor: Visitor) -> None:
    """What a page names is there for good; of another version it comes uncached."""
    page = visitor.client.get("/console/inbox").text
    named = re.findall(r'(?:src|href)="(/console/static/[^"]+)"', page)

    assert len(set(named)) >= 6
    for path in named:
        response = visitor.client.get(path)

        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
    old = visitor.client.get("/console/static/0123456789abcdef/base.css")

    assert (old.status_code, old.headers["cache-control"]) == (200, "no-store")
    assert visitor.client.get("/console/static/x/..%2fbase.css").status_code == 404
    assert visitor.client.get("/console/static/x/secret.py").status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/console/", "//evil.example/console/", "/v1/classify", "",
        "/console/\\evil", "/console//evil.example", "/console/\nx", "console/inbox",
        "javascript:alert(1)", "/consolex/",
    ],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(given: str) -> None:
    """Whatever a link asks for, the way on is a page of the console."""
    assert place_after(given) == "/console/"
    assert place_after("/console/inbox?q=a//b") == "/console/inbox?q=a//b"


def test_open_console_says_so_and_is_open_to_this_machine_alone(visitor: Visitor) -> None:
    """Without keys and accounts it opens as the API does, with a notice."""
    assert "triage accounts add" in visitor.get("/console/inbox").text
    assert visitor.get("/console/inbox", **{"x-forwarded-for": "10.0.0.1"}).status_code == 303
    assert visitor.get("/console/inbox", host="rebound.example").status_code == 303


def test_an_account_closes_the_open_console(serve: Serve, served: Settings) -> None:
    """From the first account on everybody signs in, without a restart."""
    visitor = Visitor(serve())

    assert visitor.get("/console/inbox").status_code == 200
    open_account(served)
    assert visitor.get("/console/inbox").status_code == 303


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Nothing here"), ("da", "Her er ikke noget"), ("ro", "Nu este nimic aici"),
     ("zh", "这里什么也没有")],
)  # fmt: skip
def test_errors_are_told_in_the_visitors_language(
    visitor: Visitor, language: str, title: str
) -> None:
    """A page that is not there says so in all four languages."""
    for path in ("/console/nowhere", "/console/messages/999999", "/console/messages/" + "9" * 40):
        response = visitor.get(path, **{"accept-language": language})

        assert response.status_code == 404, path
        assert title in response.text


def test_language_and_theme_are_kept(visitor: Visitor) -> None:
    """What is chosen stays chosen; what does not exist is passed over."""
    visitor.get("/console/inbox")
    response = visitor.post(
        "/console/preferences", language="ro", theme="dark", next="/console/try"
    )

    assert response.headers["location"] == "/console/try"
    page = visitor.get("/console/try").text
    assert '<html lang="ro" data-theme="dark">' in page
    visitor.post("/console/preferences", language="xx", theme='"><script>')
    assert '<html lang="ro" data-theme="dark">' in visitor.get("/console/try").text


def test_forms_that_are_none_are_refused(visitor: Visitor) -> None:
    """Another type, broken bytes, too many fields or too much of them is told, never a crash."""
    visitor.get("/console/try")
    token, path = visitor.token, "/console/try"
    form = {"origin": "http://127.0.0.1", "content-type": "application/x-www-form-urlencoded"}
    for body, headers, status in (
        (b"{}", {**form, "content-type": "application/json"}, 415),
        (f"form_token={token}&text=%ff%fe".encode(), form, 422),
        (f"form_token={token}&".encode() + b"&".join(b"a=b" for _ in range(200)), form, 422),
        (f"form_token={token}&text=".encode() + b"x" * 1_100_000, form, 413),
        (f"form_token={token}&text=".encode() + b"x" * 30_000, form, 413),
        (f"form_token={token}&text=%00".encode(), form, 422),
    ):
        response = visitor.client.post(path, content=body, headers=headers)

        assert response.status_code == status, body[:60]
        assert response.headers["content-type"].startswith("text/html")


def _see_keys(client: TestClient) -> None:
    """Let a running server see a key at once."""
    console_of(client).service.keyring._look()
