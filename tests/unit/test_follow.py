"""A running service follows its alias within seconds and drops no request."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from tests.builders import copied_bundle, flip
from tests.served import build_checkout
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature, move
from triage.bundle.promotion import Bench, promote, rollback
from triage.domain import Article, Message, Options
from triage.live import Question
from triage.service import Service
from triage.settings import Settings
from triage.storage.store import open_articles
from triage.telemetry import Telemetry

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
BOATS = Question("rent a sailing boat in a harbour", min_confidence=0.0)
WITHIN_S = 30.0
"""Generous, for busy machines; the looks themselves are tested to be frequent enough."""
SIGNED = Signature("a17")


@pytest.fixture(scope="module")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("followed"))


@pytest.fixture
def settings(checkout: Path, tmp_path: Path) -> Settings:
    """Serve the checkout from a home of the test's own that holds a second bundle."""
    settings = Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )
    copied_bundle(checkout / "models" / "starter", settings.home / "bundles" / "second")
    return settings


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """Open the service."""
    opened = Service.open(settings, Telemetry("info", StringIO()))
    yield opened
    opened.close()


def bench(service: Service) -> Bench:
    """Promote with a gate that lets the tiny bundle in."""
    return Bench(service.registry, service.settings.encoders, Gate(max_ece=1.0))


def answers(service: Service, bundle: str) -> bool:
    """Wait a while for a bundle to answer."""
    end = monotonic() + WITHIN_S
    while service.pipeline.model.bundle != bundle and monotonic() < end:
        sleep(0.02)
    return service.pipeline.model.bundle == bundle


def test_promotion_and_rollback_are_followed_without_losing_a_request(service: Service) -> None:
    """Every message asked meanwhile is answered, by one of the two bundles."""
    stop = Event()
    seen: list[str] = []

    def ask() -> int:
        count = 0
        while not stop.is_set():
            result = service.classify([Message(PARCEL)], Options(suggestions=1))[0]
            assert result.labels["category"].label == "service"
            seen.append(result.model.bundle)
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            promote(bench(service), "second", SIGNED)
            assert answers(service, "second")
            rollback(bench(service), SIGNED)
            assert answers(service, "starter")
        finally:
            stop.set()
        counts = [one.result() for one in asking]

    assert sum(counts) == len(seen)
    assert set(seen) == {"starter", "second"}
    assert service.bundle_fault is None
    assert service.pipeline.model.alias == "champion"
    info = {"bundle": "starter", "profile": "tiny"}
    registry = service.telemetry.metrics.registry
    assert registry.get_sample_value("triage_bundle_info", info) == 1
    assert registry.get_sample_value("triage_bundle_info", {**info, "bundle": "second"}) is None


def test_broken_bundle_is_not_followed_and_the_old_one_answers(service: Service) -> None:
    """A bundle that breaks after its promotion costs a log line, not an answer."""
    promote(bench(service), "second", SIGNED)
    flip(service.registry.bundles / "second" / "heads.safetensors")
    end = monotonic() + WITHIN_S
    while service.bundle_fault is None and monotonic() < end:
        result = service.classify([Message(PARCEL)], Options())[0]
        assert result.model.bundle == "starter"

    assert service.bundle_fault == "corrupt_bundle"
    assert service.readiness().serving


def test_alias_of_a_vanished_bundle_changes_nothing(service: Service) -> None:
    """The folder that answers is in memory; the alias may name what it likes."""
    changes = {"champion": "gone"}
    move(service.registry, "promote", "champion", changes, {"champion": "starter"}, SIGNED)
    end = monotonic() + WITHIN_S
    while service.bundle_fault is None and monotonic() < end:
        sleep(0.02)

    assert service.bundle_fault == "bundle_not_found"
    assert service.classify([Message(PARCEL)], Options())[0].model.bundle == "starter"


def test_articles_are_followed_on_the_new_bundle_too(service: Service) -> None:
    """The index is taken over, and an import afterwards still reaches it."""
    before = service.pipeline.bundle.encoders
    promote(bench(service), "second", SIGNED)
    assert answers(service, "second")
    with open_articles(service.settings.store_url) as articles:
        boats = Article("boats", "en", "Rent a sailing boat", "Choose a harbour and a boat.")
        articles.replace_articles([boats], ())

    def found() -> list[str]:
        return [item.article_id for item in service.suggest(BOATS)[0].items]

    end = monotonic() + WITHIN_S
    while "boats" not in found() and monotonic() < end:
        sleep(0.05)

    assert "boats" in found()
    assert service.pipeline.bundle.encoders is before


def test_bundle_served_by_its_id_stays(settings: Settings) -> None:
    """Who names a bundle wants that bundle, whatever is promoted."""
    pinned = settings.model_copy(update={"bundle": "starter"})
    service = Service.open(pinned, Telemetry("error", StringIO()))
    promote(bench(service), "second", SIGNED)

    assert service._watch is None
    assert service.bundle_fault is None
    assert service.pipeline.model.bundle == "starter"
    service.close()
