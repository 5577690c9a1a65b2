"""Exports as they should not be: refused by check and fit in one clear line, or taken as meant."""

import json
import os
from pathlib import Path

import pytest

from tests.builders import messages, tiny_config, tiny_encoder
from tests.training.check.rows import inspected
from tests.training.hostile.conftest import Run
from training.check.finding import refuse
from training.config import Columns
from training.ingest.table import read_export
from training.run import prepare
from triage.bounds import MAX_CELL, MAX_LINE
from triage.bundle.store import load_bundle
from triage.errors import ExportError
from triage.rows import write_rows
from triage.text.language import LanguageIdentifier

BLOCKERS = Path(__file__).parents[1] / "check" / "blockers"
TASK = ("--text", "text", "--label", "category=category")
QUEUE = ("--text", "text", "--label", "queue=queue", "--time", "created")
COLUMNS = Columns("text", {"category": "category"})
ODD = ("a\nb", "a|b", "x=y:z", '"quoted"', "it's [bold]", "🙂", "שלום", "<b>&</b>", "z" * 300)


def save(path: Path, content: str | bytes) -> Path:
    """Write a file as it is."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def labelled(path: Path, labels: tuple[str, ...], rows: int) -> Path:
    """Write messages whose last words tell their label, in turn."""
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota"]
    table = []
    for at, row in zip(range(rows), messages() * 9, strict=False):
        told = f"{row['text']} {words[at % len(labels)]} {words[at % len(labels)]}"
        table.append({"id": str(at), "text": told, "category": labels[at % len(labels)]})
    write_rows(path, table, ["id", "text", "category"])
    return path


@pytest.mark.parametrize("path", sorted(BLOCKERS.glob("*.csv")), ids=lambda path: path.stem)
def test_every_blocker_stops_both_commands_by_the_same_name(
    run: Run, tmp_path: Path, path: Path
) -> None:
    """Check exits with one, fit with two; both name the blocker once, and nothing is written."""
    taxonomy = ("--taxonomy", BLOCKERS / "taxonomy.toml") if path.stem == "unknown_label" else ()
    report = tmp_path / "check.json"

    assert run("check", path, *QUEUE, *taxonomy, "--json", report)[0] == 1
    code, told = run("fit", path, *QUEUE, *taxonomy, "--out", tmp_path / "out")

    found = json.loads(report.read_text(encoding="utf-8"))["findings"]
    assert path.stem in {one["code"] for one in found if one["level"] == "blocker"}
    assert code == 2
    assert told.count(f"invalid_export ({path.stem}):") == 1
    assert "blocker:" not in told
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "home").exists()


def test_broken_first_row_is_a_blocker_too(run: Run, tmp_path: Path) -> None:
    """A row is as broken at the top of a file as in its middle."""
    path = save(tmp_path / "a.csv", "text,category\na,b,c\n")

    code, told = run("check", path, *TASK)

    assert code == 1
    assert "3 cells under 2 columns" in told


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("dup.csv", "text,text,category\na,b,c\n", "'text' stands twice"),
        ("absent.csv", "body,category\na,b\n", "no column named 'text'"),
        ("empty.csv", "", "the file is empty"),
        ("header.csv", "text,category\n", "there is no row"),
        ("quote.csv", 'text,category\n"never closed,a\n', "broken quoting"),
        ("half.jsonl", '{"text": "a", "category": "b"}\n{"text": "a', "not a JSON object"),
    ],
)
def test_unusable_files_are_told_in_one_line(
    run: Run, tmp_path: Path, name: str, content: str, told: str
) -> None:
    """What cannot be read is named with its file, without a stack and without a bundle."""
    path = save(tmp_path / name, content)

    code, shown = run("fit", path, *TASK, "--out", tmp_path / "out")

    assert code == 2
    assert told in shown
    assert name in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "out").exists()


def test_second_export_with_other_columns_is_named(run: Run, tmp_path: Path) -> None:
    """Of two exports the one that lacks the column is named."""
    first = save(tmp_path / "first.csv", "text,category\nhello,a\nthere,b\n")
    other = save(tmp_path / "other.csv", "body,category\nhello,a\n")

    for command in ("check", "fit"):
        code, told = run(command, first, other, *TASK)
        assert code == 2
        assert "other.csv, row 1: no column named 'text'" in told


def test_text_as_label_is_refused(run: Run, tmp_path: Path) -> None:
    """The column of the message is no column of labels, and its values are not printed."""
    path = tmp_path / "a.csv"
    write_rows(path, messages(), ["id", "text"])

    code, told = run("fit", path, "--text", "text", "--label", "category=text")

    assert code == 2
    assert "invalid_export (too_many_labels): Task category has 96 labels for 96 rows" in told
    assert "blue jacket" not in told


def test_marks_line_ends_and_nuls_change_nothing(tmp_path: Path) -> None:
    """A byte order mark, CRLF, line breaks in quotes and NULs leave texts and labels whole."""
    content = '\ufefftext,category\r\n"my parcel\r\nis late",a\r\nthe app\0 crashes,b\r\n'

    read = read_export(save(tmp_path / "a.csv", content), COLUMNS, LanguageIdentifier(("en",)))

    assert read.labels["category"] == ("a", "b")
    assert read.texts == ("my parcel\nis late", "the app crashes")


@pytest.mark.parametrize("given", ["-", "pipe.csv", "/dev/stdin"])
def test_what_can_be_read_once_is_refused(run: Run, tmp_path: Path, given: str) -> None:
    """Pipes are refused before their first bytes are lost to a look at the format."""
    path: str | Path = given
    end, other = os.pipe()
    if given == "pipe.csv":
        path = tmp_path / given
        os.mkfifo(path)
    if given == "/dev/stdin":
        path = f"/dev/fd/{end}"

    code, told = run("check", path, *TASK)
    forced, _ = run("fit", path, *TASK, "--format", "csv")

    os.close(end)
    os.close(other)
    assert (code, forced) == (2, 2)
    assert "can be read only once. Save it as a file" in told


def test_huge_rows_are_never_held_whole(tmp_path: Path) -> None:
    """A cell longer than any message is named with its row; a longer line is not even read."""
    identifier = LanguageIdentifier(("en",))
    good = '{"text": "hello", "category": "a"}\n'
    cell = save(tmp_path / "cell.jsonl", good + json.dumps({"text": "x" * (MAX_CELL + 1)}))
    line = save(tmp_path / "line.jsonl", good + '{"text": "' + "x" * MAX_LINE + '"}\n')
    table = save(tmp_path / "line.csv", "text,category\nhello,a\n" + "x" * (MAX_LINE + 1))

    for path, told in ((cell, "row 2: the cell of 'text'"), (line, "line 2"), (table, "line 3")):
        with pytest.raises(ExportError, match=told) as caught:
            read_export(path, COLUMNS, identifier)
        assert caught.value.blocker == "broken_row"


def test_twenty_thousand_labels_are_refused() -> None:
    """A column of that many values holds no labels; none of them is printed."""
    table = [{"text": f"message {at}", "queue": f"value {at % 20_000}"} for at in range(40_000)]

    with pytest.raises(ExportError, match="has 20,000 labels for 40,000 rows") as caught:
        refuse(inspected(table))

    assert caught.value.blocker == "too_many_labels"
    assert "value 19" not in str(caught.value)


def test_label_of_one_row_is_told(tmp_path: Path) -> None:
    """A label that only the test side has is told as one that the bundle cannot know."""
    path = labelled(tmp_path / "a.csv", ("service", "technical"), 96)
    lone = 'alone,"the one row of its kind",alone\n'
    path.write_text(path.read_text(encoding="utf-8") + lone, encoding="utf-8")
    sides = set()

    for seed in range(8):
        told: list[str] = []
        config = tiny_config(exports=(path,), columns=COLUMNS, seed=seed)
        known = "alone" in prepare(config, told.append).taxonomy.labels("category")
        warned = any("has no label alone 1: each such row counts" in line for line in told)
        assert any("a single example, too few for any split: 'alone' 1" in line for line in told)
        assert known != warned
        sides.add(known)

    assert sides == {True, False}


def test_odd_labels_go_the_whole_way(run: Run, tmp_path: Path) -> None:
    """Labels with any characters come out of a bundle as they went in, each log line whole."""
    path = labelled(tmp_path / "a.csv", ODD, 9 * 12)
    encoder = tiny_encoder(tmp_path / "encoder", "mine")
    figures = tmp_path / "figures.json"

    assert "a\\nb 12" in run("check", path, *TASK)[1]
    code, told = run(
        "fit", path, *TASK, "--encoder", encoder, "--out", tmp_path / "out", "--json", figures
    )

    assert code == 0, told
    made = Path(json.loads(figures.read_text(encoding="utf-8"))["bundle_path"])
    taxonomy = load_bundle(made, tmp_path).manifest.taxonomy
    assert set(taxonomy.labels("category")) == set(ODD)
    page = (made / "report.html").read_text(encoding="utf-8")
    assert "<b>&</b>" not in page
