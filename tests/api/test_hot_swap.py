"""Promotions, rollbacks and broken bundles under load cost no request."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from tests.api.asking import PARCEL
from tests.builders import copied_bundle, flip, tiny_fit
from tests.faults.figures import bore, chosen
from tests.serving import Asker, Reply, Server, serving
from triage.bundle.moves import Signature, move
from triage.bundle.registry import CHAMPION, Registry
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

ASKERS, RATE = 2, 50
WITHIN_S = 60.0
"""Generous, for busy machines."""
HALVES = (("second", "starter", "broken", "second"), ("starter", "second", "broken", "starter"))
MOVES = sum(HALVES * chosen(1, 5), ())
"""The bundle changes with every move but those to what is broken, which are a quarter."""
TEXTS = (
    PARCEL,
    "the app shows a blank page, everything stands still right now",
    "min pakke med den blå jakke, når I engang får tid",
    "应用打开后一片空白，现在全部停下来了",
)

Labels = dict[str, tuple[str | None, float]]

pytestmark = pytest.mark.faults


@pytest.fixture
def settings(checkout: Path, tmp_path: Path) -> Settings:
    """Fit a second bundle that answers with other confidences, and break a third."""
    settings = Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )
    tiny_fit(settings, name="second", seed=7, folds=3)
    broken = copied_bundle(checkout / "models" / "starter", settings.home / "bundles" / "broken")
    flip(broken / "heads.safetensors")
    return settings


def golden(registry: Registry, settings: Settings, bundle: str) -> dict[str, Labels]:
    """Answer every text with a bundle, in this process."""
    loaded = load_bundle(registry.find(bundle), settings.encoders, "tiny")
    identifier = LanguageIdentifier(loaded.manifest.languages)
    pipeline = Pipeline(loaded, loaded.profile("tiny"), identifier)
    return {
        text: {
            task: (one.label, round(one.confidence, 4))
            for task, one in pipeline.run([Message(text)], Options())[0].labels.items()
        }
        for text in TEXTS
    }


def ask_until(stop: Event, port: int, replies: list[tuple[str, Reply]]) -> None:
    """Ask at a steady rate."""
    due = monotonic()
    with Asker(port) as asker:
        while not stop.is_set():
            text = TEXTS[len(replies) % len(TEXTS)]
            replies.append((text, asker.post("/v1/classify", text=text)))
            due += ASKERS / RATE
            sleep(max(0.0, due - monotonic()))


def noticed(server: Server, replies: Sequence[tuple[str, Reply]], target: str) -> None:
    """Wait until a bundle answers, or the log says that it cannot."""
    end = monotonic() + WITHIN_S
    while monotonic() < end:
        sleep(0.1)
        if target == "broken" and "bundle_not_followed" in server.log.read_text():
            return
        if replies and replies[-1][1].body["model"]["bundle"] == target:
            return
    pytest.fail(f"{target} was not noticed")


def test_every_answer_is_that_of_the_bundle_it_names(settings: Settings) -> None:
    """50 requests a second, moves in a row: all answered, and all as the golden answers say."""
    registry = Registry(settings.home, settings.models)
    known = {name: golden(registry, settings, name) for name in ("starter", "second")}
    stop, replies = Event(), list[tuple[str, Reply]]()
    with (
        serving(settings.data.parent, settings.home, drain_pause_s=0) as server,
        ThreadPoolExecutor(ASKERS) as pool,
    ):
        asking = [pool.submit(ask_until, stop, server.port, replies) for _ in range(ASKERS)]
        try:
            for target in MOVES:
                now = registry.aliases()[CHAMPION]
                signed = Signature("a17")
                move(registry, "promote", CHAMPION, {CHAMPION: target}, {CHAMPION: now}, signed)
                noticed(server, replies, target)
        finally:
            stop.set()
        for one in asking:
            one.result()
        code, _ = server.end()
    named = [reply.body["model"]["bundle"] for _, reply in replies]
    swaps = sum(a != b for a, b in pairwise(named))

    failed = sum(reply.status != 200 for _, reply in replies)
    wrong = sum(not alike(reply, known, text) for text, reply in replies)
    broken = MOVES.count("broken")

    assert known["starter"] != known["second"]
    bore(
        "promotions under load",
        f"{len(MOVES) - broken} bundles and {broken} broken ones, {RATE} messages/s",
        "all answered, as the bundle that they name answers",
        f"{failed} of {len(replies)} failed, {swaps} changes of bundle seen, "
        f"{wrong} answers differ",
        passed=not failed
        and not wrong
        and set(named) == {"starter", "second"}
        and swaps >= len(MOVES) - broken - 1
        and code == 0,
    )


def alike(reply: Reply, known: dict[str, dict[str, Labels]], text: str) -> bool:
    """Tell whether an answer is that of the bundle it names."""
    expected = known[reply.body["model"]["bundle"]][text]
    labels = reply.body["labels"]
    return labels.keys() == expected.keys() and all(
        labels[task]["label"] == label
        and labels[task]["confidence"] == pytest.approx(confidence, abs=2e-4)
        for task, (label, confidence) in expected.items()
    )
