"""What a team lead does: read the insights, find gaps, put a bundle live and take it back."""

import csv
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, WAIT_MS, Look, Shoot
from tests.browser.lead import NEW, lead_server
from tests.serving import Server

NARROW = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
PAGES = {
    "insights": "/console/insights",
    "spikes": "/console/insights/spikes",
    "knowledge": "/console/knowledge",
    "gaps": "/console/knowledge/gaps",
    "twins": "/console/knowledge/twins",
    "article": "/console/knowledge/articles/en/reset-your-password",
    "models": "/console/models",
    "bundle": f"/console/models/bundles/{NEW}",
    "disagreements": "/console/models/disagreements",
}
BROKEN = """() => {
  const broken = [], range = document.createRange();
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const box = node.parentElement;
    if (!box.closest("table.data") || !box.checkVisibility()) continue;
    for (const word of node.data.matchAll(/[\\p{Script=Latin}]+/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((one) => one.top)).size > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""
"""Finds words in tables that are broken over lines."""
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def lead(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a console with four weeks of messages."""
    with lead_server(checkout, tmp_path_factory.mktemp("lead")) as running:
        yield running


@pytest.fixture
def window(browser: Browser, lead: Server) -> Iterator[Open]:
    """Open tabs whose scripts must not fail and whose policy must not refuse anything."""
    windows, faults = [], []

    def start(**options: object) -> Page:
        given = {"locale": "en-GB", "viewport": DESKTOP, "reduced_motion": "reduce", **options}
        opened = browser.new_context(base_url=f"http://127.0.0.1:{lead.port}", **given)  # type: ignore[arg-type] # as Playwright takes them
        opened.set_default_timeout(WAIT_MS)
        windows.append(opened)
        page = opened.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda line: faults.append(line.text) if "Security Policy" in line.text else None,
        )
        return page

    yield start
    for opened in windows:
        opened.close()

    assert faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_pages_are_accessible(
    window: Open, violations: Look, shoot: Shoot, theme: str, size: str
) -> None:
    """axe-core finds nothing against any page, and none scrolls sideways."""
    tab = window(color_scheme=theme, viewport=PHONE if size == "phone" else DESKTOP)
    for name, path in PAGES.items():
        tab.goto(path)
        expect(tab.locator("[aria-busy=true]")).to_have_count(0)
        if name == "insights":
            expect(tab.locator(".plot canvas").first).to_be_visible()
            expect(tab.locator("[data-load] .spike").first).to_be_visible()
        shoot(tab, f"{name}-{theme}-{size}")

        assert violations(tab) == [], name
        assert tab.evaluate(NARROW), f"{name} scrolls sideways"


@pytest.mark.parametrize("locale", ["en-GB", "da-DK", "ro-RO"])
def test_headings_of_tables_keep_their_words_whole(window: Open, locale: str) -> None:
    """On a phone a table scrolls in its card; no word of it stands letter below letter."""
    tab = window(locale=locale, viewport=PHONE)
    for path in ("/console/knowledge", "/console/models", "/console/insights"):
        tab.goto(path)
        assert tab.evaluate(BROKEN) == [], path


def test_a_phone_shows_where_it_is(window: Open) -> None:
    """Rows of links that are wider than the screen are scrolled to the page that is open."""
    tab = window(locale="ro-RO", viewport=PHONE)
    tab.goto("/console/knowledge/twins")
    for here in tab.locator("[aria-current=page]").all():
        expect(here).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("locale", ["da-DK", "ro-RO", "zh-CN"])
def test_pages_speak_the_browsers_language(window: Open, shoot: Shoot, locale: str) -> None:
    """Charts, tables and names of steps are in the reader's language."""
    tab = window(locale=locale)
    tab.goto("/console/insights")
    expect(tab.locator("[aria-busy=true]")).to_have_count(0)
    shoot(tab, f"insights-{locale[:2]}")

    assert tab.evaluate("document.documentElement.lang") == locale[:2]
    words = tab.locator("main").inner_text()
    assert not re.search(r"\b(Received|Messages|Champion)\b", words)
    if locale in {"da-DK", "zh-CN"}:
        assert not re.search(r"\d h\b", words)


def test_the_outage_is_read_and_saved(window: Open) -> None:
    """From the overview to the messages of the spike, and to a CSV of them."""
    tab = window()
    tab.goto("/console/")
    tab.get_by_role("link", name="Insights").first.click()
    tab.get_by_role("link", name="What is new").click()
    spike = tab.locator(".spike").first
    expect(spike).to_contain_text("offline")
    spike.locator("summary").click()
    expect(spike.locator(".said li").first).to_be_visible()
    with tab.expect_download() as taken:
        tab.get_by_role("link", name=re.compile("CSV")).click()
    rows = list(csv.reader(StringIO(Path(taken.value.path()).read_text("utf-8-sig"))))

    assert taken.value.suggested_filename.startswith("triage-spikes-")
    assert rows[0] == ["Spike", "Words", "Message", "When (UTC)", "Language", "Text"]
    assert len(rows) > 20
    assert {"en", "da", "ro", "zh"} <= {row[4] for row in rows}


def test_charts_are_tables_first(window: Open) -> None:
    """Without scripts every figure is in a table, and nothing of the page is lost."""
    tab = window(java_script_enabled=False)
    tab.goto("/console/insights")
    first = tab.locator("figure.chart").first
    first.locator("summary").click()

    expect(first.get_by_role("table")).to_be_visible()
    assert tab.locator("canvas").count() == 0
    tab.get_by_role("link", name="Look for topics").click()
    expect(tab.locator(".spike").first).to_be_visible()


def test_filters_work_by_keyboard(window: Open) -> None:
    """A lead reaches a filter by Tab, changes it, and the address keeps it."""
    tab = window()
    tab.goto("/console/insights")
    tab.locator("main select[name=language]").focus()
    tab.keyboard.press("ArrowDown")
    tab.wait_for_url(re.compile(r"language=\w\w"))

    expect(tab.locator("main select[name=language]")).not_to_have_value("")


def test_gaps_show_questions_and_run_nothing(window: Open) -> None:
    """Questions without an answer stand together with examples; markup in them is text."""
    tab = window()
    tab.goto("/console/knowledge")
    tab.get_by_role("link", name="Gaps").click()
    gap = tab.locator(".gap", has_text="invoice").first

    expect(gap.locator(".said li").first).to_be_visible()
    assert tab.evaluate("window.hit") is None


def test_articles_are_found_and_read(window: Open) -> None:
    """By title, with rates, down to the passages."""
    tab = window()
    tab.goto("/console/knowledge")
    tab.get_by_label("Search").fill("adgangskode")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Nulstil din adgangskode").click()

    expect(tab.get_by_role("heading", level=1)).to_have_text("Nulstil din adgangskode")
    expect(tab.get_by_text("Glemt adgangskode").first).to_be_visible()


def test_a_bundle_is_put_live_and_taken_back(window: Open, lead: Server, shoot: Shoot) -> None:
    """Only with a tick; the server answers from it within seconds, and goes back."""
    tab = window()
    tab.goto("/console/models")
    tab.locator("#bundles").locator("..").get_by_role("link", name=NEW).click()
    expect(tab.get_by_text("Nothing stands against this bundle.")).to_be_visible()
    tab.get_by_role("button", name="Put it live").click()
    assert tab.url.endswith(NEW), "without a tick nothing is sent"
    tab.get_by_label(re.compile("Yes,")).check()
    tab.get_by_label("Why").fill("knows the new intents")
    tab.get_by_role("button", name="Put it live").click()
    expect(tab.get_by_text("Done. The service answers")).to_be_visible()
    expect(tab.get_by_text("knows the new intents")).to_be_visible()
    expect(tab.get_by_text("in the console")).to_be_visible()
    await_bundle(lead, NEW)
    tab.reload()
    shoot(tab, "models-promoted")
    tab.get_by_label(re.compile("shall answer again")).check()
    tab.get_by_role("button", name="Roll back").click()
    expect(tab.get_by_text("The previous bundle is the champion again")).to_be_visible()
    await_bundle(lead, "starter")


def await_bundle(server: Server, name: str) -> None:
    """Wait until a server answers from a bundle."""
    end = monotonic() + 20
    while monotonic() < end:
        with server.ask() as asker:
            if asker.get("/readyz").body["bundle"] == name:
                return
        sleep(0.1)
    raise AssertionError(name)
