"""A real Chromium on a real server; skipped where no Chromium is installed."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.serving import Server, serving
from triage.access.accounts import new_account
from triage.storage.store import Store

CHROMIUM = os.environ.get("TRIAGE_CHROMIUM") or shutil.which("chromium") or ""
"""The browser; Playwright's own download is not asked for."""
SHOTS = os.environ.get("TRIAGE_SCREENSHOTS")
"""Folder that screenshots are kept in; none are kept where it is not set."""
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
WAIT_MS = 8_000
PASSWORD = "four words chosen at random"  # noqa: S105 - of nobody
Shoot = Callable[[Page, str], None]
Look = Callable[[Page], list[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests beside this file, put them last, and skip them without a browser.

    Playwright keeps an event loop in the thread of the tests as long as its browser is open.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no chromium is installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one Chromium for all tests."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve one console, open to everybody on this machine, for all tests that share it."""
    home = tmp_path_factory.mktemp("console")
    with serving(checkout, home, drain_pause_s=0) as running:
        yield running


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """Open a window of its own, whose scripts must not fail."""
    opened = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}",
        viewport={"width": DESKTOP["width"], "height": DESKTOP["height"]},
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """Open a tab; an error of a script, or anything refused by the policy, fails the test."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_refusal(line.text) else None)
    yield page
    page.close()

    assert faults == []


@pytest.fixture(scope="session")
def guarded(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve another console with one account, a team lead's."""
    home = tmp_path_factory.mktemp("guarded")
    with Store.open(f"sqlite:///{home / 'triage.db'}") as store:
        store.accounts.add(new_account("anna", PASSWORD, "lead", datetime.now(UTC)))
    with serving(checkout, home, drain_pause_s=0) as running:
        yield running


@pytest.fixture
def browser_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open tabs in windows that differ by what is given, such as their size."""
    windows = []

    def start(**options: Any) -> Page:  # noqa: ANN401 - options of Playwright
        home = f"http://127.0.0.1:{server.port}"
        given = {"locale": "en-GB", "viewport": DESKTOP, "reduced_motion": "reduce", **options}
        opened = browser.new_context(base_url=home, **given)
        opened.set_default_timeout(WAIT_MS)
        windows.append(opened)
        return opened.new_page()

    yield start
    for window in windows:
        window.close()


@pytest.fixture
def shoot() -> Shoot:
    """Keep a picture of a page, where pictures are wanted."""

    def keep(page: Page, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)

    return keep


@pytest.fixture
def violations() -> Look:
    """List what axe-core finds against a page, by rule and place."""

    def look(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]

    return look


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "Refused to" in text
