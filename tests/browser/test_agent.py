"""What an agent does in a shift, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.filled import CRASH, PARCEL, QUESTION, ask, open_message
from tests.serving import Server

MAIL = f"""{QUESTION}

On Mon, 3 Nov 2026 at 10:00, Support <support@example.com> wrote:
> Dear Anna,
> thank you for writing.
"""


def test_a_message_is_tried_and_read(tab: Page) -> None:
    """A newcomer pastes a message and sees labels, reasons and a reply, with nothing recorded."""
    tab.goto("/console/")
    tab.get_by_role("link", name="Try a message").first.click()
    tab.get_by_label("Paste any message").fill(MAIL)
    tab.get_by_role("button", name="Read it").click()

    expect(tab.get_by_role("heading", name="Labels")).to_be_visible()
    expect(tab.get_by_text("Because of").first).to_be_visible()
    expect(tab.get_by_text("thank you for writing").last).to_be_hidden()
    tab.get_by_text("Quoted history").click()
    expect(tab.get_by_text("thank you for writing").last).to_be_visible()
    expect(tab.locator("textarea[data-reply]")).to_have_value(re.compile("Forgot password"))


def test_a_label_is_corrected_by_one_key(tab: Page, server: Server) -> None:
    """The digit beside a label sets it, and it stays set."""
    ask(server, PARCEL, "by-key")
    open_message(tab, "by-key")
    low = tab.get_by_role("button", name=re.compile("^Low"))
    digit = low.get_attribute("data-key") or ""
    expect(low).to_have_attribute("aria-pressed", "false")

    tab.keyboard.press(digit)

    expect(low).to_have_attribute("aria-pressed", "true")
    expect(tab.get_by_role("status")).to_have_text("Recorded.")
    tab.reload()
    expect(low).to_have_attribute("aria-pressed", "true")


def test_a_label_set_back_counts(tab: Page, server: Server) -> None:
    """There and back again on one page is three deeds, and the last one stands."""
    ask(server, PARCEL, "to-and-fro")
    open_message(tab, "to-and-fro")
    for name in ("Low", "High", "Low"):
        button = tab.get_by_role("button", name=re.compile(f"^{name}"))
        with tab.expect_response(re.compile("/label$")):
            button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    tab.reload()

    expect(tab.get_by_role("button", name=re.compile("^Low"))).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.parametrize("edit", [False, True])
def test_a_suggestion_is_used(tab: Page, server: Server, edit: bool) -> None:
    """The draft goes to the clipboard, edited or not, and the message leaves the queue."""
    id_ = f"used-{edit}"
    ask(server, QUESTION, id_)
    open_message(tab, id_)
    draft = tab.locator("textarea[data-reply]").first
    expect(draft).to_have_value(re.compile("Forgot password"))
    if edit:
        tab.keyboard.press("e")
        tab.keyboard.press("End")
        tab.keyboard.insert_text(" Yours, Ida.")
        tab.keyboard.press("Escape")
    with tab.expect_response(re.compile("/suggestion$")):
        tab.keyboard.press("u")

    expect(tab.get_by_role("status")).to_have_text("Copied to the clipboard.")
    assert tab.evaluate("navigator.clipboard.readText()") == draft.input_value()
    tab.reload()
    said = "Sent after editing" if edit else "Sent as it was"
    expect(tab.get_by_text(said)).to_be_visible()
    tab.goto(f"/console/inbox?q={id_}")
    expect(tab.locator(".row")).to_have_count(0)


def test_a_suggestion_is_rejected_and_the_ticket_closed(tab: Page, server: Server) -> None:
    """What does not fit is said so with one key, and closing takes the message out."""
    ask(server, QUESTION, "rejected")
    open_message(tab, "rejected")
    with tab.expect_response(re.compile("/suggestion$")):
        tab.keyboard.press("x")
    with tab.expect_response(re.compile("/done$")):
        tab.keyboard.press("d")
    tab.reload()

    expect(tab.locator(".event")).to_have_text("Rejected")
    expect(tab.get_by_role("button", name=re.compile("Ticket closed"))).to_be_disabled()


def test_a_shift_without_a_mouse(tab: Page, server: Server) -> None:
    """From the first page to a closed ticket and the next message by keys alone."""
    ask(server, CRASH, "keys-1")
    ask(server, PARCEL, "keys-2")
    tab.goto("/console/try")
    tab.keyboard.press("g")
    tab.keyboard.press("i")
    tab.wait_for_url("**/console/inbox")
    tab.keyboard.press("/")
    tab.keyboard.type("keys-")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**q=keys-*")
    tab.keyboard.press("j")
    expect(tab.locator(".row").first).to_be_focused()
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/messages/*")
    first = tab.locator("h1.id").inner_text()
    for key, action in (("c", "confirm"), ("d", "done")):
        with tab.expect_response(re.compile(f"/{action}$")):
            tab.keyboard.press(key)
    tab.keyboard.press("n")
    expect(tab.locator("h1.id")).not_to_have_text(first)
    tab.wait_for_load_state()
    tab.keyboard.press("?")

    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_be_hidden()
    tab.keyboard.press("b")
    tab.wait_for_url("**/console/inbox")


def test_single_keys_can_be_turned_off(tab: Page, server: Server) -> None:
    """Whoever dictates or trembles turns them off; then letters do nothing."""
    ask(server, PARCEL, "no-keys")
    open_message(tab, "no-keys")
    tab.keyboard.press("?")
    tab.get_by_label("Single-letter keys are on").uncheck()
    tab.get_by_role("button", name="Close", exact=True).click()
    tab.keyboard.press("b")
    tab.keyboard.press("d")
    tab.reload()

    expect(tab.get_by_role("button", name=re.compile("Ticket closed"))).to_be_enabled()


def test_new_messages_appear_by_themselves(tab: Page, server: Server) -> None:
    """The list takes in what is new; under the reader's hand it asks first."""
    tab.goto("/console/inbox?q=arrives")
    expect(tab.locator(".row")).to_have_count(0)
    tab.wait_for_timeout(2500)
    ask(server, PARCEL, "arrives-1")
    expect(tab.locator(".row")).to_have_count(1)
    tab.locator(".row").first.focus()
    ask(server, PARCEL, "arrives-2")
    expect(tab.get_by_role("button", name="Something is new")).to_be_visible()

    expect(tab.locator(".row")).to_have_count(1)
    tab.keyboard.press("n")
    expect(tab.locator(".row")).to_have_count(2)


def test_forms_work_without_scripts(browser_page: Callable[..., Page], server: Server) -> None:
    """Filters, labels and replies go through plain forms too."""
    ask(server, QUESTION, "plain")
    tab = browser_page(java_script_enabled=False)
    open_message(tab, "plain")
    tab.get_by_role("button", name=re.compile("^Low")).click()
    expect(tab.get_by_role("button", name=re.compile("^Low"))).to_have_attribute(
        "aria-pressed", "true"
    )
    tab.get_by_role("button", name=re.compile("^Use")).click()

    expect(tab.get_by_text("Sent as it was")).to_be_visible()


def test_an_agent_signs_in_and_out(guarded: Server, context: BrowserContext, tab: Page) -> None:
    """A wrong password is told, the right one leads where the agent wanted to go."""
    del context
    home = f"http://127.0.0.1:{guarded.port}"
    tab.goto(f"{home}/console/inbox?q=x")
    tab.get_by_label("Name").fill("anna")
    tab.get_by_label("Password").fill("not the right one")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("did not match")
    tab.get_by_label("Password").fill("four words chosen at random")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/console/inbox?q=x")
    tab.locator(".menu summary").click()
    expect(tab.get_by_text("Team lead")).to_be_visible()
    tab.get_by_role("button", name="Sign out").click()

    tab.wait_for_url("**/console/sign-in")
    tab.goto(f"{home}/console/inbox")
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
