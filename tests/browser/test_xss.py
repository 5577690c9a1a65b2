"""Sixty payloads through every text that comes from outside, and none of them does anything."""

import json
from pathlib import Path
from time import sleep

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.browser.conftest import WAIT_MS
from tests.browser.filled import QUESTION, ask
from tests.browser.payloads import MARK, PAYLOADS
from tests.served import write_data
from tests.serving import Server, serving

_NEVER = ", ".join(f"main {name}" for name in ("script", "iframe", "object", "style", "img"))
PLANTED = f"document.querySelectorAll('#{MARK}, {_NEVER}').length"
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
        pairs = list(zip(PAYLOADS[::2], PAYLOADS[1::2], strict=True))
        for number, (one, other) in enumerate(pairs):
            ask(server, f"{QUESTION} {one} {other}", f"{number} {other}"[:200])
        groups = _articles(server)
        tab = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        tab.set_default_timeout(WAIT_MS)
        dialogs: list[str] = []
        tab.on("dialog", lambda dialog: _noted(dialog, dialogs))
        _look(tab, "/console/inbox?state=all")
        for number in range(1, len(pairs) + 1):
            _look(tab, f"/console/messages/{number}")
        shown = 0
        for number in range(len(pairs) + 1, len(pairs) + len(groups) + 1):
            _look(tab, f"/console/messages/{number}")
            shown += tab.locator("textarea[data-reply]").count()
        for payload in PAYLOADS[::6]:
            tab.goto("/console/inbox?state=all")
            tab.locator("input[type=search]").fill(payload)
            tab.locator("input[type=search]").press("Enter")
            _check(tab)
        tab.close()

    assert dialogs == []
    assert shown == len(PAYLOADS)


def _noted(dialog: Dialog, dialogs: list[str]) -> None:
    dialogs.append(dialog.message)
    dialog.dismiss()


def _articles(server: Server) -> list[str]:
    """Add an article of each payload, three to a brand, and a question to each brand."""
    brands = [f"brand-{number // 3}" for number in range(len(PAYLOADS))]
    articles = [
        {"id": f"poison-{number}", "language": "en", "title": f"{WORDS} {payload}"[:300],
         "body": f"## {WORDS}\n{QUESTION} {payload}", "brand": brands[number]}
        for number, payload in enumerate(PAYLOADS)
    ]  # fmt: skip
    with server.ask() as asker:
        reply = asker.post("/v1/articles/import", articles=articles)

    assert reply.status == 200
    sleep(float(reply.body["indexed_within_s"]))
    groups = sorted(set(brands))
    for brand in groups:
        ask(server, QUESTION, brand, context={"brand": brand})
    return groups


def _look(tab: Page, path: str) -> None:
    tab.goto(path)
    _check(tab)


def _check(tab: Page) -> None:
    assert tab.title().endswith("· Triage")
    assert tab.evaluate(PLANTED) == 0
    assert str(7 * 191) not in tab.locator("main").inner_text()
