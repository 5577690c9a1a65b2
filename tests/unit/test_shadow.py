"""The challenger is scored beside the champion, and can harm nobody."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from tests.builders import copied_bundle, flip, tiny_fit
from tests.served import build_checkout
from triage.bundle.gate import Gate
from triage.bundle.moves import Signature, move
from triage.bundle.promotion import Bench, challenge, dismiss
from triage.bundle.registry import CHALLENGER, CHAMPION
from triage.domain import Message, Options
from triage.service import Service
from triage.settings import Settings
from triage.shadow import CAPACITY
from triage.telemetry import Telemetry

PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"
SIGNED = Signature("a17")
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("shadowed"))


@pytest.fixture
def settings(checkout: Path, tmp_path: Path) -> Settings:
    """Shadow every message, with a copy of the champion at hand."""
    home = tmp_path / "home"
    copied_bundle(checkout / "models" / "starter", home / "bundles" / "twin-of-it")
    return Settings(
        home=home,
        models=checkout / "models",
        data=checkout / "data",
        profile="tiny",
        shadow_share=1.0,
    )


@pytest.fixture
def log() -> StringIO:
    """Collect log lines."""
    return StringIO()


@pytest.fixture
def service(settings: Settings, log: StringIO) -> Iterator[Service]:
    """Open the service."""
    opened = Service.open(settings, Telemetry("info", log))
    yield opened
    opened.close()


def eventually(reached: Callable[[], object]) -> bool:
    """Wait a while for something to hold."""
    end = monotonic() + WITHIN_S
    while not reached() and monotonic() < end:
        sleep(0.01)
    return bool(reached())


def bench(service: Service) -> Bench:
    """Examine bundles of the service's registry."""
    return Bench(service.registry, service.settings.encoders, Gate(max_ece=1.0), "tiny")


def named(service: Service, bundle: str) -> None:
    """Name a challenger and wait until it is loaded."""
    challenge(bench(service), bundle, SIGNED)
    assert eventually(service.monitor.shadow.comparison)


def ask(service: Service, count: int = 1, **options: object) -> None:
    """Have messages labelled."""
    for _ in range(count):
        service.classify([Message(PARCEL)], Options(**options))  # type: ignore[arg-type] # by name


def counted(service: Service, outcome: str) -> float:
    """Count the messages of an outcome."""
    registry = service.telemetry.metrics.registry
    value = registry.get_sample_value("triage_shadow_messages_total", {"outcome": outcome})
    return value or 0.0


def test_equal_challenger_agrees_on_all(service: Service) -> None:
    """Messages are scored behind their answers, on the champion's encoders."""
    named(service, "twin-of-it")
    ask(service, 20)
    assert eventually(lambda: counted(service, "scored") == 20)
    found = service.monitor.shadow.comparison()
    labels = {"task": "category", "agree": "yes"}

    assert found is not None
    assert (found.bundle, found.champion, found.messages) == ("twin-of-it", "starter", 20)
    assert set(found.tasks) == {"category", "priority", "sentiment"}
    for task in found.tasks.values():
        assert (task.messages, task.agreed) == (20, 20)
        assert task.gained == pytest.approx(0, abs=1e-6)
    registry = service.telemetry.metrics.registry
    assert registry.get_sample_value("triage_shadow_agreement_total", labels) == 20
    pipeline = service.monitor.shadow._pipeline
    assert pipeline is not None
    assert pipeline.bundle.encoders is service.pipeline.bundle.encoders


def test_only_common_tasks_are_compared(service: Service, settings: Settings) -> None:
    """A challenger of one task is compared on that task, and on messages that were asked for it."""
    tiny_fit(settings, ("category",), name="narrow", only=True)
    named(service, "narrow")
    ask(service, tasks=("priority",))
    assert eventually(lambda: counted(service, "no_task") == 1)
    ask(service)
    assert eventually(lambda: counted(service, "scored") == 1)
    found = service.monitor.shadow.comparison()

    assert found is not None
    assert set(found.tasks) == {"category"}


def test_share_of_messages_is_kept(service: Service, settings: Settings) -> None:
    """The id decides, so that every replica shadows the same messages."""
    shadow = service.monitor.shadow
    shadow._settings = settings.model_copy(update={"shadow_share": 0.1})
    chosen = [shadow._chosen(f"ticket-{number}") for number in range(10_000)]

    assert 900 < sum(chosen) < 1_100
    assert chosen == [shadow._chosen(f"ticket-{number}") for number in range(10_000)]


def test_share_of_nothing_loads_nothing(settings: Settings) -> None:
    """Whoever wants no shadow pays for none."""
    service = Service.open(settings.model_copy(update={"shadow_share": 0.0}), Telemetry("error"))
    challenge(bench(service), "twin-of-it", SIGNED)
    sleep(1.3)

    assert service.monitor.shadow.comparison() is None
    assert service.monitor.shadow.fault is None
    service.close()


def test_corrupt_challenger_is_told_and_harms_nobody(service: Service, log: StringIO) -> None:
    """It is logged and counted once, and the champion answers as before."""
    named(service, "twin-of-it")
    folder = service.registry.bundles / "broken"
    copied_bundle(service.registry.bundles / "twin-of-it", folder)
    flip(folder / "heads.safetensors")
    changes = {CHALLENGER: "broken"}
    move(service.registry, "challenge", CHALLENGER, changes, {}, SIGNED)
    assert eventually(lambda: service.monitor.shadow.fault == "corrupt_bundle")
    ask(service)

    assert service.monitor.shadow.comparison() is None
    assert service.bundle_fault is None
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [line for line in lines if line["event"] == "bundle_not_followed"]
    assert [line["alias"] for line in told] == [CHALLENGER]
    registry = service.telemetry.metrics.registry
    outcome = {"alias": CHALLENGER, "outcome": "refused"}
    assert registry.get_sample_value("triage_bundle_moves_total", outcome) == 1


class Crash:
    """Fails, saying the text."""

    def identify(self, text: str, *_more: object) -> None:
        """Fail."""
        raise ValueError(text)


def test_challenger_that_fails_is_counted_and_told_once(service: Service, log: StringIO) -> None:
    """Its errors reach no answer, and the log holds their place without their words."""
    named(service, "twin-of-it")
    pipeline = service.monitor.shadow._pipeline
    assert pipeline is not None
    pipeline.identifier = Crash()  # type: ignore[assignment] # it cannot identify
    ask(service, 5)
    assert eventually(lambda: counted(service, "failed") == 5)

    assert log.getvalue().count("challenger_failed") == 1
    assert "test_shadow.py" in log.getvalue()
    assert "parcel" not in log.getvalue()


class Gated:
    """Holds the challenger back until it is opened."""

    def __init__(self) -> None:
        self.opened = Event()

    def identify(self, *_: object) -> None:
        """Wait, then fail."""
        self.opened.wait(20)
        raise ValueError


def test_slow_challenger_slows_nobody(service: Service) -> None:
    """Beyond what may wait, messages are dropped and counted; their answers come at once."""
    named(service, "twin-of-it")
    gated, pipeline = Gated(), service.monitor.shadow._pipeline
    assert pipeline is not None
    pipeline.identifier = gated  # type: ignore[assignment] # it cannot identify
    ask(service, CAPACITY + 50)
    dropped = counted(service, "dropped")
    gated.opened.set()
    begun = monotonic()
    service.close()

    assert 49 <= dropped <= 50
    assert monotonic() - begun < 10


def test_challenger_leaves(service: Service) -> None:
    """Without the alias nothing is scored; a second dismissal changes nothing."""
    named(service, "twin-of-it")
    assert dismiss(bench(service), SIGNED) is not None
    assert eventually(lambda: service.monitor.shadow.comparison() is None)
    ask(service)

    assert dismiss(bench(service), SIGNED) is None
    assert counted(service, "scored") == 0


def test_new_champion_is_compared_anew(service: Service) -> None:
    """Figures never mix two champions."""
    named(service, "twin-of-it")
    ask(service, 3)
    assert eventually(lambda: counted(service, "scored") == 3)
    copied_bundle(service.registry.bundles / "twin-of-it", service.registry.bundles / "third")
    move(service.registry, "promote", CHAMPION, {CHAMPION: "third"}, {}, SIGNED)
    assert eventually(lambda: service.pipeline.bundle.id == "third")
    ask(service, 2)
    assert eventually(lambda: counted(service, "scored") == 5)
    found = service.monitor.shadow.comparison()

    assert found is not None
    assert (found.champion, found.messages) == ("third", 2)
