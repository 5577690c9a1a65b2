"""The command line ``triage``: labelling a message or a file without a server."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import TASKS, messages, tiny_export
from triage.cli import main
from triage.predictions import added_columns
from triage.rows import column_names, read_rows

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle_folder: Path) -> Run:
    """Run the command line in this process over the tiny bundle and return the exit code."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["triage", *(str(a) for a in arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0)

    return call


def test_wrong_use_exits_with_two(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing to label, two things to label, unknown bundles and columns are wrong use."""
    export = tiny_export(tmp_path / "a.csv")
    out = tmp_path / "out.csv"

    assert run("classify") == 2
    assert run("classify", "hello", "--file", export, "--out", out) == 2
    assert run("classify", "--file", export) == 2
    assert run("classify", "hello", "--bundle", "nobody") == 2
    assert run("classify", "--file", export, "--text", "body", "--out", out) == 2
    assert run("classify", "--file", export, "--out", tmp_path / "none" / "out.csv") == 2
    assert not out.exists()
    assert "Traceback" not in capsys.readouterr().err


def test_file_is_labelled_row_by_row(run: Run, tmp_path: Path) -> None:
    """Every row comes back once, in order, its own columns first."""
    export, out = tiny_export(tmp_path / "a.csv.gz"), tmp_path / "out.tsv"

    assert run("classify", "--file", export, "--language", "language", "--out", out) == 0

    own, rows = column_names(export), list(read_rows(out))
    assert column_names(out) == [*own, *added_columns(TASKS, 0)]
    assert [{name: row[name] for name in own} for row in rows] == messages()
    right = sum(row["triage_category"] == row["category"] for row in rows)
    assert right / len(rows) > 0.9


def test_hostile_rows_run_through(run: Run, tmp_path: Path) -> None:
    """Empty, endless, broken and half characters each get their row, and none stops the file."""
    texts = ["", "🙂" * 50, "<" * 100_000, "\ud800", "x" * 30_000, "\x00", "NaN", "<p>" * 5_000]
    source, out = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    assert run("classify", "--file", source, "--out", out) == 0

    assert [row["text"] for row in read_rows(out)] == texts


def test_table_without_rows_keeps_its_columns(run: Run, tmp_path: Path) -> None:
    """A header alone gives a header alone."""
    (tmp_path / "a.csv").write_text("id,text\n")

    assert run("classify", "--file", tmp_path / "a.csv", "--out", tmp_path / "out.csv") == 0

    assert column_names(tmp_path / "out.csv")[:2] == ["id", "text"]


@pytest.mark.parametrize("profile", ["twin", "tiny"])
def test_one_message_is_answered_as_json(
    run: Run, profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is that of the API, evidence included."""
    text = "the app shows a blank page, here is the order number"

    assert run("classify", text, "--profile", profile) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer["model"]["profile"] == profile
    assert answer["labels"]["category"]["label"] == "technical_support"
    for item in answer["labels"]["category"]["evidence"]:
        assert text[item["start"] : item["end"]] == item["text"]


@pytest.mark.parametrize("command", ["serve", "classify"])
def test_help_shows_an_example(run: Run, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself with an example."""
    assert run(command, "--help") == 0

    assert "Example: triage" in capsys.readouterr().out


def test_places_that_cannot_be_used_exit_with_two(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder is neither a table to read nor one to write."""
    export = tiny_export(tmp_path / "a.csv")
    (tmp_path / "d.csv").mkdir()

    assert run("classify", "--file", tmp_path / "d.csv", "--out", tmp_path / "out.csv") == 2
    assert run("classify", "--file", export, "--out", tmp_path / "d.csv") == 2
    assert capsys.readouterr().err.count("invalid_export:") == 2


def test_columns_of_all_json_rows_are_kept(run: Run, tmp_path: Path) -> None:
    """A column that the first row lacks is written; one that labelling writes is refused."""
    source, out = tmp_path / "a.jsonl", tmp_path / "out.csv"
    source.write_text('{"text": "hello"}\n{"text": "bye", "note": "kept"}\n')

    assert run("classify", "--file", source, "--out", out) == 0
    assert [row["note"] for row in read_rows(out)] == ["", "kept"]

    source.write_text('{"text": "hello"}\n{"text": "bye", "triage_language": "x"}\n')
    assert run("classify", "--file", source, "--out", out) == 2
