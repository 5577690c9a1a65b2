"""How tests visit the console: as a browser would, with its cookies, its origin and its forms."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import update

from triage.access.accounts import new_account
from triage.access.roles import read_role
from triage.console.context import Console
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.inbox import read_newest
from triage.storage.store import Store
from triage.storage.tables import decisions

PASSWORD = "four words chosen at random"  # noqa: S105 - of nobody
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass
class Visitor:
    """A browser at one console."""

    client: TestClient
    token: str = ""

    def get(self, path: str, **headers: str) -> Response:
        """Open a page without following where it leads."""
        response = self.client.get(path, headers=headers, follow_redirects=False)
        found = _TOKEN.search(response.text)
        if found:
            self.token = found[1]
        return response

    def post(self, path: str, fetch: bool = False, **fields: str) -> Response:
        """Send a form of the page opened last."""
        host = self.client.headers.get("host") or "127.0.0.1"
        headers = {"origin": f"http://{host}"} | ({"x-requested-with": "fetch"} if fetch else {})
        given = {"form_token": self.token, **fields}
        return self.client.post(path, data=given, headers=headers, follow_redirects=False)

    def sign_in(self, **fields: str) -> Response:
        """Open the form and send it."""
        self.get("/console/sign-in")
        response = self.post("/console/sign-in", fetch=False, **fields)
        self.get("/console/inbox")
        return response


def console_of(client: TestClient) -> Console:
    """Return the console that an app serves."""
    assert isinstance(client.app, FastAPI)
    console: Console = client.app.state.console
    return console


def open_account(
    settings: Settings, name: str = "anna", role: str = "agent", brand: str | None = None
) -> None:
    """Add an account to the store of a service."""
    account = new_account(name, PASSWORD, read_role(role), datetime.now(UTC), brand)
    with Store.open(settings.store_url) as store:
        store.accounts.add(account)


def number_of(client: TestClient, message_id: str) -> int:
    """Return the number of a message that was just asked about."""
    console = console_of(client)
    items = read_newest(console.service.store.engine, None, 100)
    return next(one.recorded.number for one in items if one.recorded.message_id == message_id)


def age(client: TestClient, minutes: int = 60) -> None:
    """Let all messages have come at one moment some time ago."""
    when = datetime.now(UTC) - timedelta(minutes=minutes)
    with transaction(console_of(client).service.store.engine, write=True) as connection:
        connection.execute(update(decisions).values(decided_at=when))


def ask(client: TestClient, text: str, **fields: object) -> int:
    """Have a message labelled and recorded, and return the number of its row."""
    response = client.post(
        "/v1/classify", json={"text": text, **fields}, headers={"triage-record": "durable"}
    )

    assert response.status_code == 200, response.text

    return number_of(client, response.json()["id"])
