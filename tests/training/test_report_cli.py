"""The command ``triage-train report`` from end to end."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import messages, tiny_export
from training.cli import main
from triage.rows import write_rows

Run = Callable[..., tuple[int, str]]


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
        monkeypatch.setattr(
            sys, "argv", ["triage-train", "report", *(str(one) for one in arguments)]
        )
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        else:
            code = 0
        shown = capsys.readouterr()
        return code, " ".join((shown.out + shown.err).split())

    return call


def test_report_of_a_bundle_on_an_export(run: Run, tmp_path: Path) -> None:
    """Page and JSON are written, with channels and the curve that the bundle recorded."""
    table = [{**row, "via": "chat"} for row in messages()]
    write_rows(tmp_path / "a.csv", table, list(table[0]))
    out = tmp_path / "deep.html"
    code, shown = run(
        *("champion", tmp_path / "a.csv", "--text", "text", "--label", "category=category"),
        *("--channel", "via", "--out", out),
    )
    content = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    task = content["tasks"][0]

    assert code == 0, shown
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert task["groups"]["channel"][0]["group"] == "chat"
    assert task["learning"]["points"]
    assert task["champion"]["missing"] == "This bundle is the champion."


def test_place_that_cannot_be_written_is_refused_first(run: Run, tmp_path: Path) -> None:
    """A missing folder stops the command before the bundle is loaded."""
    code, shown = run(
        *("champion", tmp_path / "none.csv", "--text", "text", "--label", "category=category"),
        *("--out", tmp_path / "nowhere" / "report.html"),
    )

    assert code == 2
    assert "--out" in shown
    assert "no such folder" in shown


def test_rows_without_labels_give_no_report(run: Run, tmp_path: Path) -> None:
    """Where no row answers a task of the bundle, the command says so and writes nothing."""
    table = [{**row, "category": ""} for row in messages()]
    write_rows(tmp_path / "a.csv", table, list(table[0]))
    out = tmp_path / "report.html"
    code, shown = run(
        *("champion", tmp_path / "a.csv", "--text", "text", "--label", "category=category"),
        *("--out", out),
    )

    assert code == 2
    assert "No row can be scored" in shown
    assert not out.exists()


def test_unknown_rival_is_refused(run: Run, tmp_path: Path) -> None:
    """A bundle to compare with that does not exist is named."""
    export = tiny_export(tmp_path / "a.csv")
    code, shown = run(
        *("champion", export, "--text", "text", "--label", "category=category"),
        *("--against", "nobody", "--out", tmp_path / "report.html"),
    )

    assert code == 2
    assert "nobody" in shown
