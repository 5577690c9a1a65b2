"""Signing in tells strangers nothing, and a session ends when it should."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.api.conftest import Serve
from tests.api.console.visitor import PASSWORD, Visitor, console_of, open_account
from tests.api.keyed import hold
from triage.access.accounts import fold_name, hash_password
from triage.console.visits import ABSOLUTE, IDLE
from triage.settings import Settings
from triage.storage.store import Store

AGENT = ("classify", "suggest", "feedback", "kb:read")


@pytest.fixture
def client(serve: Serve, served: Settings) -> TestClient:
    """Serve a console with one account."""
    opened = serve()
    open_account(served)
    return opened


def test_password_opens_the_page_asked_for(client: TestClient) -> None:
    """After signing in the visitor stands where they wanted to go, under their name."""
    visitor = Visitor(client)
    visitor.get("/console/sign-in?next=/console/try")

    response = visitor.post(
        "/console/sign-in", name=" ANNA ", password=PASSWORD, next="/console/try"
    )

    assert (response.status_code, response.headers["location"]) == (303, "/console/try")
    assert "anna" in visitor.get("/console/try").text
    assert "triage accounts add" not in visitor.get("/console/try").text


def test_wrong_names_and_wrong_passwords_look_alike(client: TestClient) -> None:
    """The answer to an unknown name is that to a wrong password, byte for byte, and as slow."""
    pages, times = [], []
    for name in ("anna", "nobo"):
        visitor = Visitor(client)
        client.cookies.clear()
        visitor.get("/console/sign-in")
        begun = perf_counter()
        response = visitor.post("/console/sign-in", name=name, password=PASSWORD + "!")
        times.append(perf_counter() - begun)
        hidden = re.sub(r'(value|href)="[^"]*"', "", response.text)
        pages.append((response.status_code, hidden))

    assert pages[0] == pages[1]
    assert pages[0][0] == 401
    assert min(times) > max(times) / 4


def test_token_changes_with_the_sign_in(client: TestClient) -> None:
    """A token that somebody planted before is worth nothing afterwards."""
    visitor = Visitor(client)
    client.cookies.set("triage_session", "A" * 43, domain="127.0.0.1", path="/console")

    visitor.sign_in(name="anna", password=PASSWORD)

    kept = [cookie.value for cookie in client.cookies.jar if cookie.name == "triage_session"]
    assert kept
    assert "A" * 43 not in kept


def test_cookie_is_kept_from_scripts_and_plain_connections(client: TestClient) -> None:
    """Beyond this machine the cookie travels over TLS alone, bound to its host."""
    visitor = Visitor(client)
    visitor.get("/console/sign-in")
    local = visitor.post("/console/sign-in", name="anna", password=PASSWORD)
    client.cookies.clear()
    client.headers["host"] = "desk.example"
    remote = visitor.get("/console/sign-in")

    session = next(one for one in local.headers.get_list("set-cookie") if "session" in one)
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Secure" not in session
    visit = remote.headers["set-cookie"]
    assert visit.startswith("__Host-triage_visit=")
    assert "Secure" in visit
    assert "Path=/;" in visit
    assert "Domain" not in visit


def test_signing_out_ends_the_session_on_the_server(client: TestClient) -> None:
    """A copy of the cookie is of no use afterwards."""
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)
    copied = dict(client.cookies)

    visitor.post("/console/sign-out")
    client.cookies.update(copied)

    assert visitor.get("/console/inbox").status_code == 303


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([IDLE - timedelta(minutes=1)] * 3, 200),
        ([IDLE], 303),
        ([IDLE - timedelta(minutes=1)] * 6 + [timedelta(minutes=10)], 303),
    ],
)
def test_sessions_end_when_idle_and_in_any_case(
    client: TestClient, steps: list[timedelta], status: int
) -> None:
    """Use keeps a session alive, but not beyond its longest life."""
    assert sum(steps[:6], timedelta(0)) < ABSOLUTE
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)
    now = datetime.now(UTC)
    found = 0
    for step in steps:
        now += step
        with time_machine.travel(now, tick=False):
            found = visitor.get("/console/inbox").status_code

    assert found == status


def test_pages_that_update_themselves_keep_no_session_alive(client: TestClient) -> None:
    """An open page in an empty room is not use."""
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)
    now = datetime.now(UTC)
    for minutes in (60, 119):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            visitor.get("/console/inbox", **{"x-triage-live": "1"})
    with time_machine.travel(now + IDLE, tick=False):
        assert visitor.get("/console/inbox").status_code == 303


def test_session_ends_with_its_account_or_password(client: TestClient, served: Settings) -> None:
    """Who is removed is out at once, and so is who got another password."""
    for end in ("password", "remove"):
        visitor = Visitor(client)
        client.cookies.clear()
        visitor.sign_in(name="anna", password=PASSWORD)
        assert visitor.get("/console/inbox").status_code == 200
        with Store.open(served.store_url) as store:
            if end == "password":
                hashed = hash_password(PASSWORD)
                store.accounts.set_password("anna", hashed, datetime.now(UTC))
            else:
                store.accounts.remove("anna")
        # The last account is gone, but so is nobody's reason to sign in anew.
        assert visitor.get("/console/inbox").status_code == (303 if end == "password" else 200)


def test_session_ends_with_its_key(serve: Serve, served: Settings) -> None:
    """A key that is revoked opens nothing any more, not even what it opened before."""
    client = serve()
    text, key = hold(served, *AGENT)
    keyring = console_of(client).service.keyring
    keyring._look()
    visitor = Visitor(client)
    visitor.sign_in(key=text)
    assert visitor.get("/console/inbox").status_code == 200
    with Store.open(served.store_url) as store:
        store.keys.revoke(key.id, datetime.now(UTC))
    keyring._look()

    assert visitor.get("/console/inbox").status_code == 303


def test_keys_of_scripts_open_nothing(serve: Serve, served: Settings) -> None:
    """A key for labelling alone reads no messages; whoever holds it learns why."""
    client = serve()
    text, _ = hold(served, "classify", "feedback")
    console_of(client).service.keyring._look()
    visitor = Visitor(client)

    response = visitor.sign_in(key=text)

    assert response.status_code == 403
    assert "opens no role" in response.text
    assert visitor.sign_in(key=text[:-1] + "x").status_code == 401


def test_attempts_are_limited_by_account_and_by_address(client: TestClient) -> None:
    """Of many guesses five a minute are looked at, and then not even the right one."""
    visitor = Visitor(client)
    visitor.get("/console/sign-in")
    found = [
        visitor.post("/console/sign-in", name="anna", password=f"guess number {number}").status_code
        for number in range(8)
    ]
    right = visitor.post("/console/sign-in", name="anna", password=PASSWORD)

    assert found == [401] * 5 + [429] * 3
    assert right.status_code == 429
    assert 0 < int(right.headers["retry-after"]) <= 60


def test_right_ones_do_not_count(client: TestClient) -> None:
    """A whole team behind one address may begin its shift in the same minute."""
    for _ in range(8):
        client.cookies.clear()

        assert Visitor(client).sign_in(name="anna", password=PASSWORD).status_code == 303


def test_nothing_that_opens_is_kept(client: TestClient, served: Settings) -> None:
    """Neither password nor token stands in the file of the store, or in its log."""
    visitor = Visitor(client)
    visitor.sign_in(name="anna", password=PASSWORD)
    tokens = [cookie.value for cookie in client.cookies.jar if cookie.name == "triage_session"]
    content = b"".join(path.read_bytes() for path in Path(served.home).glob("triage.db*"))

    assert tokens
    assert PASSWORD.encode() not in content
    assert all(token and token.encode() not in content for token in tokens)


def test_names_are_folded_one_way() -> None:
    """However a name is typed, it is the same account."""
    assert fold_name("  Ａnna ") == fold_name("ANNA") == "anna"
