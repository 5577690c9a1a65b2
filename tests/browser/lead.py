"""A console with four weeks of messages, an outage today, and a second bundle to put live."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.builders import copied_bundle
from tests.serving import Server, serving
from tests.unit.insights.journals import END, Said, by_time, fill, moments, outage
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature
from triage.bundle.promotion import Bench, challenge
from triage.bundle.registry import Registry
from triage.storage.store import Store

NEW = "2026-11-21-ab12cd"
ASKED = (
    ("en", "Can I get an invoice with our company name and VAT number?"),
    ("da", "Kan jeg få en faktura med firmanavn og CVR-nummer?"),
    ("ro", "Pot primi o factură cu numele firmei și codul de TVA?"),
    ("zh", "可以开具带公司名称和税号的发票吗？"),
    ("en", "Where is my parcel? It should have come on Friday."),
    ("da", "Hvor er min pakke? Den skulle være kommet i fredags."),
    ("ro", "Unde este coletul meu? Trebuia să vină vineri."),
    ("zh", "我的包裹在哪里？应该星期五到的。"),
    ("en", "I forgot my password and the link does not come"),
    ("da", "Jeg har glemt min adgangskode, og linket kommer ikke"),
)
EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'


def weeks() -> list[Said]:
    """Simulate the journal: invoices are never answered, the password article fares well."""
    shift = datetime.now(UTC).timestamp() - END
    said = []
    for n, at in enumerate(moments(7, 45)):
        language, text = ASKED[n % len(ASKED)]
        answered = "invoice" not in text and n % 10 > 3
        passage = f"reset-your-password/{'da' if language == 'da' else 'en'}#1"
        event = ("used", "edited", "used", "rejected", "displayed")[n % 7 % 5]
        said.append(
            Said(
                at,
                text,
                language,
                ("email", "chat", "web_form")[n % 3],
                labels={
                    "category": ("service", "technical_support")[n % 10 > 7],
                    "priority": ("low", "normal", "high", "urgent")[n * 7 % 4],
                    "sentiment": ("negative", "neutral", "positive")[n * 5 % 3],
                },
                passages=(passage,) if answered else (),
                done=((passage, event, 0.3 + n % 9),) if answered and n % 4 else (),
                final={"category": "service"} if n % 5 == 0 else {},
            )
        )
    said += [replace(one, text=f"{one.text} {EVIL}") for one in said[-2:]]
    full = {"priority": "urgent", "sentiment": "negative", "category": "technical_support"}
    said += [replace(one, labels=full) for one in outage(5, 45)]
    return [replace(one, at=one.at + shift) for one in by_time(said)]


@contextmanager
def lead_server(checkout: Path, home: Path) -> Iterator[Server]:
    """Serve a console over that journal, with a challenger beside the champion."""
    home.mkdir(parents=True, exist_ok=True)
    with Store.open(f"sqlite:///{home / 'triage.db'}") as store:
        fill(store.engine, weeks())
    copied_bundle(checkout / "models" / "starter", home / "bundles" / NEW)
    gate = home / "gate.toml"
    gate.write_text("[gate]\nmax_ece = 1.0\n", encoding="utf-8")
    registry = Registry(home, checkout / "models")
    bench = Bench(registry, checkout / "models" / "encoders", Gate(max_ece=1.0), "tiny")
    challenge(bench, NEW, Signature("test"))
    with serving(checkout, home, drain_pause_s=0, gate=gate, shadow_share=1) as running:
        yield running


class Shop(BaseHTTPRequestHandler):
    """A company's own site with one line of ours on its page, and a policy of its own."""

    def __init__(self, pages: list[str], *args: object) -> None:
        self._pages = pages
        super().__init__(*args)  # type: ignore[arg-type] # what the server hands over

    def do_GET(self) -> None:
        """Serve the page."""
        body = self._pages[0].encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", self._pages[1])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def shop() -> Iterator[tuple[str, list[str]]]:
    """Run a site of another origin; its page and its policy are put in the list."""
    pages = ["", "default-src 'none'"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, pages))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
