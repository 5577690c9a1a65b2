"""What answered before is kept for a while, and what was embedded once is not embedded again."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.builders import tiny_encoder
from tests.served import build_checkout
from triage.bundle.manifest import MANIFEST, SEAL, json_fingerprint
from triage.domain import Article
from triage.encoders.base import Encoder, EncoderSet, Vectors
from triage.encoders.folder import read_meta
from triage.knowledge.importer import read_articles
from triage.live import Former, Live, open_live
from triage.settings import Settings
from triage.suggest.index import PassageIndex
from triage.telemetry import Telemetry

NEW = Article("boats", "en", "Rent a boat", "Choose a harbour.")


class CountingEncoder:
    """Another encoder, with a count of the texts it was given."""

    def __init__(self, inner: Encoder) -> None:
        self.inner = inner
        self.name, self.dim, self.space = inner.name, inner.dim, inner.space
        self.fingerprint = inner.fingerprint
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Count and encode texts, shape ``(n, dim)``."""
        self.texts += len(texts)
        return self.inner.encode(texts)


class Desk:
    """Opens two bundles with different encoders over articles that may change."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        starter = settings.models / "starter"
        self.old = bundle_with_encoders(starter, folder / "old", seed=1)
        self.new = bundle_with_encoders(starter, folder / "new", seed=2)
        self.articles = list(read_articles(settings.data / "articles"))

    def open(self, folder: Path, *before: Live) -> Live:
        """Open a bundle as a running server does."""
        telemetry = Telemetry("error", StringIO())
        return open_live(
            self.settings, folder, "champion", lambda: self.articles, telemetry, before
        )

    def counting(self, folder: Path) -> tuple[Live, CountingEncoder]:
        """Load the encoders of a bundle so that they count; nothing is indexed with them."""
        articles, self.articles = self.articles, []
        live = self.open(folder)
        self.articles = articles
        counter = CountingEncoder(live.pipeline.bundle.encoders.encoders["static"])
        live.pipeline.bundle = replace(
            live.pipeline.bundle, encoders=EncoderSet({"static": counter})
        )
        return Live(folder, live.pipeline, None), counter


def bundle_with_encoders(source: Path, target: Path, seed: int) -> Path:
    """Copy a bundle with encoders of its own in the place of the shared ones."""
    shutil.copytree(source, target)
    content = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    content.pop(SEAL)
    content["id"], content["golden"] = target.name, []
    for name, reference in content["encoders"].items():
        folder = tiny_encoder(target / "encoders" / name, name, seed)
        reference |= {"fingerprint": read_meta(folder).fingerprint(), "inside": True}
    sealed = {**content, SEAL: json_fingerprint(content)}
    (target / MANIFEST).write_text(json.dumps(sealed), encoding="utf-8")
    return target


def index_of(live: Live) -> PassageIndex:
    """Return the index of what answers."""
    assert live.knowledge
    return live.knowledge.suggester.index


@pytest.fixture(scope="module")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("live"))


@pytest.fixture
def desk(checkout: Path, tmp_path: Path) -> Desk:
    """Serve the checkout from a home of the test's own."""
    settings = Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )
    return Desk(settings, tmp_path)


def test_encoders_and_index_of_the_former_bundle_are_taken_over(desk: Desk) -> None:
    """Back and forth between two sets of encoders embeds every passage once."""
    counted, counter = desk.counting(desk.new)
    first = desk.open(desk.old)
    promoted = desk.open(desk.new, first, counted)
    embedded = counter.texts
    back = desk.open(desk.old, promoted, first)
    again = desk.open(desk.new, back, promoted)

    assert embedded == len(index_of(promoted).passages) > 0
    assert counter.texts == embedded
    assert index_of(back) is index_of(first)
    assert index_of(again) is index_of(promoted)
    assert again.pipeline.bundle.encoders.encoders["static"] is counter


def test_vectors_outlive_the_process(desk: Desk) -> None:
    """A later start embeds the new article alone."""
    before = index_of(desk.open(desk.new))
    desk.articles.append(NEW)
    counted, counter = desk.counting(desk.new)
    started = index_of(desk.open(desk.new, counted))

    assert counter.texts == len(started.passages) - len(before.passages) > 0
    assert started.articles == (*before.articles, NEW)


def test_rollback_answers_from_the_articles_of_today(desk: Desk) -> None:
    """What was imported or deleted since the promotion shows at once."""
    first = desk.open(desk.old)
    promoted = desk.open(desk.new, first)
    gone = desk.articles.pop()
    desk.articles.append(NEW)
    back = desk.open(desk.old, promoted, first)

    assert NEW in index_of(back).articles
    assert gone not in index_of(back).articles


def test_former_bundle_is_forgotten(desk: Desk) -> None:
    """Memory is given back after a while, or when the service closes."""
    live = desk.counting(desk.old)[0]
    former, short = Former(), Former(keep_s=0.02)
    former.put(live)
    short.put(live)
    kept = former.listed()
    end = monotonic() + 5
    while short.listed() and monotonic() < end:
        sleep(0.01)
    former.forget()

    assert kept == (live,)
    assert former.listed() == short.listed() == ()
