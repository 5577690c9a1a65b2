"""The sixty payloads in what two bundles disagree about; the other pages have a real browser."""

import time
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from tests.api.conftest import Serve
from tests.api.console.visitor import Visitor, console_of
from tests.browser.payloads import MARK, PAYLOADS
from tests.builders import copied_bundle
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature
from triage.bundle.promotion import Bench, challenge
from triage.bundle.registry import Registry
from triage.insights.disagreements import Contest, Disagreement
from triage.insights.texts import Kept
from triage.settings import Settings

NEW = "2026-11-21-ab12cd"
NUMBERS = range(1, len(PAYLOADS) + 1)


class Disputed:
    """An analyst whose two bundles agree about no payload."""

    def contest(self, _brand: str | None, _rival: object) -> Contest:
        """Let the bundles name their labels as payloads."""
        queue = [
            Disagreement(one, PAYLOADS[-one], PAYLOADS[one - 1], 0.9, PAYLOADS[-one], 0.8)
            for one in NUMBERS
        ]
        return Contest(len(queue), dict.fromkeys(PAYLOADS, 0), tuple(queue))

    def texts(self, numbers: list[int], _brand: str | None) -> list[Kept]:
        """Return a payload for each message."""
        now = datetime.now(UTC)
        return [Kept(one, "m", now, PAYLOADS[-one], None, PAYLOADS[one - 1]) for one in numbers]


class Read(HTMLParser):
    """Reads a page as a browser does: its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def test_payloads_are_text_in_disagreements(serve: Serve, served: Settings) -> None:
    """As messages, labels and tasks they are read as they were written, and plant nothing."""
    copied_bundle(Path(served.models) / "starter", Path(served.home) / "bundles" / NEW)
    registry, gate = Registry(Path(served.home), Path(served.models)), Gate(max_ece=1.0)
    bench = Bench(registry, Path(served.models) / "encoders", gate, "tiny")
    challenge(bench, NEW, Signature("test"))
    client = serve(shadow_share=1.0)
    shadow, end = console_of(client).service.monitor.shadow, time.monotonic() + 10
    while shadow.pipeline is None and time.monotonic() < end:
        time.sleep(0.05)
    before = Read(Visitor(client).get("/console/models/disagreements").text)
    client.app.state.analyst = Disputed()  # type: ignore[attr-defined] # ASGI apps have none
    page = Read(Visitor(client).get("/console/models/disagreements").text)
    ours = {"table", "thead", "tbody", "tr", "th", "td", "small", "a", "div", "p"}

    assert [one for one in PAYLOADS if one not in page.text] == []
    assert {tag for tag, _ in page.tags} - {tag for tag, _ in before.tags} <= ours
    assert not [tag for tag, given in page.tags if given.get("id") == MARK or "onerror" in given]
