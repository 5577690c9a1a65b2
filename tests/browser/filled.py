"""A console with messages in it, asked about over HTTP as a desk would."""

import json

from playwright.sync_api import Page

from tests.serving import Server

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
CRASH = "the app shows a blank page, everything stands still right now, this is a disappointment"
QUESTION = "how do I reset my forgotten password on the sign-in page"


def ask(server: Server, text: str, id_: str, **fields: object) -> None:
    """Have a message labelled, and wait until it is recorded."""
    headers = {"content-type": "application/json", "triage-record": "durable"}
    with server.ask() as asker:
        body = json.dumps({"id": id_, "text": text, **fields})
        asker.connection.request("POST", "/v1/classify", body, headers)
        response = asker.connection.getresponse()
        response.read()

    assert response.status == 200


def open_message(tab: Page, id_: str) -> None:
    """Find a message in the inbox and open it."""
    tab.goto(f"/console/inbox?state=all&q={id_}")
    tab.locator(".row").first.click()
    tab.locator("h1.id").get_by_text(id_).wait_for()
    # Scripts have begun then, and keys work.
    tab.wait_for_load_state()
