"""The store as a labelling queue: what people and models contradict each other on comes first."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import messages
from tests.training.told import Teller, decided_all, telling
from training.audit.queue import reasons_of, urgency
from training.cli import main
from training.config import Columns
from triage.rows import Row, column_names, read_rows, write_rows

Run = Callable[..., tuple[int, str]]
CATEGORY = ("--label", "category=category.settled")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    bundle_folder: Path,
) -> Run:
    """Run the command line in this process; return the exit code and all that was printed."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["triage-train", *(str(a) for a in arguments)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out = capsys.readouterr()
        return code, out.out + out.err

    return call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Write a store in which agents corrected, contradicted, edited, and a challenger disagreed."""
    folder = tmp_path / "told"
    folder.mkdir()
    with telling(f"sqlite:///{folder / 'triage.db'}", decided_all(messages())) as teller:
        speak(teller)
    return folder


def speak(teller: Teller) -> None:
    """Say something about the first messages."""
    for number in range(1, 61):
        teller.say(number, f"agent-{number}", messages()[number - 1]["category"])
    teller.say(70, "ann", "service")
    teller.say(70, "bob", "technical_support")
    teller.dispute(72)
    teller.say(74, "ann", events=("rejected",))


def chosen(path: Path) -> dict[str, Row]:
    """Read what was chosen, by decision."""
    return {row["number"]: row for row in read_rows(path)}


def test_queue_begins_with_contradictions(run: Run, home: Path, tmp_path: Path) -> None:
    """Settled messages are labelled; the rest is chosen by doubt and by what the journal says."""
    out = tmp_path / "next.csv"

    code, shown = run("next", "champion", home, "--count", 20, *CATEGORY, "--out", out)

    rows = list(read_rows(out))
    found = chosen(out)
    assert code == 0, shown
    assert "of 36 unlabelled messages chosen" in shown
    assert all(int(row["number"]) > 60 for row in rows)
    assert [row["number"] for row in rows[:2]] == ["70", "72"]
    assert found["70"]["triage_why"] == "contradiction"
    assert found["72"]["triage_why"] == "disputed"
    assert found["74"]["triage_why"] == "touched"
    assert "asked for by the journal: contradiction 1, disputed 1, touched 1" in shown
    assert {row["category.settled"] for row in rows} == {""}


def test_column_to_fill_in_is_found_without_being_named(
    run: Run, home: Path, tmp_path: Path
) -> None:
    """The service's own decision is no label: people's column is filled in."""
    out = tmp_path / "next.csv"

    code, shown = run("next", "champion", home, "--count", 5, "--out", out)

    names = column_names(out)
    assert code == 0, shown
    assert names[0] != "category"
    assert {"category.settled", "priority.settled", "triage_category"} <= set(names)
    assert "fill in category.settled" in shown


def test_filled_in_sheet_is_an_export(run: Run, home: Path, tmp_path: Path) -> None:
    """What was chosen and labelled is read back by the same column."""
    out, filled = tmp_path / "next.csv", tmp_path / "filled.csv"
    run("next", "champion", home, "--count", 20, *CATEGORY, "--out", out)
    truth = {str(n): row["category"] for n, row in enumerate(messages(), start=1)}
    rows = [{**row, "category.settled": truth[row["number"]]} for row in read_rows(out)]
    write_rows(filled, rows, list(rows[0]))

    code, shown = run("check", filled, "--text", "text", "--language", "language", *CATEGORY)

    assert code in {0, 1}, shown
    assert "20 rows" in shown


def test_labels_of_people_are_audited(run: Run, home: Path) -> None:
    """The store is an export like any other."""
    code, shown = run("audit", home, *CATEGORY)

    assert code == 0, shown
    assert "60" in shown


def test_other_exports_have_no_queue(run: Run, tmp_path: Path) -> None:
    """Their sheets have no column for it."""
    path, out = tmp_path / "new.csv", tmp_path / "next.csv"
    table = [{key: row[key] for key in ("id", "language", "text")} for row in messages()]
    write_rows(path, table, list(table[0]))

    code, shown = run("next", "champion", path, "--text", "text", "--count", 3, "--out", out)

    assert code == 0, shown
    assert "triage_why" not in column_names(out)
    assert "asked for by the journal" not in shown


def test_reasons_add_up(home: Path) -> None:
    """A contradiction weighs more than all that is not one, for the tasks asked about."""
    reasons = reasons_of([home], Columns("", {}), ["category"])
    other = reasons_of([home], Columns("", {}), ["priority"])

    assert reasons[69] == ("contradiction",)
    assert reasons[71] == ("disputed",)
    assert reasons[0] == ()
    assert other[69] == other[71] == ()
    assert urgency([("contradiction",), ("disputed", "touched"), ()]).tolist() == [1.0, 0.75, 0.0]
    assert urgency([]).shape == (0,)
