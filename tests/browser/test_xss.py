"""Sixty payloads through every text that comes from outside, and none of them does anything."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import WAIT_MS
from tests.browser.filled import QUESTION, ask
from tests.browser.payloads import MARK, PAYLOADS
from tests.served import write_data
from tests.serving import Server, serving

PLANTED = f"document.querySelectorAll('#{MARK}, main script, main iframe, main object, main style').length"
WORDS = "reset forgotten password sign-in page"


def test_there_are_sixty() -> None:
    """No payload is counted twice."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) == 60


@pytest.fixture(scope="module")
def poisoned(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout whose articles and canned responses are all of payloads."""
    folder = tmp_path_factory.mktemp("poisoned")
    (folder / "models").symlink_to(checkout / "models")
    write_data(folder / "data")
    for path in (folder / "data" / "canned").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        payload = json.dumps(PAYLOADS[0])[1:-1]
        path.write_text(text.replace('greeting = "', f'greeting = "{payload} '), encoding="utf-8")
    return folder


def test_payloads_do_nothing(poisoned: Path, browser: Browser, tmp_path: Path) -> None:
    """In messages, ids, articles, canned texts and searches; no dialog, no script, no element."""
    with serving(poisoned, tmp_path, drain_pause_s=0) as server:
        _articles(server)
        for number, payload in enumerate(PAYLOADS):
            ask(server, f"{QUESTION} {payload}", f"{number} {payload}"[:200])
        tab = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        tab.set_default_timeout(WAIT_MS)
        dialogs: list[str] = []
        tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        for page in (1, 2):
            _look(tab, f"/console/inbox?state=all&page={page}")
        seen = 0
        for number, payload in enumerate(PAYLOADS, 1):
            _look(tab, f"/console/messages/{number}")
            assert payload.split()[0][:20] in tab.content() or tab.locator("h1.id").count()
            seen += tab.locator("textarea[data-reply]").count()
        for payload in PAYLOADS[::6]:
            tab.goto("/console/inbox?state=all")
            tab.locator("input[type=search]").fill(payload)
            tab.locator("input[type=search]").press("Enter")
            _check(tab)
        tab.close()

    assert dialogs == []
    assert seen >= len(PAYLOADS)


def _articles(server: Server) -> None:
    with server.ask() as asker:
        articles = [
            {"id": f"poison-{number}", "language": "en", "title": f"{WORDS} {payload}"[:300],
             "body": f"## {WORDS}\n{WORDS} {payload}"}
            for number, payload in enumerate(PAYLOADS)
        ]  # fmt: skip
        assert asker.post("/v1/articles/import", articles=articles).status == 200


def _look(tab: Page, path: str) -> None:
    tab.goto(path)
    _check(tab)


def _check(tab: Page) -> None:
    assert MARK not in tab.title().split(" · ")[-1]
    assert tab.title().endswith("· Triage")
    assert tab.evaluate(PLANTED) == 0
    assert "1337" not in tab.locator("main").inner_text()
