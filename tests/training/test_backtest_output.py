"""What a backtest prints and writes, and the command itself."""

import csv
import json
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.training.test_backtest import history, replayed
from training.backtest.page import write
from training.backtest.table import share_table, show
from training.cli import main
from triage.errors import ExportError, InputError
from triage.settings import Settings

Run = Callable[..., int]
READ = ("--text", "text", "--label", "category=category", "--time", "created")


@pytest.fixture
def report(settings: Settings, tmp_path: Path) -> dict[str, Any]:
    """Replay a small history once."""
    return replayed(settings, history(tmp_path))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle_folder: Path) -> Run:
    """Run the command line in this process with a home of its own and return the exit code."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    # A narrow terminal would break the tables that are looked for.
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["triage-train", *(str(a) for a in arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0)

    return call


def test_wrong_use_exits_with_two(run: Run, tmp_path: Path) -> None:
    """Options that contradict each other, bad periods and places are refused at once."""
    path = history(tmp_path)

    assert run("backtest", path, *READ, "--every", "quarter") == 2
    assert run("backtest", path, *READ, "--base", "starter", "--only") == 2
    assert run("backtest", path, *READ, "--out", tmp_path) == 2
    assert run("backtest", path, *READ, "--out", path / "inside") == 2
    assert run("backtest", path, *READ, "--minutes-saved", "-1") == 2
    assert run("backtest", path, *READ, "--bundle", "nobody") == 2
    assert run("backtest", path, "--text", "text", "--label", "category=category") == 2


def test_command_prints_and_writes(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle is replayed to a table that states its assumption, and to files beside it."""
    out = tmp_path / "replayed"
    asked = ("--bundle", "starter", "--minutes-saved", "3", "--cost", "category:service=4")

    assert run("backtest", history(tmp_path), *READ, *asked, "--out", out) == 0

    printed = capsys.readouterr().out
    assert "saves 3 minutes" in printed
    assert "missing service 4" in printed
    assert "2020-04" in printed
    written = json.loads((out / "backtest.json").read_text(encoding="utf-8"))
    assert written["assumptions"]["minutes_saved"] == 3


def test_folder_is_whole_and_self_contained(report: dict[str, Any], tmp_path: Path) -> None:
    """Page, table, figures and one plot a task are written; the page loads nothing from outside."""
    out = tmp_path / "new" / "replayed"

    write(report, out)

    assert {path.name for path in out.iterdir()} == {
        "backtest.json",
        "backtest.csv",
        "backtest.html",
        "backtest-1.svg",
        "backtest-2.svg",
    }
    page = (out / "backtest.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert not [word for word in ("<script", "src=", "@import", "<link") if word in page]
    with (out / "backtest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["task"], row["period"]) for row in rows[:2]] == [
        ("category", "2020-02"),
        ("category", "2020-03"),
    ]
    assert len(rows) == 6


def test_plots_are_the_same_each_time(report: dict[str, Any], tmp_path: Path) -> None:
    """The same figures give the same bytes."""
    write(report, tmp_path / "a")
    write(report, tmp_path / "b")

    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_existing_folder_is_left_alone(report: dict[str, Any], tmp_path: Path) -> None:
    """An earlier result is never mixed with a new one."""
    (tmp_path / "old").mkdir()

    with pytest.raises(InputError, match="exists already"):
        write(report, tmp_path / "old")

    assert list((tmp_path / "old").iterdir()) == []


def test_failed_writing_leaves_nothing(report: dict[str, Any], tmp_path: Path) -> None:
    """Where the folder cannot be written there is no half of it either."""
    parent = tmp_path / "parent"
    parent.mkdir()

    with pytest.raises(ExportError, match="cannot be written"):
        write(report, parent / ("x" * 254))

    assert list(parent.iterdir()) == []


def test_labels_cannot_break_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    """Names from an export are text, never markup."""
    report["tasks"] = {"<b>&$x": report["tasks"]["priority"]}
    report["tasks"]["<b>&$x"]["warnings"] = ["label '<script>' is new"]

    write(report, tmp_path / "out")

    page = (tmp_path / "out" / "backtest.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "<script" not in page


def test_table_has_a_row_a_period(report: dict[str, Any]) -> None:
    """Every task prints its periods, uncut on 80 columns, and what precision was asked for."""
    console = Console(width=80, record=True, file=StringIO())

    show(console, report)

    text = console.export_text()
    assert "2020-03" in text
    assert "…" not in text
    assert "Precision asked: automatic 0.95, suggested 0.8." in text


def test_many_labels_share_a_column() -> None:
    """The commonest labels have columns of their own, the rest stands together."""
    periods = [{"period": "2020-01", "n": 10, "shares": {"a": 0.5, "b": 0.3, "c": 0.2}}]

    names, rows = share_table(periods, 1)

    assert names == ["period", "a", "2 others"]
    assert rows == [["2020-01", "50%", "50%"]]
