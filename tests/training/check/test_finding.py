"""Findings: how they are written, sorted and raised."""

import pytest

from tests.training.check.rows import inspected, rows_of, table
from training.check.finding import KEPT, Finding, Marks, Place, about, ordered, percent, refuse
from triage.errors import ExportError


def test_long_lists_of_rows_are_cut() -> None:
    """A line names five rows and counts the rest."""
    places = tuple(Place("a.csv", row) for row in range(1, 9))

    line = Finding("warning", "x", "Look.", "Do.", 1_200, (), places).line()

    assert line == "warning: Look. Rows 1, 2, 3, 4, 5 and 1,195 more. Fix: Do."


def test_rows_of_several_files_carry_their_names() -> None:
    """A row number alone says nothing where there are two files."""
    places = (Place("a.csv", 1), Place("a.csv", 7), Place("b.csv", 2))

    assert Finding("note", "x", "Look.", "", 3, (), places).rows() == "a.csv 1, 7; b.csv 2"


def test_rows_kept_are_bounded() -> None:
    """All rows are counted, a thousand are kept."""
    marks = Marks()
    for at in range(KEPT + 5):
        marks.add(at)

    finding = marks.finding("note", "x", "Look.", "")

    assert (finding.count, len(finding.positions)) == (KEPT + 5, KEPT)
    assert len(about("note", "x", "Look.", "", range(KEPT + 5)).positions) == KEPT


def test_blockers_come_first() -> None:
    """A reader sees what stops the run before what weakens it."""
    findings = [Finding(level, level, "") for level in ("note", "blocker", "warning", "blocker")]

    levels = [finding.level for finding in ordered(findings)]

    assert levels == ["blocker", "blocker", "warning", "note"]


def test_blockers_are_raised_with_their_row() -> None:
    """The first blocker becomes the error; the number of others is told."""
    findings = inspected(table(["", "one", "two"], ["a", "a", "a"]))
    findings += [Finding("blocker", "other", "Another.")]
    located = Finding("blocker", "first", "First.", "", 1, (1,), (Place("a.csv", 2),))

    with pytest.raises(ExportError, match="Rows 2") as caught:
        refuse([located, *findings])

    assert caught.value.row == 2
    assert "2 more blockers" in caught.value.fix


def test_warnings_are_not_raised() -> None:
    """Only blockers stop a run."""
    refuse([Finding("warning", "rare_label", "Few."), Finding("note", "x", "Look.")])


def test_small_shares_are_never_nothing() -> None:
    """One of a million is not zero percent."""
    assert percent(1, 1_000_000) == "under 0.1 %"
    assert percent(0, 10) == "0.0 %"
    assert percent(1, 8) == "12.5 %"


def test_rows_read_already_have_their_places() -> None:
    """Findings on examples name file and row of the export."""
    findings = {one.code: one for one in inspected(table(["one", "", "two"]))}

    assert rows_of(findings["empty_text"]) == [2]
    assert findings["empty_text"].places[0].file == "tiny"
