"""The command line ``triage-train`` from end to end, on a small export."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import TASKS, messages, tiny_encoder, tiny_export
from training.cli import main
from triage.predictions import added_columns
from triage.rows import column_names, read_rows, write_rows
from triage.settings import CHECKOUT

Run = Callable[..., int]
READ = ("--text", "text", "--label", "category=category", "--language", "language")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle_folder: Path) -> Run:
    """Run the command line in this process with a home of its own and return the exit code."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    # One process: starting others costs more than these fits.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["triage-train", *(str(a) for a in arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0)

    return call


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write all messages as one export."""
    return tiny_export(tmp_path_factory.mktemp("export") / "tickets.csv")


def test_wrong_use_exits_with_two(run: Run, export: Path, tmp_path: Path) -> None:
    """Missing files, columns, bundles and malformed options are wrong use."""
    assert run("check", tmp_path / "none.csv", *READ) == 2
    assert run("check", export, "--text", "body", "--label", "category=category") == 2
    assert run("fit", export, "--text", "text", "--label", "category") == 2
    assert run("fit", export, *READ, "--base", "starter", "--only") == 2
    assert run("evaluate", "nobody", export, *READ) == 2
    assert run("evaluate", "starter", export, *READ, "--profile", "huge") == 2
    assert run("evaluate", "starter", export, "--text", "text", "--label", "queue=category") == 2


@pytest.mark.parametrize("value", ["category=1.5", "category=high", "categroy=0.9", "0.9"])
def test_bad_contract_exits_with_two(run: Run, export: Path, value: str) -> None:
    """A contract needs a task that is trained and a number between 0 and 1."""
    assert run("fit", export, *READ, "--automate-precision", value) == 2


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("[precision.mood]\nautomate = 0.9", 2, "mood, which no --label has"),
        ("[precision.category.labels]\nbilling = 0.9", 2, "no label billing"),
        ("[costs.category]\nby_hand = 0", 2, "costs.category.by_hand"),
        ("[precision.category.labels]\nservice = 0.999", 1, "label service: no threshold keeps"),
    ],
)
def test_config_is_wrong_use_or_a_broken_contract(
    run: Run,
    export: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    code: int,
    told: str,
) -> None:
    """What means nothing exits with two, a contract that cannot be kept with one; no bundle."""
    config = tmp_path / "decide.toml"
    config.write_text(text, encoding="utf-8")

    assert run("fit", export, *READ, "--config", config, "--out", tmp_path / "out") == code
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_errors_name_the_problem_and_the_fix(
    run: Run, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes wrong is said in one line with its code, without a stack."""
    run("check", export, "--text", "body", "--label", "category=category")

    err = " ".join(capsys.readouterr().err.split())
    assert "invalid_export:" in err
    assert "no column named 'body'" in err
    assert "Traceback" not in err


def test_check_finds_blockers(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A label outside the taxonomy is shown with its row, and the exit code is one."""
    table = messages()
    table[2] = {**table[2], "category": "billing"}
    write_rows(tmp_path / "a.csv", table, list(table[0]))

    code = run("check", tmp_path / "a.csv", *READ, "--taxonomy", CHECKOUT / "data/taxonomy.toml")

    out = capsys.readouterr().out
    assert code == 1
    assert "no label 'billing'" in out
    assert "Rows 3." in out
    assert "1 blockers" in out


def test_check_of_good_rows_passes(
    run: Run, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good rows are counted by language and label."""
    assert run("check", export, *READ) == 0

    out = capsys.readouterr().out
    assert "96 rows; languages: en 24, da 24, ro 24, zh 24" in out
    assert "category: service 48, technical_support 48" in out
    assert "0 blockers" in out


def test_failed_contract_exits_with_one(
    run: Run, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A precision that the data cannot keep is a failed gate, and no bundle is left."""
    contract = ("--automate-precision", "category=0.999", "--out", tmp_path / "out")

    assert run("fit", export, *READ, *contract) == 1

    assert "gate_failed:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_from_export_to_labelled_rows(
    run: Run, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An encoder folder trains a bundle that carries it; evaluate measures and labels every row."""
    encoder = tiny_encoder(tmp_path / "encoder", "mine")
    choice = ("--encoder", encoder, "--out", tmp_path / "out", "--json", "-")

    assert run("fit", export, *READ, "--map", "category:service=help", *choice) == 0

    figures = json.loads(capsys.readouterr().out)
    folder = Path(figures["bundle_path"])
    assert folder == (tmp_path / "out" / figures["bundle"]).resolve()
    assert (folder / "encoders" / "mine" / "rows.npy").is_file()
    assert figures["rows"]["train"] + figures["rows"]["test"] == 96
    assert set(figures["tasks"]["category"]["per_label"]) == {"help", "technical_support"}

    labelled, scored = tmp_path / "labelled.csv", tmp_path / "figures.json"
    renamed = ("--map", "category:service=help")
    written = ("--json", scored, "--predictions", labelled)
    assert run("evaluate", folder, export, *READ, *renamed, *written) == 0

    report = json.loads(scored.read_text(encoding="utf-8"))["tasks"]["category"]
    rows = list(read_rows(labelled))
    own = column_names(export)
    assert column_names(labelled) == [*own, *added_columns(["category"], 0), "true_category"]
    assert [{name: row[name] for name in own} for row in rows] == list(read_rows(export))
    assert report["n"] == len(rows) == 96
    right = sum(row["triage_category"] == row["true_category"] for row in rows)
    assert right / 96 == pytest.approx(report["accuracy"])


def test_heads_of_the_champion_are_kept(
    run: Run, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the champion's encoders a run of one task keeps its other tasks."""
    figures = tmp_path / "figures.json"

    assert run("fit", export, *READ, "--json", figures) == 0

    made = json.loads(figures.read_text(encoding="utf-8"))
    assert "carried over from starter: priority, sentiment" in capsys.readouterr().err
    assert set(made["tasks"]) == {"category"}
    labels = [part for task in TASKS for part in ("--label", f"{task}={task}")]
    again = ("--text", "text", *labels, "--profile", "tiny", "--json", "-")
    assert run("evaluate", made["bundle"], export, *again) == 0
    assert set(json.loads(capsys.readouterr().out)["tasks"]) == set(TASKS)


def test_table_labelled_before_is_refused(run: Run, tmp_path: Path) -> None:
    """Predictions never overwrite a column of the export."""
    table = [{**row, "triage_category": "x"} for row in messages()[:8]]
    write_rows(tmp_path / "a.csv", table, list(table[0]))
    out = tmp_path / "labelled.csv"

    assert run("evaluate", "starter", tmp_path / "a.csv", *READ, "--predictions", out) == 2
    assert not out.exists()


@pytest.mark.parametrize("command", ["check", "fit", "evaluate"])
def test_help_shows_an_example(run: Run, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself with an example."""
    assert run(command, "--help") == 0

    assert "Example: triage-train" in capsys.readouterr().out


def test_places_that_cannot_be_written_are_refused_first(
    run: Run, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Targets are looked at before any work, and the system's refusals are no stack."""
    (tmp_path / "file").touch()
    (tmp_path / "d.csv").mkdir()
    lost = tmp_path / "none" / "p.csv"

    assert run("fit", export, *READ, "--out", tmp_path / "file") == 2
    assert run("fit", export, *READ, "--out", tmp_path / "file" / "below") == 2
    assert run("fit", export, *READ, "--json", tmp_path) == 2
    assert run("fit", export, *READ, "--base", "nope") == 2
    assert run("check", tmp_path / "d.csv", *READ) == 2
    assert run("evaluate", "starter", export, *READ, "--predictions", lost) == 2
    assert run("evaluate", "starter", export, *READ, "--predictions", tmp_path / "d.csv") == 2

    shown = capsys.readouterr()
    assert "reading the exports" not in shown.err
    assert "accuracy" not in shown.err + shown.out


def test_rename_slips_are_told(run: Run, export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown task of --map is wrong use; a value that never occurs is a warning."""
    assert run("check", export, *READ, "--map", "prio:P1=urgent") == 2
    assert run("check", export, *READ, "--map", "category:Service=service") == 0

    assert "category:Service=service: the value never occurs" in capsys.readouterr().out


def test_truth_stands_as_it_was_scored(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """True labels are stripped and renamed, empty where a row has none; strange ones are told."""
    cells = [" service ", "Help", "N/A", "billing"]
    table = [{**row, "category": cell} for row, cell in zip(messages(), cells, strict=False)]
    write_rows(tmp_path / "a.csv", table, list(table[0]))
    out = tmp_path / "labelled.csv"
    also = ("--label", "queue=category", "--map", "category:Help=service", "--predictions", out)

    assert run("evaluate", "starter", tmp_path / "a.csv", *READ, *also) == 0

    labels = [row["true_category"] for row in read_rows(out)]
    assert labels == ["service", "service", "", "billing"]
    err = " ".join(capsys.readouterr().err.split())
    assert "warning: the bundle has no task queue" in err
    assert "category has no label billing 1" in err


def test_labels_of_another_bundle_are_refused(
    run: Run, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the bundle knows no label of the export, both sets are named and nothing is scored."""
    wrong = ("--text", "text", "--label", "category=sentiment")

    assert run("evaluate", "starter", export, *wrong) == 2

    err = " ".join(capsys.readouterr().err.split())
    assert "service" in err
    assert "negative" in err


def test_desk_exports_need_no_columns_of_the_message(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The format is found, and only the labels have to be named."""
    folder = Path(__file__).parent / "exports"

    code = run("check", folder / "zendesk.ndjson", "--label", "topic=custom_fields.42")

    out = capsys.readouterr().out
    assert code == 0
    assert "zendesk.ndjson: zendesk; text first_message, subject subject, time created_at" in out
    assert "3 rows" in out
    assert "topic: shipping 1, refund 1, (none) 1" in out
    assert run("check", folder / "zendesk.ndjson", "--label", "topic=topik") == 2
    assert run("check", folder / "zendesk.ndjson", "--label", "a=b", "--format", "zendes") == 2
    assert run("check", folder / "tickets.json", "--label", "queue=route.queue") == 2


def test_other_formats_are_fitted_and_evaluated(run: Run, tmp_path: Path) -> None:
    """Any format goes the whole way, and predictions stand beside its own columns."""
    export, out = tmp_path / "tickets.json", tmp_path / "labelled.csv"
    export.write_text(json.dumps({"tickets": messages()}), encoding="utf-8")
    encoder = tiny_encoder(tmp_path / "encoder", "mine")
    figures = tmp_path / "figures.json"
    choice = ("--encoder", encoder, "--out", tmp_path / "out", "--json", figures)

    assert run("fit", export, *READ, *choice) == 0

    bundle = json.loads(figures.read_text(encoding="utf-8"))["bundle_path"]
    assert run("evaluate", bundle, export, *READ, "--format", "json", "--predictions", out) == 0
    rows = list(read_rows(out))
    assert [row["text"] for row in rows] == [row["text"] for row in messages()]
    assert [row["true_category"] for row in rows] == [row["category"] for row in messages()]


def test_check_writes_its_report_as_json(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures alone stand on standard output; a bad target is refused before reading."""
    table = [{**row, "category": "service"} for row in messages()]
    write_rows(tmp_path / "a.csv", table, list(table[0]))

    assert run("check", tmp_path / "a.csv", *READ, "--json", tmp_path) == 2
    assert run("check", tmp_path / "a.csv", *READ, "--json", "-") == 1

    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert [one["code"] for one in report["findings"] if one["level"] == "blocker"] == ["one_label"]
    assert "fewer than two labels" in shown.err
