"""Costs of missed labels on their way from the taxonomy to the measured bundle."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import (
    examples_of,
    tiny_config,
    tiny_encoder_folders,
    tiny_prepared,
    tiny_settings,
)
from training.assemble import calibrate, describe_cuts
from training.candidates import Candidate
from training.config import AUTOMATE_BOUND, AUTOMATE_PRECISION, SUGGEST_PRECISION, Precision
from training.contracts import agreed
from training.cuts import more_rows, threshold
from training.evaluate import evaluate, predict
from training.fit import FittedHead
from training.run import Outcome, Prepared, fit_examples
from triage.bundle.store import Bundle, load_bundle
from triage.encoders.base import Profile
from triage.labeling.calibration import softmax
from triage.labeling.heads import Head
from triage.labeling.taxonomy import CostSpec, LabelSpec, TaskSpec, Taxonomy
from triage.settings import Settings

LABELS = ("low", "urgent")
PROFILE = Profile("tiny", {"*": "static"})
ROWS = 600
RNG = np.random.default_rng(5)
SCORES = RNG.normal(size=(ROWS, 2)).astype(np.float32) * 2
TRUTH = np.array([RNG.choice(2, p=row) for row in softmax(SCORES)])
EXAMPLES = examples_of([{"text": "x", "kind": LABELS[i]} for i in TRUTH], ["kind"])
FITTED = FittedHead(
    Head("kind", LABELS, np.zeros((4, 2), np.float32), np.zeros(2, np.float32)),
    np.arange(ROWS),
    {"tiny": SCORES},
    Candidate(0, 1.0),
    {},
)


def taxonomy(**miss_cost: float) -> Taxonomy:
    """Define one task with these costs."""
    labels = {label: LabelSpec() for label in LABELS}
    return Taxonomy(tasks={"kind": TaskSpec(labels=labels, miss_cost=miss_cost)})


def test_cuts_are_measured_on_the_chosen_label() -> None:
    """Where one label is always chosen, its own confidence and its own errors set the cuts."""
    costly = taxonomy(urgent=1e9)

    part = calibrate(PROFILE, EXAMPLES, [FITTED], costly, tiny_config())
    plain = calibrate(PROFILE, EXAMPLES, [FITTED], taxonomy(), tiny_config())

    confidence = softmax(SCORES, part.temperatures["kind"])[:, 1]
    cuts = part.thresholds["kind"]
    assert cuts.suggest_at == threshold(confidence, TRUTH == 1, SUGGEST_PRECISION)
    assert cuts.automate_at == threshold(confidence, TRUTH == 1, AUTOMATE_PRECISION, AUTOMATE_BOUND)
    assert part.temperatures == plain.temperatures
    assert cuts.suggest_at != plain.thresholds["kind"].suggest_at


def test_missing_labels_are_counted_for_the_chosen_label() -> None:
    """How many more labels a cut would take follows from the labels that are served."""
    costly = taxonomy(urgent=1e9)
    few = replace(FITTED, rows=np.arange(60), scores={"tiny": SCORES[:60]})
    part = calibrate(PROFILE, EXAMPLES, [few], costly, tiny_config())

    told = describe_cuts(few, part, EXAMPLES, costly, Precision())

    confidence = softmax(SCORES[:60], part.temperatures["kind"])[:, 1]
    assert told["automate_at"] is None
    assert told["more_labels"] == more_rows(confidence, TRUTH[:60] == 1, AUTOMATE_PRECISION)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Build a checkout with encoders and no bundle."""
    made = tiny_settings(tmp_path_factory.mktemp("checkout"))
    tiny_encoder_folders(made.encoders)
    return made


def dear(task: str) -> Prepared:
    """Prepare the tiny rows of one task, ``high`` priority being dear to miss."""
    prepared = tiny_prepared([task])
    spec = prepared.taxonomy.tasks[task]
    if task == "priority":
        spec = spec.model_copy(update={"miss_cost": {"high": 1e100}})
    return replace(prepared, taxonomy=Taxonomy(tasks={task: spec}))


@pytest.fixture(scope="module")
def outcome(checkout: Settings) -> Outcome:
    """Fit priority with costs."""
    return fit_examples(dear("priority"), tiny_config(), checkout, "tests", lambda _: None)


def served(outcome: Outcome, checkout: Settings) -> Bundle:
    """Load what a run wrote."""
    return load_bundle(Path(outcome.path), checkout.encoders)


def test_figures_are_those_of_the_served_labels(outcome: Outcome, checkout: Settings) -> None:
    """The loaded bundle gives the dear label more often, and scores what the run measured."""
    bundle = served(outcome, checkout)
    test = dear("priority").test
    for name, measured in outcome.metrics["profiles"].items():
        profile = bundle.profile(name)
        labeler = bundle.labeler(profile)
        given = predict(test, labeler, bundle.encoders, profile)
        again = evaluate(test, given, labeler, bundle.manifest.taxonomy)["priority"]
        tops = [labeler.decide("priority", row, None).top_label for row in given["priority"]]

        truth = test.labels["priority"]
        right = [top == true for top, true in zip(tops, truth, strict=True)]
        likeliest = given["priority"].argmax(axis=1)
        assert again["accuracy"] == measured["priority"]["accuracy"] == np.mean(right)
        assert again["per_label"] == measured["priority"]["per_label"]
        assert tops.count("high") > np.count_nonzero(likeliest == 2)


def test_costs_are_carried_over_with_the_head(outcome: Outcome, checkout: Settings) -> None:
    """A task that a later run does not train keeps its costs beside its thresholds."""
    config = tiny_config(base=str(outcome.path))

    later = fit_examples(dear("category"), config, checkout, "tests", lambda _: None)

    taxonomy = served(later, checkout).manifest.taxonomy
    assert taxonomy.tasks["priority"].miss_cost == {"high": 1e100}
    assert taxonomy.costs("category").missed.tolist() == [1, 1]


def test_contracts_and_costs_reach_the_served_bundle(checkout: Settings) -> None:
    """Own cuts and the matrix are written as format 2, figured, told in the card, and decide."""
    prepared = tiny_prepared(["category"])
    asked = tiny_config(
        precision=Precision(suggest=0.5, labels={"category": {"service": 0.6}}),
        costs={"category": CostSpec(by_hand=0.45, missed={"service": 2.0})},
        only=True,
    )
    agreed_on = replace(prepared, taxonomy=agreed(asked, prepared.taxonomy))

    outcome = fit_examples(agreed_on, asked, checkout, "tests", lambda _: None)

    bundle = served(outcome, checkout)
    told = outcome.metrics["thresholds"]["tiny"]["category"]
    cost = outcome.metrics["profiles"]["tiny"]["category"]["cost"]
    labeler = bundle.labeler(bundle.profile("tiny"))
    assert bundle.manifest.format == 2
    assert (
        told["per_label"]["service"]
        == labeler.thresholds["category"].per_label["service"].automate_at
    )
    assert 0 < len(told["curve"]) <= 50
    assert cost["by_hand"] == 0.45
    assert cost["decided"] is not None
    assert "label service: automates from" in (outcome.path / "card.md").read_text(encoding="utf-8")
    assert labeler.decide("category", np.array([0.5, 0.5]), None).decision != "automate"
    assert labeler.decide("category", np.array([0.999, 0.001]), None).decision == "automate"
