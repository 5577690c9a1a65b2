"""What blocks a run, and what deserves a look."""

from dataclasses import replace

import pytest

from tests.builders import examples_of
from training.config import Columns
from training.validate import MIN_EXAMPLES, Finding, inspect, refuse
from triage.errors import ExportError
from triage.labeling.taxonomy import LabelSpec, TaskSpec, Taxonomy

TAXONOMY = Taxonomy(tasks={"kind": TaskSpec(labels={"x": LabelSpec(), "y": LabelSpec()})})


def found(*pairs: tuple[str, str], taxonomy: Taxonomy | None = None) -> dict[str, Finding]:
    """Inspect rows given as text and label; findings by code."""
    examples = examples_of([{"text": t, "kind": k} for t, k in pairs], ["kind"])
    return {finding.code: finding for finding in inspect(examples, taxonomy)}


def test_unknown_label_blocks_with_its_rows() -> None:
    """A label outside the taxonomy is refused by name and row, with the way to rename it."""
    finding = found(("a", "x"), ("b", "Z9"), ("c", "y"), ("d", "Z9"), taxonomy=TAXONOMY)[
        "unknown_label"
    ]

    assert finding.level == "blocker"
    assert finding.rows == (2, 4)
    assert "'Z9'" in finding.message
    assert "--map kind:Z9=LABEL" in finding.message


def test_any_label_is_fine_without_a_taxonomy() -> None:
    """Tasks that no taxonomy defines take every label."""
    assert "unknown_label" not in found(("a", "x"), ("b", "Z9"))


@pytest.mark.parametrize("rows", [[("a", "x"), ("b", "x")], [("a", ""), ("b", "")]])
def test_one_label_blocks(rows: list[tuple[str, str]]) -> None:
    """A task with one label, or none, teaches nothing."""
    assert found(*rows)["one_label"].level == "blocker"


def test_blockers_are_raised_with_their_row() -> None:
    """The first blocker becomes the error; the number of others is told."""
    findings = list(found(("a", "Z1"), ("b", "Z2"), taxonomy=TAXONOMY).values())
    findings += [Finding("blocker", "other", "Another.")]

    with pytest.raises(ExportError, match="Rows 2") as caught:
        refuse(findings)

    assert caught.value.row == 2
    assert "more blockers" in caught.value.fix


def test_warnings_are_not_raised() -> None:
    """Only blockers stop a run."""
    refuse([Finding("warning", "rare_label", "Few.")])


def test_blockers_come_first() -> None:
    """A reader sees what stops the run before what weakens it."""
    examples = examples_of([{"text": "", "kind": "x"}, {"text": "b", "kind": "x"}], ["kind"])

    levels = [finding.level for finding in inspect(examples, None)]

    assert levels == sorted(levels)
    assert set(levels) == {"blocker", "warning"}


def test_weak_spots_are_listed() -> None:
    """Empty texts, twins, contradictions, blanks and rare labels each have their rows."""
    findings = found(("", "x"), ("same", "x"), ("same", "y"), ("other", ""), ("other", "y"))

    assert findings["empty_text"].rows == (1,)
    assert findings["duplicate_text"].rows == (3, 5)
    assert findings["contradictory_twins"].rows == (3,)
    assert findings["no_label"].rows == (4,)
    assert str(MIN_EXAMPLES) in findings["rare_label"].message


def test_long_lists_of_rows_are_cut() -> None:
    """A line names five rows and counts the rest."""
    line = Finding("warning", "x", "Look.", tuple(range(1, 9))).line()

    assert line == "warning: Look. Rows 1, 2, 3, 4, 5 and 3 more."


def test_renames_that_never_apply_are_told() -> None:
    """A value of --map that the export lacks is a likely slip; one that occurs is not."""
    renames = {"kind": {"P1": "x", "P9": "y"}}
    examples = replace(
        examples_of([{"text": "a", "kind": "x"}], ["kind"]), cells={"kind": frozenset({"P1"})}
    )

    findings = inspect(examples, None, Columns("text", {"kind": "kind"}, renames=renames))

    told = [finding.message for finding in findings if finding.code == "unused_map"]
    assert told == ["--map kind:P9=y: the value never occurs in the export."]


def test_blank_dates_are_told() -> None:
    """Rows without a date are told with what `fit` asks for instead of a split by time."""
    examples = examples_of(
        [{"text": "a", "kind": "x", "time": "2026-01-01"}, {"text": "b", "kind": "y"}], ["kind"]
    )

    findings = inspect(examples, None, Columns("text", {"kind": "kind"}, time="when"))

    finding = next(finding for finding in findings if finding.code == "no_time")
    assert (finding.level, finding.rows) == ("warning", (2,))
    assert "--split group" in finding.message
