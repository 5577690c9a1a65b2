"""Exports checked row by row, and the same blockers refused by a fit."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.builders import tiny_config
from tests.training.check.rows import (
    COLUMNS,
    IDENTIFIER,
    rows_of,
    surveyed,
    table,
    text_of,
    write,
)  # fmt: skip
from training.check.report import figures, lines, show
from training.check.survey import Survey, survey
from training.config import Columns
from training.run import prepare
from triage.errors import ExportError
from triage.labeling.taxonomy import load_taxonomy

BLOCKERS = Path(__file__).parent / "blockers"
FULL = Columns("text", {"queue": "queue"}, time="created")
TAXONOMY = BLOCKERS / "taxonomy.toml"


def check(path: Path, taxonomy: Path | None = None) -> Survey:
    """Check an export of the fixtures."""
    fixed = load_taxonomy(taxonomy) if taxonomy else None
    return survey([path], FULL, fixed, IDENTIFIER, lambda: datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("path", sorted(BLOCKERS.glob("*.csv")), ids=lambda path: path.stem)
def test_each_blocker_is_found_and_refused(path: Path) -> None:
    """What check blocks, fit refuses; each blocker has an export with it alone."""
    taxonomy = TAXONOMY if path.stem == "unknown_label" else None

    found = check(path, taxonomy)

    assert [one.code for one in found.findings if one.level == "blocker"] == [path.stem]
    assert all(one.fix for one in found.findings)
    with pytest.raises(ExportError):
        prepare(tiny_config(exports=(path,), columns=FULL, taxonomy=taxonomy), lambda _: None)


def test_rows_before_a_broken_one_are_reported(tmp_path: Path) -> None:
    """What ends reading is told with its row, beside what was found before."""
    path = write(tmp_path / "a.csv", table([text_of(1), "", text_of(2)]))
    path.write_text(path.read_text(encoding="utf-8") + "one,two,three\n", encoding="utf-8")

    found = survey([path], COLUMNS, None, IDENTIFIER)

    assert rows_of(found.findings[0]) == [4]
    assert found.rows == 3
    assert "empty_text" in {one.code for one in found.findings}


def test_files_without_rows_and_missing_columns_are_wrong_use(tmp_path: Path) -> None:
    """These are told as they are, not as a finding."""
    (tmp_path / "empty.csv").write_text("text,queue\n", encoding="utf-8")
    path = write(tmp_path / "a.csv", table(["x", "y"]))

    for exports, columns in (
        ([tmp_path / "empty.csv"], COLUMNS),
        ([tmp_path / "none.csv"], COLUMNS),
        ([path], Columns("body", {"queue": "queue"})),
    ):
        with pytest.raises(ExportError):
            survey(exports, columns, None, IDENTIFIER)


def test_several_files_are_one_run(tmp_path: Path) -> None:
    """Twins and ids are found across files, and rows carry the name of theirs."""
    first = write(tmp_path / "a.csv", table([text_of(1), text_of(2)], id=["1", "2"]))
    other = write(tmp_path / "b.csv", table([text_of(3), text_of(1)], id=["2", ""]))

    found = {one.code: one for one in survey([first, other], COLUMNS, None, IDENTIFIER).findings}

    assert found["duplicate_text"].rows() == "2"
    assert [(one.file, one.row) for one in found["duplicate_id"].places] == [("b.csv", 1)]
    assert [(one.file, one.row) for one in found["contradictory_twins"].places] == [
        ("a.csv", 1),
        ("b.csv", 2),
    ]


def test_huge_cell_is_a_blocker_and_no_crash(tmp_path: Path) -> None:
    """A cell that no message is as long as ends reading, with its row."""
    rows = table([text_of(1), "word " * 1_000_000])

    found = surveyed(tmp_path, rows)

    assert found.findings[0].code == "broken_row"
    assert rows_of(found.findings[0]) == [2]


def report_of(found: Survey, *, terminal: bool) -> str:
    """Show a report on a console of 90 columns."""
    out = StringIO()
    show(found, Console(file=out, force_terminal=terminal, width=90, color_system=None))
    return out.getvalue()


def test_report_reads_well_on_a_terminal_and_in_a_log(tmp_path: Path) -> None:
    """Both say the same; the log has one line a finding."""
    found = surveyed(tmp_path, table(["", *(text_of(at) for at in range(5))], ["a[b]"] * 6))

    pretty, plain = report_of(found, terminal=True), report_of(found, terminal=False)

    assert len(plain.splitlines()) == len(lines(found))
    for shown in (pretty, plain):
        assert "one_label" in shown or "fewer than two labels" in shown
        assert "a[b]" in shown
        assert "1 blockers, " in shown
        assert "empty after cleaning" in " ".join(shown.split())


def test_figures_are_json_with_rows_and_fixes(tmp_path: Path) -> None:
    """A program reads code, level, rows and fix of each finding."""
    rows = table([text_of(1), "", text_of(2)], created=["2026-05-01", "2026-05-02", "2026-05-03"])
    columns = Columns("text", COLUMNS.labels, time="created")

    found = json.loads(json.dumps(figures(surveyed(tmp_path, rows, columns))))

    empty = next(one for one in found["findings"] if one["code"] == "empty_text")
    assert empty["rows"] == [{"file": "tickets.csv", "row": 2}]
    assert empty["fix"]
    assert found["rows"] == 3
    assert found["period"] == ["2026-05-01", "2026-05-03"]
    assert found["tasks"]["queue"] == {"a": 2, "b": 1}
    assert found["blockers"] == 0
    assert found["warnings"] + found["notes"] == len(found["findings"])


def test_sampling_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not every row was looked at closely, the report says how many were."""
    monkeypatch.setattr("training.check.checker.BOUND", 4)
    found = surveyed(tmp_path, table([text_of(at) for at in range(40)]))

    assert found.step == 8
    assert any("every 8th row was looked at (5 of 40)" in line for line in lines(found))
