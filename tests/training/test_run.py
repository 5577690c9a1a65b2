"""A training run from rows to a registered bundle."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import (
    TASKS,
    examples_of,
    messages,
    tiny_config,
    tiny_encoder_folders,
    tiny_export,
    tiny_fit,
    tiny_prepared,
    tiny_settings,
)
from training.card import card
from training.config import Columns, Precision
from training.evaluate import compare, evaluate, predict
from training.run import fit, fit_examples, prepare
from training.taxonomies import taxonomy_of
from triage.bundle.manifest import CARD, METRICS
from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.errors import BundleError, BundleNotFoundError, ExportError, GateError
from triage.labeling.taxonomy import load_taxonomy
from triage.rows import Row, write_rows
from triage.settings import CHECKOUT, Settings

TAXONOMY = CHECKOUT / "data" / "taxonomy.toml"


def silent(_: str) -> None:
    """Drop a line of progress."""


def export(path: Path, table: list[Row]) -> Path:
    """Write rows as an export."""
    write_rows(path, table, list(table[0]))
    return path


def test_broken_contract_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    """A precision that was asked for and cannot be kept fails before a bundle stands."""
    contract = Precision(automate_of={"category": 0.999})

    with pytest.raises(GateError, match="Task category"):
        tiny_fit(settings, ["category"], precision=contract, out=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_kept_contract_passes(settings: Settings, tmp_path: Path) -> None:
    """A precision that the rows support gives its cut."""
    contract = Precision(automate_of={"category": 0.9})

    outcome = tiny_fit(settings, ["category"], precision=contract, out=tmp_path, only=True)

    assert outcome.metrics["thresholds"]["twin"]["category"]["automate_at"] is not None


def test_unknown_label_is_refused_by_row(tmp_path: Path) -> None:
    """A label that the given taxonomy lacks stops the run by name and row."""
    table = messages()
    table[6] = {**table[6], "category": "billing"}
    config = tiny_config(exports=(export(tmp_path / "a.csv", table),), taxonomy=TAXONOMY)

    with pytest.raises(ExportError, match=r"no label 'billing'.*Rows 7") as caught:
        prepare(config, silent)

    assert caught.value.row == 7


def test_unknown_label_of_the_test_file_is_refused(tmp_path: Path) -> None:
    """The test file is held to the same taxonomy."""
    table = messages()
    held = export(tmp_path / "b.csv", [{**table[0], "category": "billing"}])
    config = tiny_config(exports=(export(tmp_path / "a.csv", table),), taxonomy=TAXONOMY, test=held)

    with pytest.raises(ExportError, match="billing"):
        prepare(config, silent)


def test_label_that_only_the_newest_rows_have_is_refused(tmp_path: Path) -> None:
    """A training side of one label is refused with a sentence, not with a stack."""
    table = [
        {**row, "category": "service" if day < 80 else "technical_support"}
        | {"when": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"}
        for day, row in enumerate(messages())
    ]
    columns = Columns("text", {"category": "category"}, time="when")
    config = tiny_config(exports=(export(tmp_path / "a.csv", table),), columns=columns)

    with pytest.raises(ExportError, match="fewer than two labels on the training side"):
        prepare(config, silent)


def test_rows_are_prepared_on_both_sides(tmp_path: Path) -> None:
    """Empty messages are left out, the rest is split, and findings are told."""
    table = [{**messages()[0], "id": "empty", "text": " "}, *messages()]
    lines: list[str] = []

    made = prepare(tiny_config(exports=(export(tmp_path / "a.csv", table),)), lines.append)

    assert len(made.train) + len(made.test) == len(table) - 1
    assert made.taxonomy.labels("category") == ("service", "technical_support")
    assert any("empty after cleaning" in line for line in lines)
    assert any(line.startswith("split: stratified") for line in lines)


def test_test_file_is_scored_alone(tmp_path: Path) -> None:
    """With a test file all rows of the export train that do not stand in it."""
    exports = (tiny_export(tmp_path / "a.jsonl"),)
    table = [{**row, "id": f"test-{row['id']}"} for row in messages()]
    held = export(tmp_path / "b.csv", [{**table[0], "text": "a message of its own"}, table[1]])

    made = prepare(tiny_config(exports=exports, test=held), silent)

    assert (len(made.train), len(made.test)) == (95, 2)


def test_fixed_tasks_keep_their_order() -> None:
    """Labels of the given taxonomy stand in its order, others in the alphabet's."""
    examples = examples_of(
        [
            {"text": "a", "priority": "high", "queue": "z"},
            {"text": "b", "priority": "", "queue": "a"},
        ],
        ["priority", "queue"],
    )

    taxonomy = taxonomy_of(examples, load_taxonomy(TAXONOMY))

    assert taxonomy.labels("priority") == ("low", "normal", "high", "urgent")
    assert taxonomy.labels("queue") == ("a", "z")


def test_figures_are_complete(bundle_folder: Path) -> None:
    """The recorded figures have every key that is documented, and no path of this machine."""
    metrics = json.loads((bundle_folder / METRICS).read_text(encoding="utf-8"))

    documented = {"bundle", "tasks", "rows", "seconds", "data_fingerprint", "versions"}
    assert documented <= set(metrics)
    assert "bundle_path" not in metrics
    assert metrics["rows"] == {"train": 96, "calibration": 96, "test": 24}
    assert set(metrics["tasks"]) == set(TASKS)
    for report in metrics["tasks"].values():
        assert set(report["coverage_at_precision"]) == {"0.80", "0.90", "0.95"}
        assert set(report["automate"]) == {"precision", "coverage"}
        assert set(report["per_language"]) == {"en", "da", "ro", "zh"}
        assert report["accuracy"] > 0.9
    assert metrics["tasks"]["priority"]["quadratic_kappa"] is not None
    assert metrics["tasks"]["category"]["quadratic_kappa"] is None


def test_card_tells_what_was_measured(bundle_folder: Path) -> None:
    """The card names command, rows, languages, every task and its decisions."""
    text = (bundle_folder / CARD).read_text(encoding="utf-8")

    assert "Made by `tests`" in text
    assert "Supported languages: en, da, ro, zh." in text
    for task in TASKS:
        assert f"| {task} | all | 24 |" in text
        assert f"twin, {task}: suggests from" in text
        assert f"- **{task}**:" in text


def test_served_bundle_repeats_the_measured_figures(
    bundle_folder: Path, encoders_folder: Path
) -> None:
    """What is loaded scores exactly what the run measured, in each profile."""
    metrics = json.loads((bundle_folder / METRICS).read_text(encoding="utf-8"))
    bundle = load_bundle(bundle_folder, encoders_folder)
    test = tiny_prepared().test

    for name, measured in metrics["profiles"].items():
        profile = bundle.profile(name)
        labeler = bundle.labeler(profile)
        given = predict(test, labeler, bundle.encoders, profile)
        again = evaluate(test, given, labeler, bundle.manifest.taxonomy)
        for task, report in again.items():
            assert report["log_loss"] == pytest.approx(measured[task]["log_loss"], abs=1e-6)
            assert report["accuracy"] == measured[task]["accuracy"]


def test_unanswered_and_unknown_tasks_are_left_out(
    bundle_folder: Path, encoders_folder: Path
) -> None:
    """A task without a labelled row, or that the bundle lacks, has no figures."""
    bundle = load_bundle(bundle_folder, encoders_folder)
    labeler = bundle.labeler(bundle.profile())
    table = [{**row, "queue": "a", "priority": ""} for row in messages()[:4]]
    examples = examples_of(table, ["category", "priority", "queue"])

    given = predict(examples, labeler, bundle.encoders, bundle.profile())

    assert set(evaluate(examples, given, labeler, bundle.manifest.taxonomy)) == {"category"}


def test_labels_that_cannot_be_scored_are_told() -> None:
    """Tasks and labels that a bundle lacks are named with their rows counted."""
    taxonomy = load_taxonomy(TAXONOMY)
    table = [{**messages()[0], "queue": "a", "priority": ""}] + [
        {**row, "queue": "a", "category": "billing", "priority": ""} for row in messages()[:2]
    ]

    lines = compare(examples_of(table, ["category", "priority", "queue"]), taxonomy)

    assert "no task queue" in lines[0]
    assert "category has no label billing 2" in lines[1]
    assert "no row has a label of task priority" in lines[2]
    with pytest.raises(ExportError, match=r"it has service, .*the export has billing"):
        compare(examples_of(table[1:], ["category"]), taxonomy)
    with pytest.raises(ExportError, match="None of the tasks queue"):
        compare(examples_of(table, ["queue"]), taxonomy)


def test_same_data_and_seed_give_the_same_bundle(settings: Settings, tmp_path: Path) -> None:
    """Two runs agree in every byte that decides an answer; other data do not."""
    outcomes = [
        tiny_fit(replace_home(settings, tmp_path / str(n)), ["category"], only=True)
        for n in range(2)
    ]
    short = tiny_prepared(["category"])
    less = replace(short, train=short.train.take(np.arange(90)))
    config = tiny_config(only=True)
    other = fit_examples(less, config, replace_home(settings, tmp_path / "o"), "tests", silent)

    prints = [
        load_bundle(outcome.path, settings.encoders).manifest.fingerprint
        for outcome in (*outcomes, other)
    ]
    assert prints[0] == prints[1] != prints[2]
    assert outcomes[0].bundle == outcomes[1].bundle
    assert outcomes[0].bundle.endswith(prints[0][:6])


def replace_home(settings: Settings, home: Path) -> Settings:
    """Give a run its own home and the same models."""
    return settings.model_copy(update={"home": home})


def test_bundle_goes_to_the_registry_by_default(settings: Settings) -> None:
    """Without --out the bundle stands in the home folder, found by its id."""
    outcome = tiny_fit(settings, ["category"])

    assert Registry(settings.home, settings.models).find(outcome.bundle) == outcome.path
    assert outcome.path.parent == (settings.home / "bundles").resolve()


def test_existing_bundle_is_not_overwritten(settings: Settings, tmp_path: Path) -> None:
    """A run of other content into the same name is refused and the first stays whole."""
    first = tiny_fit(settings, ["category"], name="mine", out=tmp_path)

    with pytest.raises(BundleError, match="exists already"):
        tiny_fit(settings, ["sentiment"], name="mine", out=tmp_path, only=True)

    assert load_bundle(first.path, settings.encoders).id == "mine"


def test_same_content_is_not_written_twice(settings: Settings, tmp_path: Path) -> None:
    """A second run of the same rows on one day gives the bundle that stands, its card untouched."""
    lines: list[str] = []
    prepared, config = tiny_prepared(["category"]), tiny_config(out=tmp_path / "out", only=True)
    first = fit_examples(prepared, config, settings, "first", silent, name="mine")

    second = fit_examples(prepared, config, settings, "second", lines.append, name="mine")

    assert (second.bundle, second.path) == (first.bundle, first.path)
    assert second.metrics["bundle_path"] == str(first.path)
    assert "Made by `first`" in (first.path / CARD).read_text(encoding="utf-8")
    assert any("mine stands already" in line for line in lines)


def test_bundle_that_cannot_be_written_is_told(settings: Settings, tmp_path: Path) -> None:
    """What the system refuses is said with the folder."""
    (tmp_path / "file").touch()

    with pytest.raises(BundleError, match="cannot be written"):
        tiny_fit(settings, ["category"], only=True, out=tmp_path / "file" / "out")


def test_card_tells_of_the_guard() -> None:
    """One sentence says whether mail that is no request is told apart."""
    metrics = {
        "rows": {"train": 1, "calibration": 1, "test": 1},
        "data_fingerprint": "f",
        "languages": ["en"],
        "profiles": {},
        "thresholds": {},
    }

    assert "No guard is in the bundle" in card("b", metrics, [], "c")
    assert "A guard is in the bundle" in card("b", metrics, [], "c", guarded=True)


def test_other_heads_are_carried_over(settings: Settings) -> None:
    """A run of one task keeps the champion's heads of the others, bit for bit in their answers."""
    outcome = tiny_fit(settings, ["category"])

    base = load_bundle(settings.models / "starter", settings.encoders)
    made = load_bundle(outcome.path, settings.encoders)
    texts = ["the app shows a blank page", "min pakke er væk"]
    for name in made.manifest.profiles:
        vectors = made.encoders.encode(texts, ["en", "da"], made.profile(name))
        old = base.labeler(base.profile(name)).probabilities(vectors, texts)
        new = made.labeler(made.profile(name)).probabilities(vectors, texts)
        assert list(new) == ["category", "priority", "sentiment"]
        for task in ("priority", "sentiment"):
            assert np.allclose(new[task], old[task], atol=1e-9)
            assert (
                made.manifest.profiles[name].thresholds[task]
                == (base.manifest.profiles[name].thresholds[task])
            )
    assert set(outcome.metrics["tasks"]) == {"category"}
    assert (made.folder / "heads.safetensors").stat().st_size <= (
        1.1 * (base.folder / "heads.safetensors").stat().st_size
    )


def test_only_leaves_other_heads_out(settings: Settings) -> None:
    """With --only the bundle answers what it was trained for."""
    outcome = tiny_fit(settings, ["category"], only=True)

    made = load_bundle(outcome.path, settings.encoders)
    assert list(made.manifest.taxonomy.tasks) == ["category"]


def test_heads_of_other_encoders_are_not_carried(settings: Settings, tmp_path: Path) -> None:
    """Heads belong to their encoders: with others nothing is carried, and the run says so."""
    other = tiny_settings(tmp_path / "elsewhere")
    tiny_encoder_folders(other.encoders, seed=9)
    base = tmp_path / "base"
    shutil.copytree(settings.models / "starter", base)
    carried = tmp_path / "elsewhere" / "models" / "encoders"
    shutil.copytree(settings.encoders / "static", carried / "old-static")
    shutil.copytree(settings.encoders / "minilm", carried / "old-minilm")
    shutil.copytree(settings.encoders / "polyglot", carried / "old-polyglot")
    lines: list[str] = []

    outcome = fit_examples(
        tiny_prepared(["category"]), tiny_config(base=str(base)), other, "tests", lines.append
    )

    made = load_bundle(outcome.path, other.encoders)
    assert list(made.manifest.taxonomy.tasks) == ["category"]
    assert any("nothing carried over" in line and "priority" in line for line in lines)


def test_base_that_does_not_exist_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A base that was named must be there; the champion need not."""
    with pytest.raises(BundleNotFoundError, match="'nobody'"):
        tiny_fit(settings, ["category"], base="nobody")

    lines: list[str] = []
    rows = (tiny_export(tmp_path / "a.csv"),)
    with pytest.raises(BundleNotFoundError, match="'nobody'"):
        fit(tiny_config(base="nobody", exports=rows), settings, "tests", lines.append)
    assert not lines

    fresh = tiny_settings(tmp_path / "fresh")
    tiny_encoder_folders(fresh.encoders)
    outcome = tiny_fit(fresh, ["category"])
    assert list(load_bundle(outcome.path, fresh.encoders).manifest.taxonomy.tasks) == ["category"]
