"""The demo: a newcomer finds every page alive. Its pictures are those of the README."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, SHOTS, WAIT_MS, Look
from tests.serving import Server, serving
from triage.demo.fill import fill
from triage.settings import CHECKOUT, Settings

DAYS = 14
TALL = 1320
"""Shows a message with its draft."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Fill a store as ``make demo`` does, and serve it."""
    home = tmp_path_factory.mktemp("demo")
    fill(Settings(home=home, profile="tiny"), DAYS, 0, lambda *_: None)
    with serving(CHECKOUT, home, drain_pause_s=0) as running:
        yield running


@pytest.fixture
def tab_of(browser: Browser, demo: Server) -> Iterator[Callable[..., Page]]:
    """Open tabs of the demo in windows of some size and theme; scripts must not fail."""
    windows, faults = [], list[str]()

    def start(**options: Any) -> Page:  # noqa: ANN401 - options of Playwright
        home = f"http://127.0.0.1:{demo.port}"
        given = {"locale": "en-GB", "reduced_motion": "reduce", **options}
        window = browser.new_context(base_url=home, **given)
        window.set_default_timeout(WAIT_MS)
        windows.append(window)
        tab = window.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        return tab

    yield start
    for window in windows:
        window.close()

    assert faults == []


def picture(tab: Page, name: str) -> None:
    """Keep what a newcomer sees first, where pictures are wanted."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=str(Path(SHOTS) / f"demo-{name}.png"))


def urgent(tab: Page) -> None:
    """Open a message of the outage for which there is a suggestion."""
    tab.goto("/console/inbox?q=hub+offline&language=en")
    tab.locator('a[href*="/console/messages/"]', has_text="hub").first.click()
    tab.locator("#message").wait_for()


def test_every_page_is_alive(tab_of: Callable[..., Page], violations: Look) -> None:
    """Messages wait, topics rise, articles are used, questions go unanswered."""
    tab = tab_of(viewport=DESKTOP)
    tab.goto("/console/inbox")
    expect(tab.locator('a[href*="/console/messages/"]')).not_to_have_count(0)
    picture(tab, "inbox")
    tab.goto("/console/insights/spikes")
    expect(tab.locator(".spike")).not_to_have_count(0)
    expect(tab.locator("main")).to_contain_text("offline")
    picture(tab, "new")
    tab.goto("/console/insights")
    expect(tab.locator("figure.chart canvas").first).to_be_visible()
    picture(tab, "insights")
    tab.goto("/console/knowledge/gaps")
    expect(tab.locator(".gap")).not_to_have_count(0)
    picture(tab, "gaps")
    tab.goto("/console/knowledge")
    expect(tab.locator("tbody tr")).not_to_have_count(0)

    assert violations(tab) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_message_of_the_outage_has_a_reply(tab_of: Callable[..., Page], theme: str) -> None:
    """The article about the light of the hub is suggested, with a draft to send."""
    tab = tab_of(viewport={**DESKTOP, "height": TALL}, color_scheme=theme)
    urgent(tab)
    expect(tab.locator("textarea").first).to_be_visible()
    picture(tab, f"message-{theme}")


def test_inbox_fits_a_phone(tab_of: Callable[..., Page]) -> None:
    """The oldest of what waits stands on top, also on a small screen."""
    tab = tab_of(viewport=PHONE)
    tab.goto("/console/inbox")
    expect(tab.locator('a[href*="/console/messages/"]')).not_to_have_count(0)
    picture(tab, "phone")
