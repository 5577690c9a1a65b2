"""Spikes are found where there are some, and hardly ever where there are none."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from tests.unit.insights.journals import END, NOW, Said, by_time, fill, moments, outage
from triage.bundle.store import load_bundle
from triage.insights.analyst import Analyst
from triage.insights.frame import DAY_S, HOUR_S
from triage.pipeline import Pipeline
from triage.settings import CHECKOUT
from triage.storage.store import Store
from triage.text.language import LanguageIdentifier

WORDS = [f"{a}{b}" for a in ("mor", "ten", "bil", "sok", "var", "lig") for b in
         ("dan", "ter", "ler", "ves", "hol", "nik", "pas", "rum")]  # fmt: skip
QUIET = 40
"""Quiet journals in a run of the tests; more are measured by hand."""


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Load the shipped bundle in its small profile."""
    models = Path(CHECKOUT) / "models"
    bundle = load_bundle(models / "starter", models / "encoders", "tiny")
    identifier = LanguageIdentifier(bundle.manifest.languages)
    return Pipeline(bundle, bundle.profile("tiny"), identifier)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open an empty store."""
    with Store.open(f"sqlite:///{tmp_path / 'triage.db'}") as store:
        yield store.engine


def usual(seed: int, per_day: float = 60, days: int = 29) -> list[Said]:
    """Simulate messages about many things, busier by day, on weekdays and by chance."""
    rng = np.random.default_rng(seed)
    topics = rng.zipf(1.6, 20_000) % len(WORDS)
    return [
        Said(
            at,
            " ".join(WORDS[(topics[n] + k) % len(WORDS)] for k in (0, 5, 11, 17)),
            ("en", "da")[n % 2],
            labels={"category": ("service", "technical")[int(rng.random() < 0.3)]},
        )
        for n, at in enumerate(moments(seed, per_day, days))
    ]


def ask(engine: Engine, pipeline: Pipeline) -> Analyst:
    """Make an analyst whose clock stands at the end of the journal."""
    with Store.open(str(engine.url)) as store:
        articles = store.articles
    return Analyst(engine, articles, lambda: pipeline, lambda: NOW)


def test_an_outage_is_found_named_and_listed(engine: Engine, pipeline: Pipeline) -> None:
    """25 messages in four languages are one spike, with its words in each, and nothing else is."""
    fill(engine, by_time([*usual(1), *outage(2, 25)]))
    analyst = ask(engine, pipeline)

    report = analyst.spikes(None)
    spike = report.spikes[0]
    texts = analyst.texts(spike.numbers, None)
    real = sum(one.text in {said.text for said in outage(2, 25)} for one in texts)

    assert len(report.spikes) == 1
    assert report.tested > 50
    assert spike.label == "category=technical"
    assert spike.seen > 3 * spike.usual
    assert {"en", "da", "ro", "zh"} <= set(spike.words)
    assert "offline" in spike.words["en"] + spike.words["da"]
    assert real >= 15


def test_quiet_journals_raise_hardly_any_alarm(tmp_path: Path, pipeline: Pipeline) -> None:
    """Of 40 quiet journals at most two alarm; printed, so that it can be read."""
    alarms = 0
    for seed in range(QUIET):
        with Store.open(f"sqlite:///{tmp_path / f'{seed}.db'}") as store:
            fill(store.engine, usual(100 + seed, 40))
            analyst = Analyst(store.engine, store.articles, lambda: pipeline, lambda: NOW)
            alarms += bool(analyst.spikes(None).spikes)
    print(f"alarms on quiet journals: {alarms} of {QUIET}")

    assert alarms <= 2


def test_a_busy_monday_is_no_spike(engine: Engine, pipeline: Pipeline) -> None:
    """Where everything doubles for a day, no topic is called one."""
    said = usual(3, 40)
    more = [replace(one, at=END - (END - one.at) % DAY_S) for one in said[-600::12]]
    fill(engine, by_time([*said, *more]))

    assert ask(engine, pipeline).spikes(None).spikes == ()


def test_too_little_history_says_so(engine: Engine, pipeline: Pipeline) -> None:
    """On its first days the service calls nothing unusual."""
    fill(engine, by_time([Said(END - n * HOUR_S) for n in range(1, 50)]))
    report = ask(engine, pipeline).spikes(None)

    assert not report.enough
    assert report.spikes == ()


def test_an_empty_journal_has_no_spikes(engine: Engine, pipeline: Pipeline) -> None:
    """Nothing at all is no fault."""
    assert ask(engine, pipeline).spikes(None).spikes == ()


def test_labels_alone_tell_where_no_text_is_kept(engine: Engine, pipeline: Pipeline) -> None:
    """The label that rises is the spike, and how much was not read is told."""
    said = [*usual(5), *outage(6, 60)]
    fill(engine, by_time([replace(one, text=None) for one in said]))
    report = ask(engine, pipeline).spikes(None)

    assert [one.label for one in report.spikes] == ["category=technical"]
    assert report.without_text > 60
    assert report.read == 0


def test_brands_do_not_see_each_other(engine: Engine, pipeline: Pipeline) -> None:
    """An outage of one brand is no spike of another, and its messages cannot be read there."""
    ours = [replace(one, brand="a") for one in usual(7)]
    theirs = [replace(one, brand="b") for one in outage(8, 40)]
    fill(engine, by_time([*ours, *theirs]))
    analyst = ask(engine, pipeline)
    numbers = [number for one in analyst.spikes(None).spikes for number in one.numbers]

    assert numbers
    assert analyst.spikes("a").spikes == ()
    assert analyst.texts(numbers, "a") == []
