"""The search for heads: reproducible on any number of cores, bounded, and warm where asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import (
    HashingEncoder,
    examples_of,
    messages,
    tiny_config,
    tiny_fit,
    tiny_prepared,
    tiny_settings,
)
from training.budget import Budget
from training.candidates import CANDIDATES, Candidate, variants
from training.card import card
from training.carry import champion
from training.config import FitConfig
from training.contest import hold_contest
from training.datasets import Examples
from training.design import Design, design, starting_table
from training.features import embed
from training.fit import FittedHead, fit_head
from training.options import encoders_of
from training.run import fit_examples
from triage.bundle.store import load_bundle
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.lexical import HashedNgrams
from triage.errors import ExportError
from triage.labeling.heads import Head
from triage.settings import Settings

OVER = Budget(0.0, lambda: 1.0)
LABELS = ("service", "technical_support")


def prepared(examples: Examples) -> Design:
    """Encode examples with the hashing encoder alone."""
    encoders = EncoderSet({"static": HashingEncoder()})
    copies = embed(examples, encoders, [Profile("tiny", {"*": "static"})], None)
    return design(examples, copies, HashedNgrams(bits=12))


def fitted(
    examples: Examples,
    task: str,
    labels: tuple[str, ...],
    candidate: Candidate,
    warm: Head | None = None,
) -> FittedHead:
    """Fit one task with one candidate and two folds, every row its own cluster."""
    return fit_head(
        task,
        labels,
        examples,
        prepared(examples),
        np.arange(len(examples)),
        fold_count=2,
        seed=0,
        jobs=1,
        candidates=[candidate],
        warm=warm,
    )


def test_cores_do_not_change_the_bundle(settings: Settings, tmp_path: Path) -> None:
    """One process or two, the same rows and seed give the same fingerprint."""
    prints = [
        load_bundle(
            tiny_fit(settings, ["category"], out=tmp_path / str(jobs), only=True, jobs=jobs).path,
            settings.encoders,
        ).manifest.fingerprint
        for jobs in (1, 2)
    ]

    assert prints[0] == prints[1]


def test_budget_that_is_over_still_gives_a_bundle(settings: Settings, tmp_path: Path) -> None:
    """The most promising candidate is taken; figures and card name what was not tried."""
    outcome = tiny_fit(settings, ["category"], out=tmp_path, only=True, budget=1e-9)

    search = outcome.metrics["search"]
    assert search["cut"]
    assert search["untried"]["category"] == [c.describe() for c in CANDIDATES]
    text = (outcome.path / "card.md").read_text(encoding="utf-8")
    assert "a second run of the same rows and seed may choose otherwise" in text
    assert f"category with {CANDIDATES[0].describe()}" in text


def test_budget_leaves_later_encoders_untried(settings: Settings) -> None:
    """The first encoder is always fitted; those after the end of the budget are named."""
    prepared_, lines = tiny_prepared(["category"]), list[str]()
    config = tiny_config(rivals=("static",))

    contest = hold_contest(
        prepared_.train, prepared_.taxonomy, config, settings, OVER, None, lines.append
    )

    assert contest.won.choice == "twin"
    assert contest.untried == ("static",)
    assert contest.describe()["cut"]
    assert "static is not tried: the budget is over" in lines


def test_encoders_are_compared(settings: Settings, tmp_path: Path) -> None:
    """Each encoder asked for is fitted and told; the one taken is in figures and card."""
    prepared_, lines = tiny_prepared(["category"]), list[str]()
    config = tiny_config(rivals=("static", "twin"), only=True, out=tmp_path)

    outcome = fit_examples(prepared_, config, settings, "tests", lines.append)

    search = outcome.metrics["search"]
    assert set(search["encoders"]) == {"twin", "static"}
    assert sum("(taken)" in line for line in lines) == 1
    assert f"**encoder**: {search['encoder']}" in (outcome.path / "card.md").read_text("utf-8")


def test_auto_stands_for_the_shipped_encoders() -> None:
    """Nothing given means twin; auto and repeated words are joined, each once."""
    assert encoders_of([]) == ("twin",)
    assert encoders_of(["auto"]) == ("twin", "static", "minilm")
    assert encoders_of(["static", "auto", "static"]) == ("static", "twin", "minilm")
    assert FitConfig((), tiny_config().columns, "a", rivals=("b", "a")).choices == ("a", "b")


def test_warm_start_finds_the_same_optimum_sooner() -> None:
    """Starting from weights of the same rows takes fewer steps; scores stay within tolerance."""
    examples = examples_of([r for r in messages() if r["language"] == "en"], ["category"])
    candidate = Candidate(1, 10.0)
    cold = fitted(examples, "category", LABELS, candidate)

    warm = fitted(examples, "category", LABELS, candidate, cold.head)

    assert warm.iterations < cold.iterations
    assert np.allclose(warm.head.dense, cold.head.dense, atol=0.03)
    assert np.array_equal(warm.scores["tiny"], cold.scores["tiny"])


def test_new_labels_start_empty() -> None:
    """Labels are found by name; one that the champion lacks starts from zero."""
    examples = examples_of([r for r in messages() if r["language"] == "en"], ["category"])
    matrices, both = prepared(examples), Candidate(4, 2.0)
    head = fitted(examples, "category", LABELS, both).head

    table = starting_table(head, ("new", "technical_support", "service"), matrices, both)

    assert table is not None
    assert not table[:, 0].any()
    assert np.allclose(table[1:33, 1], head.dense[:, 1])
    assert np.isclose(table[0, 2], head.bias[0])
    expected = matrices.features(both).score(table[:, [2, 1]])
    alone = starting_table(head, LABELS, matrices, both)
    assert alone is not None
    assert np.allclose(matrices.features(both).score(alone), expected)
    assert starting_table(replace(head, dense=head.dense[:5]), LABELS, matrices, both) is None


def test_warm_start_names_what_it_starts_from(settings: Settings, tmp_path: Path) -> None:
    """The champion's heads over the same encoders are used, whatever else is kept of it."""
    lines: list[str] = []
    config = tiny_config(only=True, warm_start=True, out=tmp_path, rivals=())

    fit_examples(tiny_prepared(["category"]), config, settings, "tests", lines.append)

    base = champion(settings, lines.append)
    assert base is not None
    assert f"warm start from {base.id}: category" in lines


def test_warm_start_without_a_champion_is_told(tmp_path: Path) -> None:
    """A first run has nothing to start from and says so."""
    lines: list[str] = []

    assert champion(tiny_settings(tmp_path), lines.append) is None
    assert lines == ["warning: there is no champion to start from"]


def test_too_many_labels_are_refused_with_the_memory_they_take() -> None:
    """Twenty thousand labels are an error with a figure, not a machine out of memory."""
    table = [{"text": f"message {i}", "id": str(i), "queue": f"label{i}"} for i in range(20_000)]
    examples = examples_of(table, ["queue"])
    labels = tuple(sorted(examples.labels["queue"]))

    with pytest.raises(ExportError, match=r"20,000 labels on 20,000 rows take .* GB a fit"):
        fitted(examples, "queue", labels, Candidate(0, 10.0))


def test_class_weights_lift_rare_labels_and_keep_the_total() -> None:
    """Balanced labels weigh the same in sum; the root stands between."""
    target, weights = np.array([0] * 9 + [1]), np.ones(10)

    full = Candidate(0, 1.0, "full").weights(target, weights)
    root = Candidate(0, 1.0, "root").weights(target, weights)

    assert np.isclose(full[:9].sum(), full[9])
    assert np.isclose(root[9] / root[0], 3)
    assert np.isclose(full.sum(), 10)
    assert Candidate(0, 1.0).weights(target, weights) is weights


def test_variants_try_weights_only_where_labels_are_uneven() -> None:
    """Even labels get other strengths alone, and nothing is tried twice."""
    best, stronger = Candidate(1, 10.0), Candidate(1, 30.0)

    even = variants(best, np.array([0, 1]), [best])
    uneven = variants(best, np.array([0, 0, 0, 1]), [best, stronger])

    assert [c.describe() for c in even] == [
        "dense + lexical x 1, C=30",
        "dense + lexical x 1, C=3.33",
    ]
    assert [c.balance for c in uneven] == ["root", "full", "none"]


def test_card_without_a_search_is_silent() -> None:
    """A bundle made without one says nothing of encoders and budgets."""
    metrics = {
        "rows": {"train": 1, "calibration": 1, "test": 1},
        "data_fingerprint": "f",
        "languages": ["en"],
        "profiles": {},
        "thresholds": {},
    }

    assert "budget" not in card("b", metrics, [], "c")
