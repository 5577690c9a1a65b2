"""Every page in both themes, on a phone and in four languages, and nothing against it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Look, Shoot
from tests.browser.filled import CRASH, PARCEL, QUESTION, ask, open_message
from tests.serving import Server

NARROW = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module", autouse=True)
def filled(server: Server) -> None:
    """Let a few messages come in."""
    for number, text in enumerate((PARCEL, CRASH, f"{PARCEL}!")):
        ask(server, text, f"looks-{number}", channel="email", context={"brand": "kvistholm"})
    ask(server, QUESTION, "looks-question", channel="chat")
    ask(server, "min pakke med den blå jakke, jeg skal bruge det inden fredag", "looks-da")
    ask(server, "ok", "looks-short")


def visits(tab: Page) -> list[tuple[str, Callable[[], None]]]:
    """List the pages with how to get there."""

    def trial() -> None:
        tab.goto("/console/try")
        tab.locator("#try-text").fill(f"{QUESTION}\n\nOn Mon, 3 Nov 2026 at 10:00, A <a@b.com> "
            "wrote:\n> Dear Anna")  # fmt: skip
        tab.locator("form.card button.main").click()
        tab.locator("#message").wait_for()

    def empty() -> None:
        tab.goto("/console/inbox?q=nothing-at-all")

    return [
        ("inbox", lambda: _goto(tab, "/console/inbox?state=all")),
        ("inbox-empty", empty),
        ("message", lambda: open_message(tab, "looks-question")),
        ("message-short", lambda: open_message(tab, "looks-short")),
        ("try", trial),
        ("error", lambda: _goto(tab, "/console/nowhere")),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(
    browser_page: Callable[..., Page], violations: Look, shoot: Shoot, theme: str
) -> None:
    """axe-core finds nothing against any page, at full width and on a phone."""
    for size in (None, PHONE):
        wide = {"viewport": size} if size else {}
        tab = browser_page(color_scheme=theme, **wide)
        for name, go in visits(tab):
            go()
            shoot(tab, f"{name}-{theme}{'-phone' if size else ''}")

            # Colours differ by theme and layout by size: three of the four cases hold all.
            if not size or theme == "light":
                assert violations(tab) == [], name
            assert tab.evaluate(NARROW), f"{name} scrolls sideways"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_in_is_accessible(
    guarded: Server,
    browser_page: Callable[..., Page],
    violations: Look,
    shoot: Shoot,
    theme: str,
) -> None:
    """So is the page that everybody sees first, and the help."""
    tab = browser_page(color_scheme=theme)
    tab.goto(f"http://127.0.0.1:{guarded.port}/console/sign-in")
    shoot(tab, f"sign-in-{theme}")
    assert violations(tab) == []
    tab.locator(".menu summary").click()
    assert violations(tab) == []
    tab.get_by_role("button", name="Keyboard").click()
    shoot(tab, f"help-{theme}")

    assert violations(tab) == []


@pytest.mark.parametrize(
    ("locale", "title"), [("da-DK", "Indbakke"), ("ro-RO", "Mesaje primite"), ("zh-CN", "收件箱")]
)
def test_pages_speak_the_browsers_language(
    browser_page: Callable[..., Page], shoot: Shoot, locale: str, title: str
) -> None:
    """Who asks for Danish, Romanian or Chinese gets it, down to dates and the page's own tongue."""
    tab = browser_page(locale=locale)
    tab.goto("/console/inbox?state=all")
    expect(tab.get_by_role("heading", level=1)).to_have_text(title)
    assert tab.evaluate("document.documentElement.lang") == locale[:2]
    shoot(tab, f"inbox-{locale[:2]}")
    open_message(tab, "looks-question")
    shoot(tab, f"message-{locale[:2]}")

    assert not re.search(r"\b(Similar|Suggested|Labels)\b", tab.locator("main").inner_text())


def test_a_chosen_theme_goes_before_the_systems(browser_page: Callable[..., Page]) -> None:
    """Dark can be chosen on a light system, and stays."""
    tab = browser_page(color_scheme="light")
    tab.goto("/console/inbox")
    light = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.locator(".menu summary").click()
    tab.get_by_role("button", name="Dark").click()
    tab.goto("/console/try")

    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != light


def _goto(tab: Page, path: str) -> None:
    tab.goto(path)
