"""Taxonomies: what is refused, what is read, and how they are cut."""

from pathlib import Path

import pytest

from triage.errors import ConfigError
from triage.labeling.taxonomy import load_taxonomy
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
