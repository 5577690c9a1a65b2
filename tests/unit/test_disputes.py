"""What a challenger labels otherwise is recorded behind the answer, and leaves with its message."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from tests.builders import examples_of, messages, reordered, tiny_config
from tests.served import build_checkout
from tests.unit.test_shadow import eventually, named
from training.run import Prepared, fit_examples
from training.taxonomies import taxonomy_of
from triage.domain import Context, Message, Options
from triage.labeling.taxonomy import load_taxonomy
from triage.service import Service
from triage.settings import CHECKOUT, Settings
from triage.storage.disagreements import Disagreement, list_disagreements
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.telemetry import Telemetry

TURNED = {"service": "technical_support", "technical_support": "service"}
PARCEL = "my parcel with the blue jacket, I need this before Friday, this is a disappointment"


@pytest.fixture(scope="module")
def checkout(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout with a bundle, a calibrator and a help centre."""
    return build_checkout(bundle_folder, tmp_path_factory.mktemp("disputed"))


@pytest.fixture
def settings(checkout: Path, tmp_path: Path) -> Settings:
    """Shadow every message."""
    return Settings(
        home=tmp_path / "home",
        models=checkout / "models",
        data=checkout / "data",
        profile="tiny",
        shadow_share=1.0,
    )


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """Open a service whose challenger says the other category of everything."""
    table = [{**row, "category": TURNED[row["category"]]} for row in messages()]
    rows = examples_of(table, ("category",))
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")
    prepared = Prepared(
        rows, examples_of(reordered(table[::4]), ("category",)), taxonomy_of(rows, taxonomy)
    )
    fit_examples(
        prepared, tiny_config(only=True), settings, "tests", lambda _line: None, name="contrary"
    )
    opened = Service.open(settings, Telemetry("error", StringIO()))
    named(opened, "contrary")
    yield opened
    opened.close()


def recorded(settings: Settings) -> list[Disagreement]:
    """List what is recorded."""
    with Store.open(settings.store_url) as store, transaction(store.engine) as connection:
        return list_disagreements(connection, 10)


def test_disagreement_is_recorded_behind_the_answer(service: Service, settings: Settings) -> None:
    """With both labels and confidences, brand and requester, and no text."""
    message = Message(PARCEL, id="t1", customer_id="c1", context=Context(brand="kvistholm"))
    service.classify([message], Options())
    assert eventually(lambda: recorded(settings))
    (found,) = recorded(settings)
    sides = found.labels["category"]

    assert (found.message_id, found.champion, found.challenger) == ("t1", "starter", "contrary")
    assert found.brand == "kvistholm"
    assert set(found.labels) == {"category"}
    assert sides["champion"]["label"] == TURNED[sides["challenger"]["label"]]
    assert 0 < sides["challenger"]["confidence"] <= 1
    assert "parcel" not in str(found)


def test_erased_requester_is_gone_from_disagreements(service: Service, settings: Settings) -> None:
    """The erasure counts them."""
    service.classify([Message(PARCEL, id="t1", customer_id="c1")], Options())
    assert eventually(lambda: recorded(settings))

    erased, _ = service.writes.people.erase("requester", "c1")

    assert erased.disagreements == 1
    assert recorded(settings) == []
