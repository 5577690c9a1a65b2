"""Texts made to be slow cost every step of cleaning a bounded time of the processor."""

from collections.abc import Callable, Mapping
from time import process_time

import pytest

from tests.faults.figures import SHARE, bore
from tests.unit.text.test_hostile import HTML, PLAIN
from triage.domain import Article, Message
from triage.text.auto import is_automatic
from triage.text.clean import clean
from triage.text.edits import edit_distance
from triage.text.html import to_text
from triage.text.language import LanguageIdentifier
from triage.text.limits import MAX_SUBJECT
from triage.text.mapped import plain, tidy
from triage.text.passages import cut
from triage.text.redact import redact
from triage.text.strip import strip_body, strip_subject
from triage.text.unicode import fold_look_alikes, normalise

pytestmark = pytest.mark.faults

SLACK = 1 if SHARE else 5
"""A suite on a busy machine leaves room; a step that grew with the square would take minutes."""
STEP_S, CHAIN_S = 0.1, 0.25
TRIES = 5

identifier = LanguageIdentifier(("en", "da", "ro", "zh"))
STEPS: Mapping[str, Callable[[str], object]] = {
    "normalise": lambda text: normalise(plain(text)),
    "fold_look_alikes": lambda text: fold_look_alikes(plain(text)),
    "tidy": lambda text: tidy(plain(text)),
    "strip_body": lambda text: strip_body(plain(text)),
    "strip_subject": lambda text: strip_subject(plain(text[:MAX_SUBJECT])),
    "is_automatic": lambda text: is_automatic(text[:MAX_SUBJECT], text),
    "identify": identifier.identify,
    "redact": redact,
    "edit_distance": lambda text: edit_distance([text[::2]], text),
    "cut": lambda text: cut(Article(id="a", title="A", body=text, language="en")),
}


def seconds(work: Callable[[str], object], text: str) -> float:
    """Measure the time of the processor, the best of some tries."""
    spent = []
    for _ in range(TRIES):
        begun = process_time()
        work(text)
        spent.append(process_time() - begun)
        if spent[-1] < STEP_S / 2:
            break
    return min(spent)


def chain(text: str, content_type: str = "text/plain") -> None:
    """Do what is done to every message before it is encoded and after it is recorded."""
    cleaned = clean(Message(text=text, content_type=content_type))  # type: ignore[arg-type] # one of two
    identifier.identify(cleaned.text)
    redact(cleaned.text)


def test_hostile_text_is_bounded() -> None:
    """Every text through every step, and through them all."""
    steps = {
        (step, name): seconds(work, text)
        for step, work in STEPS.items()
        for name, text in PLAIN.items()
    } | {("to_text", name): seconds(to_text, text) for name, text in HTML.items()}
    chains = {name: seconds(chain, text) for name, text in PLAIN.items()} | {
        name: seconds(lambda text: chain(text, "text/html"), text) for name, text in HTML.items()
    }
    slowest, worst = max(steps, key=steps.__getitem__), max(chains, key=chains.__getitem__)

    bore(
        "hostile text",
        f"{len(PLAIN)} texts and {len(HTML)} HTML at full size, {len(STEPS) + 1} steps",
        f"<= {1000 * STEP_S * SLACK:.0f} ms of processor a step, "
        f"<= {1000 * CHAIN_S * SLACK:.0f} ms the chain",
        f"step {1000 * steps[slowest]:.0f} ms ({': '.join(slowest)}), chain "
        f"{1000 * chains[worst]:.0f} ms ({worst})",
        passed=steps[slowest] <= STEP_S * SLACK and chains[worst] <= CHAIN_S * SLACK,
    )
