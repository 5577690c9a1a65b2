"""The recipe of the starter bundle: only sets it names, only rows that may be trained on."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from training.heldout import is_held_out
from training.recipe import RECIPE, LabelMapping, PublicSet, load_recipe, read_samples
from triage.errors import ConfigError, ExportError
from triage.labeling.taxonomy import load_taxonomy
from triage.rows import write_rows
from triage.settings import CHECKOUT
from triage.text.language import LanguageIdentifier

MAPPING = LabelMapping(column="kind", reason="-", map={"bug": "technical_support"}, skip=("odd",))


def public_set(folder: Path, count: int = 60, **changes: Any) -> PublicSet:  # noqa: ANN401 - fields of a model
    """Write a public set and the entry that names it."""
    table = [
        {"id": str(i), "text": f"message {i}", "kind": ("bug", "other", "odd")[i % 3]}
        for i in range(count)
    ]
    write_rows(folder / "set.csv", table, list(table[0]))
    entry = {
        "name": "some_set",
        "file": "set.csv",
        "repository": "owner/name",
        "commit": "abc",
        "licence": "CC0-1.0",
        "sha256": sha256((folder / "set.csv").read_bytes()).hexdigest(),
        "weight": 0.5,
        "cap": 1000,
        "tasks": {"category": MAPPING},
    }
    return PublicSet(**{**entry, **changes})


def test_missing_set_is_refused(tmp_path: Path) -> None:
    """A set that is not there names the variable that finds it."""
    with pytest.raises(ExportError, match="TRIAGE_DATASETS"):
        public_set(tmp_path).read(tmp_path / "nowhere")


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """A set of another version is not trained on."""
    entry = public_set(tmp_path)
    with (tmp_path / "set.csv").open("a") as stream:
        stream.write("99,more,bug\n")

    with pytest.raises(ExportError, match="not the file the recipe names"):
        entry.read(tmp_path)


def test_held_out_rows_are_never_trained_on(tmp_path: Path) -> None:
    """Rows to train and rows held out are apart and together all that have a label."""
    entry = public_set(tmp_path)

    train, held = entry.read(tmp_path), entry.read(tmp_path, held_out=True)

    labelled = {f"some_set:{i}" for i in range(60) if i % 3 == 0}
    assert set(train.ids).isdisjoint(held.ids)
    assert {*train.ids, *held.ids} == labelled
    assert all(is_held_out("some_set", name.split(":")[1]) for name in held.ids)


def test_rows_of_a_public_set_set_no_threshold(tmp_path: Path) -> None:
    """They weigh what the recipe says and are no calibration rows."""
    train = public_set(tmp_path).read(tmp_path)

    assert not train.target.any()
    assert set(train.weights.tolist()) == {0.5}
    assert set(train.sources) == {"some_set"}


def test_cap_takes_the_same_rows_each_time(tmp_path: Path) -> None:
    """A cap chooses by hash, so a smaller one takes a part of a larger one."""
    small = public_set(tmp_path, cap=3).read(tmp_path)
    large = public_set(tmp_path, cap=8).read(tmp_path)

    assert small.ids == large.ids[:3]
    assert len(large) == 8


@pytest.mark.parametrize(
    ("value", "label"),
    [("bug", "technical_support"), ("odd", ""), ("other", "service"), ("", "service")],
)
def test_labels_without_a_mapping_take_the_default(value: str, label: str) -> None:
    """Named labels are mapped, skipped ones dropped, others take the default."""
    mapping = MAPPING.model_copy(update={"default": "service"})

    assert mapping.label(value) == label


def test_labels_that_disagree_are_dropped() -> None:
    """A cell of several labels counts only when they mean one."""
    mapping = MAPPING.model_copy(update={"default": "service", "separator": "|"})

    assert mapping.label("bug|other") == ""
    assert mapping.label("other|more") == "service"
    assert mapping.label("other|odd") == ""


def test_malformed_recipe_is_refused(tmp_path: Path) -> None:
    """An unknown key is an error, not passed over."""
    (tmp_path / "r.toml").write_text("sets = []\ncolour = 1\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="colour"):
        load_recipe(tmp_path / "r.toml")


def test_shipped_recipe_maps_into_the_taxonomy() -> None:
    """Every label that a public set is mapped to exists, with a reason, licence and source."""
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")

    for entry in load_recipe(RECIPE).sets:
        assert entry.licence
        assert entry.repository
        assert len(entry.sha256) == 64
        assert entry.weight > 0
        for task, mapping in entry.tasks.items():
            labels = {*mapping.map.values(), mapping.default} - {""}
            assert labels <= set(taxonomy.labels(task)), (entry.name, task)
            assert mapping.reason


def test_folder_without_samples_is_refused(tmp_path: Path) -> None:
    """Our own messages must be there."""
    with pytest.raises(ExportError, match=r"no \.jsonl file"):
        read_samples(tmp_path, LanguageIdentifier(("en",)), target=True)


def test_industry_is_the_group_of_samples() -> None:
    """Folds hold whole industries apart; figures go by the language written in the sample."""
    folder = CHECKOUT / "data" / "samples" / "test"

    samples = read_samples(folder, LanguageIdentifier(("en", "da", "ro", "zh")), target=False)

    assert set(samples.groups) == {path.stem for path in folder.glob("*.jsonl")}
    assert set(samples.declared) == {"en", "da", "ro", "zh"}
    assert not samples.target.any()
