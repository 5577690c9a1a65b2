"""Where dates decide, confidences come from heads that saw the past alone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.builders import HashingEncoder, examples_of, messages, tiny_config
from training.candidates import Candidate
from training.datasets import Examples
from training.design import Design, design
from training.features import embed
from training.fit import FittedHead, fit_head
from training.run import Outcome, Prepared, fit_examples, prepare
from triage.bundle.manifest import CARD
from triage.bundle.store import load_bundle
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.lexical import HashedNgrams
from triage.rows import Row, write_rows
from triage.settings import Settings

LABELS = ("service", "technical_support")
CANDIDATES = (Candidate(0, 1.0), Candidate(1, 10.0))
COLUMNS = replace(tiny_config().columns, time="when")


def prepared(rows: list[Row]) -> tuple[Examples, Design]:
    """Encode rows of one task."""
    examples = examples_of(rows, ["category"])
    encoders = EncoderSet({"static": HashingEncoder()})
    copies = embed(examples, encoders, [Profile("tiny", {"*": "static"})], None)
    return examples, design(examples, copies, HashedNgrams(bits=12))


def fitter(matrices: Design, count: int) -> Callable[..., FittedHead]:
    """Fit with two folds, every row its own cluster."""
    return partial(
        fit_head,
        "category",
        LABELS,
        matrices=matrices,
        clusters=np.arange(count),
        fold_count=2,
        seed=0,
        jobs=1,
        candidates=CANDIDATES,
    )


def dated(rows: list[Row]) -> list[Row]:
    """Give each row a day, in an order that mixes labels and languages."""
    order = np.random.default_rng(0).permutation(len(rows))
    return [
        {**row, "when": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"}
        for row, day in zip(rows, order.tolist(), strict=True)
    ]


def test_newer_labels_do_not_change_what_measures_them() -> None:
    """Turning every calibration label round moves neither choice nor scores, only the last head."""
    rows = messages()
    older = np.arange(len(rows)) % 4 != 3
    turned = [
        row if old else {**row, "category": LABELS[row["category"] == LABELS[0]]}
        for row, old in zip(rows, older, strict=True)
    ]

    honest, lied = (
        fitter(matrices, len(rows))(examples, older=older)
        for examples, matrices in map(prepared, (rows, turned))
    )

    assert honest.table == lied.table
    assert np.array_equal(honest.scores["tiny"], lied.scores["tiny"])
    assert not np.allclose(honest.head.dense, lied.head.dense, atol=1e-3)


def test_last_head_is_fitted_on_all_rows() -> None:
    """What is served is the chosen candidate on train and calibration together."""
    examples, matrices = prepared(messages())
    fit = fitter(matrices, len(examples))

    head = fit(examples, older=np.arange(len(examples)) < 70)

    whole = fit(examples, candidates=[head.chosen])
    assert np.array_equal(head.head.dense, whole.head.dense)
    assert head.rows.tolist() == list(range(len(examples)))
    assert set(head.table) == set(CANDIDATES)


@pytest.fixture
def ready(tmp_path: Path) -> Prepared:
    """Prepare dated rows, as many as a run by time takes."""
    rows = dated(messages())
    write_rows(tmp_path / "a.csv", rows, list(rows[0]))
    config = tiny_config(exports=(tmp_path / "a.csv",), columns=COLUMNS)
    return prepare(config, lambda _: None)


def fit_of(ready: Prepared, settings: Settings, name: str, home: Path) -> Outcome:
    """Fit a bundle of prepared rows in a home of its own."""
    own = settings.model_copy(update={"home": home / name})
    return fit_examples(ready, tiny_config(only=True), own, "tests", lambda _: None, name=name)


def test_nothing_of_the_test_is_seen(ready: Prepared, settings: Settings, tmp_path: Path) -> None:
    """Another test side gives the same bundle, bit for bit in what decides answers."""
    other = replace(ready, test=ready.train.take(np.arange(9)))

    outcomes = [fit_of(r, settings, n, tmp_path) for r, n in ((ready, "a"), (other, "b"))]

    made = [load_bundle(o.path, settings.encoders).manifest.fingerprint for o in outcomes]
    assert made[0] == made[1]
    assert outcomes[0].metrics["tasks"] != outcomes[1].metrics["tasks"]


def test_split_is_recorded_and_in_the_card(
    ready: Prepared, settings: Settings, tmp_path: Path
) -> None:
    """Figures and card tell the rule and each part with rows, dates and fingerprint."""
    outcome = fit_of(ready, settings, "a", tmp_path)

    parts = outcome.metrics["split"]["parts"]
    card = (outcome.path / CARD).read_text(encoding="utf-8")
    rows = outcome.metrics["rows"]
    assert rows["calibration"] == parts["calibration"]["rows"] < rows["train"] == 96 - rows["test"]
    assert "Rule: the newest rows, by date" in card
    for name, part in parts.items():
        assert f"| {name} | {part['rows']} | {part['from']} | {part['to']} |" in card
        assert part["fingerprint"][:12] in card
