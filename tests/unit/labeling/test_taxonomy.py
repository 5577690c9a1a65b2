"""Taxonomies: what is refused, what is read, and how they are cut."""

from pathlib import Path

import pytest

from triage.errors import ConfigError
from triage.labeling.taxonomy import Taxonomy, load_taxonomy
from triage.settings import CHECKOUT

GOOD = """
version = "3"
[tasks.mood]
description = "How they feel."
ordinal = true
[tasks.mood.labels.bad]
description = "Angry."
examples = ["What is this?"]
[tasks.mood.labels.good]
"""
COSTLY = GOOD.replace("ordinal = true", "ordinal = true\nmiss_cost = { bad = 3, good = 0.5 }")


def save(folder: Path, text: str) -> Path:
    """Write a taxonomy file."""
    path = folder / "taxonomy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(ConfigError, match="no such taxonomy"):
        load_taxonomy(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"[tasks", b"\xff\xfe\x00"])
def test_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    """Broken syntax and broken encoding are one kind of error."""
    path = tmp_path / "taxonomy.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="not valid TOML"):
        load_taxonomy(path)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[tasks]", "tasks"),
        ("version = '1'", "tasks"),
        ("[tasks.a.labels.only]", "tasks.a.labels"),
        ("[tasks.a]\ncolour = 1\n[tasks.a.labels.x]\n[tasks.a.labels.y]", "tasks.a.colour"),
        (GOOD + "\nweight = 1", "tasks.mood.labels.good.weight"),
    ],
)
def test_malformed_part_is_named(tmp_path: Path, text: str, where: str) -> None:
    """The error gives the place of the part that is wrong."""
    with pytest.raises(ConfigError) as caught:
        load_taxonomy(save(tmp_path, text))

    assert caught.value.field == where


@pytest.mark.parametrize(
    ("cost", "where", "why"),
    [
        ("{ bad = 0 }", "tasks.mood.miss_cost.bad", "greater than 0"),
        ("{ bad = -1.5 }", "tasks.mood.miss_cost.bad", "greater than 0"),
        ("{ bad = inf }", "tasks.mood.miss_cost.bad", "finite"),
        ("{ bad = nan }", "tasks.mood.miss_cost.bad", "finite"),
        ("{ bad = 1" + "0" * 400 + " }", "tasks.mood.miss_cost.bad", "valid number"),
        ('{ bad = "2" }', "tasks.mood.miss_cost.bad", "valid number"),
        ("{ bad = true }", "tasks.mood.miss_cost.bad", "valid number"),
        ("{ awful = 2 }", "tasks.mood.miss_cost", "no label awful; its labels are: bad, good"),
        ("2", "tasks.mood.miss_cost", "valid dictionary"),
    ],
)
def test_cost_that_means_nothing_is_refused(
    tmp_path: Path, cost: str, where: str, why: str
) -> None:
    """A cost is a finite number above nought of a label that the task has."""
    text = GOOD.replace("ordinal = true", f"miss_cost = {cost}")

    with pytest.raises(ConfigError, match=why) as caught:
        load_taxonomy(save(tmp_path, text))

    assert caught.value.field == where


def test_broken_labels_are_named_before_their_costs(tmp_path: Path) -> None:
    """Where the labels are wrong, they are the fault that is told."""
    with pytest.raises(ConfigError) as caught:
        load_taxonomy(save(tmp_path, "[tasks.a]\nmiss_cost = { x = 2 }\n[tasks.a.labels.only]"))

    assert caught.value.field == "tasks.a.labels"


def test_costs_stand_in_the_order_of_the_labels(tmp_path: Path) -> None:
    """Each label has its cost, and one that is not named costs one."""
    named = load_taxonomy(save(tmp_path, COSTLY.replace("bad = 3, ", "")))

    assert load_taxonomy(save(tmp_path, COSTLY)).costs("mood").missed.tolist() == [3, 0.5]
    assert named.costs("mood").missed.tolist() == [1, 0.5]
    assert load_taxonomy(save(tmp_path, GOOD)).costs("mood").missed.tolist() == [1, 1]


def test_taxonomy_without_costs_is_written_without_them(tmp_path: Path) -> None:
    """What names no cost has the same fingerprint as ever; what names some reads back."""
    plain, costly = load_taxonomy(save(tmp_path, GOOD)), load_taxonomy(save(tmp_path, COSTLY))

    assert "miss_cost" not in plain.model_dump_json()
    assert Taxonomy.model_validate_json(costly.model_dump_json()) == costly


def test_order_of_labels_is_kept(tmp_path: Path) -> None:
    """Ordinal labels stand in the order of the file."""
    taxonomy = load_taxonomy(save(tmp_path, GOOD))

    assert taxonomy.labels("mood") == ("bad", "good")
    assert taxonomy.tasks["mood"].ordinal
    assert taxonomy.version == "3"


def test_subset_keeps_what_it_knows(tmp_path: Path) -> None:
    """Known labels keep their words; new ones come without."""
    taxonomy = load_taxonomy(save(tmp_path, GOOD))

    cut = taxonomy.subset({"mood": ("good", "odd"), "queue": ("a", "b")})

    assert cut.labels("mood") == ("good", "odd")
    assert cut.tasks["mood"].description == "How they feel."
    assert cut.tasks["mood"].ordinal
    assert cut.tasks["queue"].description == ""


def test_subset_keeps_costs_of_the_labels_it_keeps(tmp_path: Path) -> None:
    """The cost of a label that is left out goes with it."""
    taxonomy = load_taxonomy(save(tmp_path, COSTLY))

    cut = taxonomy.subset({"mood": ("good", "odd"), "queue": ("a", "b")})

    assert cut.tasks["mood"].miss_cost == {"good": 0.5}
    assert cut.costs("queue").missed.tolist() == [1, 1]


def test_shipped_taxonomy_explains_every_label() -> None:
    """Each shipped label has a description, examples and counter-examples."""
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")

    assert set(taxonomy.tasks) == {"category", "priority", "sentiment"}
    assert taxonomy.tasks["priority"].ordinal
    for task in taxonomy.tasks.values():
        assert task.description
        for label in task.labels.values():
            assert label.description
            assert label.examples
            assert label.counter_examples


def test_folder_is_no_taxonomy(tmp_path: Path) -> None:
    """A folder given for the file is refused by name."""
    with pytest.raises(ConfigError, match="not readable"):
        load_taxonomy(tmp_path)
