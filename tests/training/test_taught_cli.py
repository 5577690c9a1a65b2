"""``triage-train fit --feedback`` from end to end."""

import json
import sys
from pathlib import Path

import pytest

from tests.builders import tiny_export
from tests.training.test_taught import correct, new_messages
from tests.training.told import decided_all, telling
from training.cli import main

Call = tuple[int, str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Write a store in which one agent set thirty labels and three others one each."""
    folder = tmp_path / "told"
    folder.mkdir()
    with telling(f"sqlite:///{folder / 'triage.db'}", decided_all(new_messages())) as teller:
        correct(teller, range(1, 31), lambda _: "mallory-77")
        correct(teller, range(31, 34), lambda number: f"agent-{number}")
    return folder


def fit(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    models: Path,
    *extra: object,
) -> Call:
    """Run the command and return exit code and what was printed."""
    export = tiny_export(tmp_path / "a.csv")
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(models))
    monkeypatch.setenv("COLUMNS", "200")
    arguments = ["fit", export, "--text", "text", "--language", "language", "--only"]
    arguments += ["--label", "category=category", *extra]
    monkeypatch.setattr(sys, "argv", ["triage-train", *map(str, arguments)])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out + out.err


def test_feedback_is_learnt_within_the_cap(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    bundle_folder: Path,
    home: Path,
) -> None:
    """The terminal names who was over the cap; the figures name nobody."""
    figures = tmp_path / "figures.json"
    code, shown = fit(
        monkeypatch, capsys, tmp_path, bundle_folder.parent, "--feedback", home, "--json", figures
    )

    assert code == 0, shown
    assert "labels kept of agents over the cap: mallory-77 10 of 30" in shown
    record = json.loads(figures.read_text(encoding="utf-8"))["feedback"]
    assert record["capped"] == [{"given": 30, "kept": 10}]
    assert record["agents"] == 4
    assert "mallory" not in figures.read_text(encoding="utf-8")


def test_agent_is_left_unheard(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    bundle_folder: Path,
    home: Path,
) -> None:
    """What they set is not even counted."""
    code, shown = fit(
        monkeypatch, capsys, tmp_path, bundle_folder.parent,
        "--feedback", home, "--without-agent", "mallory-77",
    )  # fmt: skip

    assert code == 0, shown
    assert "feedback: 3 labels on 3 messages join training" in shown
    assert "mallory" not in shown.replace("--without-agent mallory-77", "")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (("--agent-cap", "2"), "--agent-cap must be above 0 and at most 1"),
        (("--feedback", "nowhere"), "there is no such store"),
    ],
)
def test_wrong_use_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    bundle_folder: Path,
    extra: tuple[str, ...],
    told: str,
) -> None:
    """Before anything is fitted."""
    code, shown = fit(monkeypatch, capsys, tmp_path, bundle_folder.parent, *extra)

    assert code == 2
    assert told in shown
