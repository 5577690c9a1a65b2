"""Labels: unknown, too many, rare, misspelt, out of balance; and --map that never applies."""

from pathlib import Path

import pytest

from tests.training.check.rows import COLUMNS, found, inspected, rows_of, surveyed, table, text_of
from training.check.finding import Finding
from training.check.labels import MAX_EACH, MIN_EXAMPLES
from training.check.report import figures, lines
from training.check.spelling import distance, slips, variants
from training.config import Columns
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy

TAXONOMY = Taxonomy(tasks={"queue": TaskSpec(labels={"a": LabelSpec(), "b": LabelSpec()})})


def of(counts: dict[str, int], fixed: Taxonomy | None = None) -> dict[str, Finding]:
    """Inspect so many rows of each label; findings by code, the last of each."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    rows = table([text_of(at) for at in range(len(labels))], labels)
    return {one.code: one for one in inspected(rows, fixed=fixed)}


def test_unknown_label_blocks_with_its_rows() -> None:
    """A label outside the taxonomy is refused by name and row, with the way to rename it."""
    finding = of({"a": 2, "Z 9": 2, "b": 1}, TAXONOMY)["unknown_label"]

    assert finding.level == "blocker"
    assert rows_of(finding) == [3, 4]
    assert "no label 'Z 9'; its labels are a, b" in finding.message
    assert "--map 'queue:Z 9=LABEL'" in finding.fix


def test_many_unknown_labels_are_one_finding() -> None:
    """A wrong column does not flood the report."""
    rows = table([text_of(at) for at in range(40)], [f"label {at}" for at in range(40)])

    unknown = [one for one in inspected(rows, fixed=TAXONOMY) if one.code == "unknown_label"]

    assert len(unknown) == MAX_EACH + 1
    assert unknown[-1].count == 40 - MAX_EACH


def test_any_label_is_fine_without_a_taxonomy() -> None:
    """Tasks that no taxonomy defines take every label."""
    assert "unknown_label" not in of({"a": 1, "Z9": 1})


@pytest.mark.parametrize("counts", [{"a": 3}, {"": 3}])
def test_one_label_blocks(counts: dict[str, int]) -> None:
    """A task with one label, or none, teaches nothing."""
    assert of(counts)["one_label"].level == "blocker"


def test_twenty_thousand_labels_block_and_are_not_listed(tmp_path: Path) -> None:
    """A column of ids or texts is refused at once, and none of its cells is repeated."""
    rows = table([text_of(at) for at in range(20_000)], [f"secret {at}" for at in range(20_000)])

    findings = inspected(rows)

    crowd = next(one for one in findings if one.code == "too_many_labels")
    assert crowd.level == "blocker"
    assert "20,000 labels for 20,000 rows" in crowd.message
    assert not any("secret" in one.line() for one in findings)
    seen = surveyed(tmp_path, rows[:2_000])
    assert figures(seen)["tasks"]["queue"] is None
    assert "queue: 2,000 different values" in lines(seen)


def test_few_rows_a_label_are_free_text() -> None:
    """Sixty values in sixty rows are no labels, sixty in six hundred are."""
    assert "too_many_labels" in of({f"l{at}": 1 for at in range(60)})
    assert "too_many_labels" not in of({f"l{at}": 10 for at in range(60)})


def test_rare_labels_are_told_together() -> None:
    """One finding names the labels with few rows, another those with a single one."""
    findings = of({"often": 30, "seldom": 3, "hardly": 2, "once": 1})

    assert f"2 labels have fewer than {MIN_EXAMPLES} examples: 'hardly' 2, 'seldom' 3" in (
        findings["rare_label"].message
    )
    assert rows_of(findings["rare_label"]) == [31, 32, 33, 34, 35]
    assert "1 label has a single example" in findings["single_label"].message
    assert rows_of(findings["single_label"]) == [36]


def test_rows_without_label_are_told() -> None:
    """Blank cells leave the task."""
    finding = of({"a": 10, "": 2, "b": 10})["no_label"]

    assert rows_of(finding) == [11, 12]
    assert "2 rows (9.1 %)" in finding.message


def test_imbalance_is_told() -> None:
    """One label for nearly all rows is a warning, a hundredfold difference a note."""
    assert of({"a": 95, "b": 5})["imbalance"].level == "warning"
    assert of({"a": 800, "b": 400, "c": 8})["imbalance"].level == "note"
    assert "imbalance" not in of({"a": 60, "b": 40})


def test_one_label_written_in_two_ways_is_told_with_the_option() -> None:
    """Case, spaces and underscores alone make no other label."""
    finding = of({"Tech Support": 20, "tech_support": 4, "Billing": 20})["label_variant"]

    assert rows_of(finding) == [21, 22, 23, 24]
    assert finding.fix == "--map 'queue:tech_support=Tech Support'"


def test_a_slip_is_told_with_the_option() -> None:
    """A rare label one letter away from a common one is a likely slip."""
    finding = of({"billing": 40, "biling": 2, "refund": 40})["label_typo"]

    assert rows_of(finding) == [41, 42]
    assert finding.fix == "--map queue:biling=billing"


def test_labels_that_only_look_alike_are_left_alone() -> None:
    """Numbers, short words, words as common as each other and joined labels are no slips."""
    counts = {"level 1": 500, "level 2": 2, "low": 500, "now": 1, "inward": 500, "onward": 100}

    assert list(slips({**counts, "red|blue": 500, "red|blues": 1})) == []
    assert list(variants({"P1": 4, "P2": 1, "-": 2, "+": 1})) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("billing", "biling", 1), ("refund", "refnud", 1), ("a", "abcd", 3), ("kitten", "sitting", 3)],
)
def test_distance_counts_slips(one: str, other: str, expected: int) -> None:
    """A letter more, less, other, or two swapped count one each; beyond the bound it stops."""
    assert distance(one, other, 5) == expected
    assert distance(one, other, expected - 1) == expected


def test_renames_that_never_apply_are_told(tmp_path: Path) -> None:
    """A value of --map that the export lacks is a likely slip; one that occurs is not."""
    renames = {"queue": {"a": "b", "P9": "b"}}
    rows = table([text_of(at) for at in range(4)])

    finding = found(tmp_path, rows, Columns("text", COLUMNS.labels, renames=renames))["unused_map"]

    assert finding.message == "--map queue:P9=b: the value never occurs in the export."
