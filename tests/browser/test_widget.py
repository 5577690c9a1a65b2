"""The search on a company's own site, in a real browser on another origin."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, WAIT_MS, Look, Shoot
from tests.browser.lead import EVIL, shop
from tests.serving import Server, serving
from triage.domain import Article
from triage.knowledge.importer import import_articles, read_articles
from triage.storage.self_service import read_counts
from triage.storage.store import Store

TITLE = "How do I reset my forgotten password on the sign-in page"
BODY = f"## Forgotten password\n{TITLE}: choose Forgot password on the sign-in page."
ARTICLES = (
    Article("evil", "en", f"{TITLE} {EVIL}", f"{BODY} {EVIL}", url="javascript:alert(1)"),
    Article("inside", "en", f"{TITLE} inside", BODY, visibility="internal", brand="kvistholm"),
    Article("old", "en", f"{TITLE} expired", BODY, valid_until=date(2020, 1, 1)),
    Article("theirs", "en", f"{TITLE} theirs", BODY, brand="other"),
)
Site = tuple[Server, str, list[str], str]


@pytest.fixture(scope="module")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a help centre, and a shop that shows its search under a strict policy."""
    home = tmp_path_factory.mktemp("widget")
    store_url = f"sqlite:///{home / 'triage.db'}"
    with Store.open(store_url) as store:
        import_articles(read_articles(checkout / "data" / "articles"), store.articles)
        store.articles.replace_articles(ARTICLES, ())
    with shop() as (origin, pages):
        named = {"widget_sites": f"{origin}=kvistholm", "widget_rate": "200/minute"}
        with serving(checkout, home, drain_pause_s=0, **named) as running:
            ours = f"http://127.0.0.1:{running.port}"
            pages[1] = f"default-src 'none'; script-src {ours}; connect-src {ours}"
            yield running, origin, pages, store_url


def visit(browser: Browser, site: Site, attributes: str = "", **options: object) -> Page:
    """Open the shop's page with one line of ours on it."""
    running, origin, pages, _ = site
    source = f"http://127.0.0.1:{running.port}/widget/triage.js"
    pages[0] = (
        "<!doctype html><html lang=en><title>Shop</title><main><h1>Our shop</h1>"
        f"<script defer src='{source}' {attributes}></script></main>"
    )
    context = browser.new_context(**options)  # type: ignore[arg-type] # as Playwright takes them
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(origin)
    return page


def test_a_visitor_searches_by_keyboard_and_says_it_helped(
    browser: Browser, site: Site, violations: Look, shoot: Shoot
) -> None:
    """Tab, type, Enter, open, Yes: and a day's count is all that is kept."""
    tab = visit(browser, site)
    tab.keyboard.press("Tab")
    tab.keyboard.type("how do I reset my forgotten password")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status").first).to_have_text(re.compile(r"\d answers?"))
    summary = tab.locator("summary").filter(has_text="Reset your password")
    summary.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("follow the link in the e-mail")).to_be_visible()
    shoot(tab, "widget-light")
    assert violations(tab) == []
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Thank you.")).to_be_visible()
    with Store.open(site[3]) as store:
        counts = read_counts(store.engine, "kvistholm", datetime.now(UTC).date())

    assert ("helped", "reset-your-password") in {(one.kind, one.article_id) for one in counts}
    tab.context.close()


def test_texts_of_articles_are_text(browser: Browser, site: Site) -> None:
    """Markup in an article is shown as it is written, and a script's address is no link."""
    tab = visit(browser, site)
    tab.get_by_role("searchbox").fill(TITLE)
    tab.keyboard.press("Enter")
    entry = tab.locator("summary").filter(has_text="<img")
    expect(entry).to_be_visible()
    entry.click()

    assert tab.evaluate("window.hit") is None
    assert tab.locator("[data-triage] img, [data-triage] script").count() == 0
    assert tab.locator("a[href^='javascript']").count() == 0
    tab.context.close()


def test_what_is_not_for_visitors_is_never_shown(browser: Browser, site: Site) -> None:
    """Internal, expired and another brand's articles are not among the answers."""
    tab = visit(browser, site)
    for question in (TITLE, f"{TITLE} inside", f"{TITLE} expired", f"{TITLE} theirs"):
        tab.get_by_role("searchbox").fill(question)
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("status").first).to_have_text(re.compile("answer"))
        shown = tab.locator("summary").all_inner_texts()

        assert not [one for one in shown if re.search("inside|expired|theirs", one)]
    tab.context.close()


@pytest.mark.parametrize(
    ("language", "title"),
    [("da", "Søg i vores hjælp"), ("ro", "Căutați în centrul de ajutor"), ("zh", "搜索帮助")],
)
def test_the_widget_speaks_the_sites_language(
    browser: Browser, site: Site, violations: Look, shoot: Shoot, language: str, title: str
) -> None:
    """In dark mode on a phone too."""
    tab = visit(
        browser, site, f"data-language={language}", color_scheme="dark", viewport=dict(PHONE)
    )
    expect(tab.get_by_role("heading", level=2)).to_have_text(title)
    tab.get_by_role("searchbox").fill("password adgangskode parola 密码")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status").first).not_to_have_text(re.compile("^$|…"))
    shoot(tab, f"widget-dark-{language}")

    assert violations(tab) == []
    tab.context.close()
