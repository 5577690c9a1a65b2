"""The commands ``audit`` and ``next`` from end to end, and the way back through check and fit."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import messages, tiny_config
from training.cli import main
from training.config import Columns
from training.run import prepare
from triage.rows import Row, column_names, read_rows, write_rows

Run = Callable[..., tuple[int, str]]
TURNED = {"service": "technical_support", "technical_support": "service"}
READ = ("--text", "text", "--language", "language")
TASK = ("--label", "category=category")
WRONG = ("en-3", "da-20")


def export(path: Path, table: list[Row]) -> Path:
    """Write rows as an export."""
    write_rows(path, table, list(table[0]))
    return path


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """Write the 96 messages, two of them with the wrong category and one twin."""
    table = [
        {**row, "category": TURNED[row["category"]]} if row["id"] in WRONG else dict(row)
        for row in messages()
    ]
    table[5]["text"] = "=" + table[5]["text"]
    table.append({**table[0], "id": "twin", "category": TURNED[table[0]["category"]]})
    channels = ("mail", "chat")
    table = [
        {**row, "why": "an own column", "channel": channels[i % 2]} for i, row in enumerate(table)
    ]
    return export(tmp_path / "tickets.csv", table)


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
        except SystemExit as caught:
            code = int(caught.code or 0)
        shown = capsys.readouterr()
        return code, " ".join((shown.out + shown.err).split())

    return call


def test_the_sheet_goes_out_and_comes_back(run: Run, tickets: Path, tmp_path: Path) -> None:
    """What an audit lists is corrected in the sheet and taken by check, fit and the next audit."""
    issues, figures = tmp_path / "issues.csv", tmp_path / "figures.json"
    code, shown = run(
        "audit", tickets, *READ, *TASK, "--by", "channel", "--out", issues, "--json", figures
    )
    lines = list(read_rows(issues))
    asked = {row["id"]: row for row in lines if row["task"] == "category"}

    assert code == 0
    assert "likely label error" in shown
    assert set(WRONG) <= set(asked)
    assert asked["twin"]["is_contradictory_twin_issue"] == "True"
    assert all(row["corrected_label"] == "" for row in lines)
    assert asked["en-3"]["export_why"] == "an own column"
    assert json.loads(figures.read_text(encoding="utf-8"))["contradictory_twins"]["category"] >= 2

    for row in lines:
        if row["id"] in WRONG:
            row["corrected_label"] = row["predicted_label"]
        if row["id"] == "twin":
            row["exclude"] = "x"
    export(issues, lines)

    columns = Columns("text", {"category": "category"}, language="language")
    told: list[str] = []
    config = tiny_config(exports=(tickets,), columns=columns, corrections=issues)
    prepared = prepare(config, told.append)
    assert any("labels changed: category 2; messages left out: 1" in line for line in told)
    assert len(prepared.train) + len(prepared.test) == 96
    ids = [*prepared.train.ids, *prepared.test.ids]
    labels = [*prepared.train.labels["category"], *prepared.test.labels["category"]]
    truth = {row["id"]: row["category"] for row in messages()}
    assert dict(zip(ids, labels, strict=True)) == truth

    code, shown = run(
        "audit", tickets, *READ, *TASK, "--corrections", issues, "--out", tmp_path / "again.csv"
    )
    assert code == 0
    again = {row["id"] for row in read_rows(tmp_path / "again.csv") if row["task"]}
    assert not again & {*WRONG, "twin"}


def test_a_changed_export_is_refused(run: Run, tickets: Path, tmp_path: Path) -> None:
    """Corrections of another state of the export stop the run with exit code 2."""
    issues = tmp_path / "issues.csv"
    run("audit", tickets, *READ, *TASK, "--out", issues, "--all")
    lines = [{**row, "exclude": "x"} for row in read_rows(issues)][:1]
    export(issues, lines)
    table = [{**row, "text": row["text"] + " and more"} for row in read_rows(tickets)]
    export(tickets, table)

    code, shown = run("audit", tickets, *READ, *TASK, "--corrections", issues)

    assert code == 2
    assert "texts of rows 1 are not those that were audited" in shown


def test_every_message_is_listed_when_asked(run: Run, tickets: Path, tmp_path: Path) -> None:
    """``--all`` gives each message and task a line, with cleanlab's columns and no formula."""
    issues = tmp_path / "issues.csv"

    code, _ = run("audit", tickets, *READ, *TASK, "--out", issues, "--all")

    rows = list(read_rows(issues))
    assert code == 0
    assert sum(row["task"] == "category" for row in rows) == 97
    assert any(row["text"].startswith("'=") for row in rows)
    assert issues.read_bytes().startswith(b"\xef\xbb\xbf")
    assert {"is_label_issue", "label_score", "given_label", "predicted_label"} <= rows[0].keys()
    assert {"is_outlier_issue", "near_duplicate_sets"} <= rows[0].keys()


def test_unknown_column_of_groups_is_refused(run: Run, tickets: Path) -> None:
    """A name under ``--by`` that no row has is wrong use."""
    code, shown = run("audit", tickets, *READ, *TASK, "--by", "brand")

    assert code == 2
    assert "--by brand" in shown


def test_few_rows_are_told(run: Run, tmp_path: Path) -> None:
    """Ten rows give a sentence, no table of guesses, and exit code 0."""
    code, shown = run("audit", export(tmp_path / "few.csv", messages()[7:17]), *READ, *TASK)

    assert code == 0
    assert "10 labelled rows are too few; 50 are needed" in shown


def test_next_writes_a_column_to_fill_in(run: Run, tmp_path: Path) -> None:
    """The chosen rows have a column to fill in, the export's own and the bundle's guess."""
    table = [{key: row[key] for key in ("id", "language", "text")} for row in messages()]
    new, out = export(tmp_path / "new.csv", table), tmp_path / "next.csv"

    code, shown = run(
        "next", "champion", new, *READ, "--label", "category=Queue", "--count", 12, "--out", out
    )

    rows = list(read_rows(out))
    assert code == 0
    assert len(rows) == 12
    assert "12 of 96 unlabelled messages chosen" in shown
    assert column_names(out)[:4] == ["Queue", "id", "language", "text"]
    assert rows[0]["triage_unsure_of"] == "category"
    assert len({row["language"] for row in rows}) == 4
    doubts = [float(row["triage_doubt"]) for row in rows]
    assert doubts == sorted(doubts, reverse=True)


def test_next_leaves_labelled_rows(run: Run, tmp_path: Path) -> None:
    """Rows with a label in the column are taken as labelled; with none left it says so."""
    table = [{**row, "Queue": row["category"]} for row in messages()]
    new = export(tmp_path / "new.csv", table)

    code, shown = run(
        "next", "champion", new, *READ, "--label", "category=Queue", "--out", tmp_path / "n.csv"
    )

    assert code == 2
    assert "No message is left" in shown


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (("--label", "mood=mood"), "no task 'mood'"),
        (("--count", "0"), "count must be at least 1"),
        (("--profile", "huge"), "huge"),
    ],
)
def test_wrong_use_of_next_is_refused(
    run: Run, tmp_path: Path, extra: tuple[str, ...], told: str
) -> None:
    """What the bundle lacks, and a count of nothing, is wrong use."""
    new = export(tmp_path / "new.csv", messages())

    code, shown = run("next", "champion", new, *READ, "--out", tmp_path / "n.csv", *extra)

    assert code == 2
    assert told in shown
