"""Sheets that people filled in, taken back or refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.builders import examples_of, messages
from training.corrections import (
    NEEDED,
    apply_corrections,
    corrected,
    guarded,
    text_fingerprint,
    unguarded,
)
from training.datasets import Examples
from triage.errors import ExportError
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy
from triage.rows import write_rows


@pytest.fixture
def examples() -> Examples:
    """Give the 96 messages with ids and all labels."""
    return examples_of(messages())


def line(examples: Examples, row: int, task: str = "category", **cells: str) -> dict[str, str]:
    """Write the sheet's line about a message."""
    return {
        "audit_id": examples.ids[row],
        "audit_source": examples.sources[row],
        "audit_row": str(examples.numbers[row]),
        "text_fingerprint": text_fingerprint(examples.texts[row]),
        "task": task,
        "given_label": examples.labels[task][row] if task else "",
        **cells,
    }


def sheet(folder: Path, *lines: Mapping[str, str]) -> Path:
    """Write a sheet."""
    path = folder / "issues.csv"
    write_rows(path, lines, NEEDED, marked=True)
    return path


def test_labels_are_replaced_and_rows_left_out(examples: Examples, tmp_path: Path) -> None:
    """A corrected label takes the place of the given one; an excluded message is gone."""
    path = sheet(
        tmp_path,
        line(examples, 0, corrected_label="technical_support"),
        line(examples, 1, "priority", exclude="X"),
        line(examples, 2),
    )

    done = apply_corrections(examples, path)

    assert done.examples.labels["category"][0] == "technical_support"
    assert len(done.examples) == 95
    assert examples.ids[1] not in done.examples.ids
    assert done.lines == ("issues.csv: labels changed: category 1; messages left out: 1",)
    assert done.settled == {(examples.ids[0], "category")}


def test_untouched_sheet_changes_nothing(examples: Examples, tmp_path: Path) -> None:
    """Lines that nobody filled in are no corrections."""
    done = apply_corrections(examples, sheet(tmp_path, line(examples, 0)))

    assert done.examples.fingerprint() == examples.fingerprint()
    assert "no line is filled in" in done.lines[0]


def test_confirmed_label_counts_as_settled(examples: Examples, tmp_path: Path) -> None:
    """A person may write the given label again: right as it was."""
    given = examples.labels["category"][0]

    done = apply_corrections(examples, sheet(tmp_path, line(examples, 0, corrected_label=given)))

    assert done.settled
    assert "labels changed: none" in done.lines[0]


def test_changed_text_is_refused(examples: Examples, tmp_path: Path) -> None:
    """A row whose text is another than at the audit stops the run, by its row in the sheet."""
    path = sheet(
        tmp_path,
        line(examples, 0, corrected_label="service"),
        line(examples, 3, exclude="x", text_fingerprint="t0"),
    )

    with pytest.raises(ExportError, match=r"texts of rows 2 are not those") as caught:
        apply_corrections(examples, path)

    assert caught.value.row == 2


def test_changed_label_is_refused(examples: Examples, tmp_path: Path) -> None:
    """A label that changed since the audit is not overwritten."""
    other = line(examples, 0, "priority", corrected_label="urgent", given_label="normal")

    with pytest.raises(ExportError, match="labels of rows 1 were changed"):
        apply_corrections(examples, sheet(tmp_path, other))


def test_applying_twice_is_harmless(examples: Examples, tmp_path: Path) -> None:
    """An export that was corrected already takes the same sheet."""
    path = sheet(tmp_path, line(examples, 0, corrected_label="technical_support"))
    once = apply_corrections(examples, path).examples

    assert apply_corrections(once, path).examples.fingerprint() == once.fingerprint()


def test_strange_rows_are_reported(examples: Examples, tmp_path: Path) -> None:
    """A line about a row that is not there is told by its row and not used."""
    path = sheet(
        tmp_path,
        line(examples, 0, corrected_label="technical_support"),
        line(examples, 1, exclude="x", audit_id="gone"),
    )

    done = apply_corrections(examples, path)

    assert len(done.examples) == 96
    assert "rows 2 belong to no row" in done.lines[1]


def test_sheet_of_another_export_is_refused(examples: Examples, tmp_path: Path) -> None:
    """When nothing fits, the exports are the wrong ones."""
    path = sheet(tmp_path, line(examples, 0, exclude="x", audit_id="gone"))

    with pytest.raises(ExportError, match="none of its 1 filled-in lines"):
        apply_corrections(examples, path)


def test_rows_without_ids_are_found_by_place(examples: Examples, tmp_path: Path) -> None:
    """Where the export has no ids, file and row number stand in for them."""
    path = sheet(tmp_path, line(examples, 4, exclude="1", audit_id=""))

    assert len(apply_corrections(examples, path).examples) == 95


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"corrected_label": "servce"}, "Did you mean 'service'"),
        ({"corrected_label": "service", "task": "mood"}, "no task 'mood'"),
        ({"corrected_label": "service", "task": ""}, "without a task"),
        ({"corrected_label": "service", "exclude": "x"}, "both filled in"),
        ({"exclude": "perhaps"}, "neither x nor empty"),
        ({"exclude": "x", "audit_row": "?"}, "no row number"),
    ],
)
def test_slips_are_refused_by_row(
    examples: Examples, tmp_path: Path, cells: dict[str, str], told: str
) -> None:
    """Each slip of the person who filled the sheet in is named with its row."""
    with pytest.raises(ExportError, match=r"issues\.csv, row 1: ") as caught:
        apply_corrections(examples, sheet(tmp_path, {**line(examples, 0), **cells}))

    assert told in str(caught.value)
    assert caught.value.row == 1


def test_contradicting_lines_are_refused(examples: Examples, tmp_path: Path) -> None:
    """Two labels for one message and task cannot both hold."""
    path = sheet(
        tmp_path,
        line(examples, 0, "priority", corrected_label="low"),
        line(examples, 0, "priority", corrected_label="high"),
    )

    with pytest.raises(ExportError, match="another corrected_label than in row 1"):
        apply_corrections(examples, path)


def test_foreign_table_is_refused(examples: Examples, tmp_path: Path) -> None:
    """A table that is no sheet is told by the column it lacks."""
    path = tmp_path / "other.csv"
    write_rows(path, [{"id": "1"}], ["id"])

    with pytest.raises(ExportError, match="no column named 'audit_id'"):
        apply_corrections(examples, path)


def test_taxonomy_allows_labels_that_no_row_has(examples: Examples, tmp_path: Path) -> None:
    """A label of the given taxonomy may be used before any row carries it."""
    labels = {name: LabelSpec() for name in ("service", "technical_support", "billing")}
    taxonomy = Taxonomy(tasks={"category": TaskSpec(labels=labels)})
    path = sheet(tmp_path, line(examples, 0, corrected_label="billing"))
    told: list[str] = []

    done = corrected(examples, path, taxonomy, told.append)

    assert done.labels["category"][0] == "billing"
    assert told


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-5", "-5"),
        ("-a", "'-a"),
        ("", ""),
        ("'quoted", "'quoted"),
    ],
)
def test_formulas_are_guarded_and_come_back(cell: str, kept: str) -> None:
    """A cell that a spreadsheet would run is marked; the mark comes off again."""
    assert guarded(cell) == kept
    assert unguarded(kept) == cell
