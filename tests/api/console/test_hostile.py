"""Requests that no browser sends get a page that says no, soon, and never a fault of the server."""

from io import StringIO
from time import perf_counter
from urllib.parse import quote

import pytest

from tests.api.asking import QUESTION
from tests.api.conftest import Serve
from tests.api.console.visitor import PASSWORD, Visitor, ask, open_account
from triage.access.accounts import fold_name
from triage.settings import Settings

FORM = {"origin": "http://127.0.0.1", "content-type": "application/x-www-form-urlencoded"}
MARKS = "\u0301" * 20_000 + "\u0323" * 20_000
"""Marks that are out of order: sorting them takes quadratic time."""
SECRET = "canary-7f3a"  # noqa: S105 - of nobody


def test_dear_names_cost_nothing(visitor: Visitor) -> None:
    """A name as long as a form may be holds up nobody else."""
    visitor.get("/console/try")
    begun = perf_counter()
    response = visitor.post("/console/sign-in", name=f"a{MARKS}", password=SECRET)

    assert response.status_code == 401
    assert perf_counter() - begun < 1
    assert fold_name("a\u0301" * 40) == "\u00e1" * 40


@pytest.mark.parametrize("origin", ["http://[", "http://[x]", "http://\u00a0", "//[::1", "["])
def test_broken_origins_are_foreign(visitor: Visitor, origin: str) -> None:
    """What is no origin at all is not ours."""
    visitor.get("/console/try")
    given = {**FORM, "origin": origin}.items()
    headers = [(name.encode(), value.encode("latin-1")) for name, value in given]
    response = visitor.client.post(
        "/console/try", content=f"form_token={visitor.token}", headers=headers
    )

    assert response.status_code == 403


@pytest.mark.parametrize("host", ["[", "[x]", "", "a b", "\u00a0"])
@pytest.mark.parametrize("path", ["/console/sign-in", "/console/inbox?q=a", "/console/nowhere"])
def test_broken_hosts_are_strangers(visitor: Visitor, host: str, path: str) -> None:
    """A header that names no host opens nothing and breaks nothing."""
    headers = {"host": host.encode("latin-1")}
    response = visitor.client.get(path, headers=headers, follow_redirects=False)  # type: ignore[arg-type] # bytes of no text

    assert response.status_code in {200, 303, 404}


@pytest.mark.parametrize("number", ["9" * 5_000, "-1", "1e9", "%00", "1%2f2", "\u0663"])
def test_numbers_that_are_none_are_not_there(visitor: Visitor, number: str) -> None:
    """However long it is, a number that no message has leads to the page that says so."""
    response = visitor.get(f"/console/messages/{number}")

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("field", ["name", "sent_text", "label", "next", "nonce", "why"])
def test_zero_bytes_are_refused_in_every_field(visitor: Visitor, field: str) -> None:
    """PostgreSQL cannot keep one, and a write that fails must not be one that a form can send."""
    visitor.get("/console/try")
    body = f"form_token={visitor.token}&{field}=a%00b".encode()
    paths = (
        "/console/sign-in",
        "/console/preferences",
        "/console/try",
        "/console/messages/1/label",
    )
    for path in paths:
        assert visitor.client.post(path, content=body, headers=FORM).status_code == 422, path


def test_secrets_and_searches_are_not_told(serve: Serve, served: Settings, log: StringIO) -> None:
    """Neither log nor metrics hold a password, a name, a token, or what was looked for."""
    client = serve(widget_sites="https://help.example")
    visitor = Visitor(client)
    number = ask(client, QUESTION)
    open_account(served, name=f"anna-{SECRET}")
    visitor.sign_in(name=f"nobody-{SECRET}", password=f"wrong {SECRET} words")
    visitor.sign_in(name=f"anna-{SECRET}", password=PASSWORD)
    kept = [cookie.value for cookie in client.cookies.jar if cookie.value]
    paths = (f"inbox?q={SECRET}", SECRET, f"next?after={SECRET}", f"messages/{number}?x={SECRET}")
    for path in paths:
        visitor.get(f"/console/{path}")
    visitor.get("/console/try")
    visitor.post("/console/try", text=f"{QUESTION} {SECRET}")
    visitor.post(f"/console/messages/{number}/suggestion", sent_text=SECRET, passage_id=SECRET)
    for question in (f"{QUESTION} {SECRET}", SECRET, f"\x00{SECRET}"):
        sent = {"question": question, "language": "en"}
        client.post("/widget/search", json=sent, headers={"origin": "https://help.example"})
    told = log.getvalue() + client.get("/metrics").text

    assert '"route":"/console"' in told.replace(" ", "")
    assert kept
    assert not [
        one for one in (SECRET, quote(SECRET), PASSWORD, visitor.token, *kept) if one in told
    ]
