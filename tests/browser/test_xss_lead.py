"""The sixty payloads on a lead's pages: in messages, labels, articles, votes and moves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.browser.payloads import MARK, PAYLOADS
from tests.builders import copied_bundle
from tests.serving import Server, serving
from tests.unit.insights.journals import END, Said, by_time, fill, moments
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature
from triage.bundle.promotion import Bench, challenge
from triage.bundle.registry import Registry
from triage.domain import Article
from triage.storage.engine import transaction
from triage.storage.self_service import Count, add
from triage.storage.store import Store

NEW = "2026-11-21-ab12cd"
ASKED = "Can I get an invoice with our company name and VAT number?"
NEVER = ", ".join(f"main {name}" for name in ("script", "iframe", "object", "style", "img"))
PLANTED = f"document.querySelectorAll('#{MARK}, {NEVER}').length"
WRITTEN = "document.querySelector('main').textContent"
TOGETHER = 3
"""Payloads of one message, so that those shown of a spike hold all of them."""


def _id(number: int) -> str:
    """Name an article by its payload, as far as an id may hold it."""
    plain = "".join(char for char in PAYLOADS[number] if char.isprintable())
    return f"poison-{number} {plain}"


def _said() -> list[Said]:
    """Write four weeks of usual messages, and payloads asked in vain today."""
    shift = datetime.now(UTC).timestamp() - END
    usual = [
        Said(at + shift, "where is my parcel", passages=("reset-your-password/en#1",))
        for at in moments(7, 20)
    ]
    end = END + shift
    poison = [
        Said(
            end - 60 * (number + 1),
            f"{' '.join(PAYLOADS[number:number + TOGETHER])} {ASKED}",
            language=PAYLOADS[number][:35] if number % 2 else "en",
            labels={"category": PAYLOADS[number], "sentiment": PAYLOADS[number + 1]},
            passages=(f"{_id(number)}/en#1",) if number % 4 == 0 else (),
            done=((f"{_id(number)}/en#1", "rejected", 0.01),) if number % 4 == 0 else (),
        )
        for number in range(0, len(PAYLOADS), TOGETHER)
    ]  # fmt: skip
    return by_time([*usual, *poison])


def _articles() -> list[Article]:
    return [
        Article(
            _id(number),
            "en",
            f"{ASKED} {payload}"[:500],
            f"## {payload.replace(chr(10), ' ')}\n{ASKED} {payload}",
            brand=payload,
            audience=payload,
            url=f"https://help.example/{quote(payload)}",
        )
        for number, payload in enumerate(PAYLOADS)
    ]


@pytest.fixture(scope="module")
def poisoned(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a console whose journal, articles, votes and record of moves are all of payloads."""
    home = tmp_path_factory.mktemp("poisoned")
    with Store.open(f"sqlite:///{home / 'triage.db'}") as store:
        fill(store.engine, _said())
        store.articles.replace_articles(_articles(), ())
        with transaction(store.engine, write=True) as connection:
            for number in range(20):
                vote = Count("not_helped", _id(number), PAYLOADS[-number - 1][:35], 1)
                add(connection, datetime.now(UTC).date(), "", vote)
    copied_bundle(checkout / "models" / "starter", home / "bundles" / NEW)
    bench = Bench(
        Registry(home, checkout / "models"), checkout / "models" / "encoders",
        Gate(max_ece=1.0), "tiny",
    )  # fmt: skip
    for payload in PAYLOADS[::3]:
        challenge(bench, NEW, Signature(payload, " ".join(PAYLOADS)[:1_000]))
    with serving(checkout, home, drain_pause_s=0, shadow_share=1) as running:
        yield running


@pytest.fixture
def tab(browser: Browser, poisoned: Server) -> Iterator[Page]:
    """Open a tab in which a dialog, a fault or a refused script fails the test."""
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{poisoned.port}", locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("dialog", lambda dialog: _noted(dialog, faults))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if "Security Policy" in line.text else None,
    )
    yield page
    context.close()

    assert faults == []


def test_payloads_do_nothing_on_insights(tab: Page) -> None:
    """As labels, languages and votes they are names in tables, charts and their legends."""
    look(tab, "/console/insights")
    expect(tab.locator(".plot canvas").first).to_be_visible()
    expect(tab.locator("[data-load] .spike").first).to_be_visible()
    check(tab)

    assert "<script>" in str(tab.evaluate(WRITTEN))
    assert "<script>" in str(tab.evaluate("document.querySelector('.u-legend').textContent")) or (
        "<" in " ".join(tab.locator(".u-legend").all_inner_texts())
    )


def test_payloads_do_nothing_in_spikes_and_gaps(tab: Page) -> None:
    """Every one of them is read as it was written, beside the words that tell the topic."""
    look(tab, "/console/insights/spikes")
    written = str(tab.evaluate(WRITTEN))
    look(tab, "/console/knowledge/gaps")

    assert [one for one in PAYLOADS if one not in written] == []
    assert "<" in tab.locator(".gap .said").first.inner_text()


def test_payloads_do_nothing_in_the_knowledge(tab: Page) -> None:
    """In titles, ids, brands and bodies of articles, in the list, the twins and each article."""
    written = ""
    for path in ("", "?page=2", "/twins"):
        look(tab, f"/console/knowledge{path}")
        written += str(tab.evaluate(WRITTEN))
    for number, payload in enumerate(PAYLOADS):
        look(tab, f"/console/knowledge/articles/en/{quote(_id(number), safe='')}")
        assert " ".join(payload.split()) in " ".join(str(tab.evaluate(WRITTEN)).split())
    for payload in PAYLOADS[::4]:
        look(tab, f"/console/knowledge?q={quote(payload)}&language={quote(payload)}")

    assert [one for one in PAYLOADS if " ".join(one.split()) not in " ".join(written.split())] == []


def test_payloads_do_nothing_on_models(tab: Page) -> None:
    """In names and reasons of moves, in texts that two bundles disagree about, and in addresses."""
    look(tab, "/console/models")
    written = str(tab.evaluate(WRITTEN))
    look(tab, "/console/models/disagreements")
    look(tab, f"/console/models/bundles/{NEW}")
    for payload in PAYLOADS[::4]:
        look(tab, f"/console/models?done={quote(payload)}")
        look(tab, f"/console/models/bundles/{quote(payload, safe='')}")

    assert "<script>" in written


def look(tab: Page, path: str) -> None:
    """Open a page and check that nothing ran, and nothing was planted."""
    tab.goto(path)
    check(tab)


def check(tab: Page) -> None:
    """Check that a page is its own, and that its markup is ours alone."""
    assert tab.title().endswith("· Triage")
    assert tab.title() != MARK
    assert tab.evaluate(PLANTED) == 0
    assert str(7 * 191) not in str(tab.evaluate(WRITTEN))


def _noted(dialog: Dialog, faults: list[str]) -> None:
    faults.append(dialog.message)
    dialog.dismiss()
