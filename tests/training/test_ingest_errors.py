"""Exports that cannot be read: the file, the row and the fix are named, never what is in it."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from tests.unit.storage.samples import entry
from training.config import Columns
from training.ingest.export import open_export
from triage.bounds import MAX_CELL
from triage.errors import ExportError, InputError, StoreError
from triage.storage.store import Store

PRIVATE = "my card is 4111"


def refused(path: Path, columns: Columns | None = None) -> ExportError:
    """Read an export to its end and return what it is refused with."""
    with pytest.raises(ExportError) as caught:
        list(open_export(path, columns or Columns("text", {})).rows())
    assert PRIVATE not in str(caught.value)
    assert caught.value.fix
    return caught.value


def test_unknown_format_names_all_formats() -> None:
    """A wrong --format is wrong use."""
    with pytest.raises(InputError, match="no such format") as caught:
        open_export(Path("a.csv"), Columns("text", {}, format="excell"))

    assert "excel" in caught.value.fix


@pytest.mark.parametrize("name", ["a.doc", "a.xls", "a"])
def test_unknown_ending_is_refused(tmp_path: Path, name: str) -> None:
    """What cannot be known is asked for."""
    (tmp_path / name).write_text(PRIVATE, encoding="utf-8")

    assert "--format" in refused(tmp_path / name).fix


@pytest.mark.parametrize("name", ["a.json", "a.parquet", "a.xlsx", "a.yml", "a.csv", "a.db"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """No reader hides that there is no file."""
    assert "there is no such file" in str(refused(tmp_path / name))


def test_missing_text_column_is_asked_for(tmp_path: Path) -> None:
    """Formats without a text of their own need --text."""
    path = tmp_path / "a.csv"
    path.write_text("body,label\na,b\n", encoding="utf-8")

    assert refused(path, Columns("", {})).field == "--text"


def test_default_text_must_be_there(tmp_path: Path) -> None:
    """A dataset whose message has another name is refused, not read as empty."""
    (tmp_path / "train.jsonl").write_text('{"sentence": "a", "label": "x"}', encoding="utf-8")

    error = refused(tmp_path, Columns("", {"l": "label"}))

    assert (error.field, "sentence" in error.fix) == ("text", True)


def test_column_that_no_row_has_is_named(tmp_path: Path) -> None:
    """Where rows differ, a name is wrong only when none has it."""
    path = tmp_path / "a.json"
    path.write_text('[{"text": "a"}, {"text": "b", "kind": "x"}]', encoding="utf-8")

    rows = list(open_export(path, Columns("text", {"t": "kind"})).rows())
    error = refused(path, Columns("text", {"t": "kimd"}))

    assert [row["kind"] for row in rows] == ["", "x"]
    assert "'kimd' (read as json)" in str(error)
    assert "text, kind" in error.fix


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (f'[{{"text": "a"}}, {{"text": "{PRIVATE}"', 2),
        (f'{{"text": "a"}}\n{{"text": "{PRIVATE}" oops}}\n', 2),
        (f'[{{"text": "a"}}, "{PRIVATE}"]', 2),
        (f'{{"tickets": [{{"text": "a"}}, 7, "{PRIVATE}"]}}', 2),
        (PRIVATE, 1),
        ('[{"text": "a"}] {"text": "b"}', 2),
        ('{"text": ' + "[" * 200_000 + "]" * 200_000 + "}", 1),
        ("[[[[", 1),
    ],
)
def test_broken_json_names_the_row(tmp_path: Path, content: str, row: int) -> None:
    """Cut-off, malformed, foreign and undecodable records are told by their place."""
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    assert refused(path).row == row


def test_place_in_a_list_is_told_as_a_path(tmp_path: Path) -> None:
    """The JSON path counts from zero, as JSON paths do."""
    path = tmp_path / "a.json"
    path.write_text('{"tickets": [{"text": "a"}, 7]}', encoding="utf-8")

    assert "row 2 (JSON path tickets[1])" in str(refused(path))


@pytest.mark.parametrize("name", ["a.json", "a.yml", "a.csv"])
def test_other_encodings_are_told(tmp_path: Path, name: str) -> None:
    """What is not UTF-8 is told with the command that converts it."""
    (tmp_path / name).write_bytes(b'{"text": "caf\xe9"}')

    assert "iconv" in refused(tmp_path / name).fix


@pytest.mark.parametrize(
    "record",
    [
        {"raw_subject": 1, "comments": [5, None], "custom_fields": {"a": 1}, "requester_id": [1]},
        {"raw_subject": "s", "submitter_id": [2], "description": {"a": 1}, "custom_fields": [3]},
        {"helpdesk_ticket": {"priority": [1], "source": 10, "notes": [1, None, {"note": 4}]}},
        {"title": "x", "articles": [1, {"sender": 5}, {"sender": {}}], "customer": [1]},
        {"data": {"text": "a"}, "annotations": [7, {"result": [{"value": {"choices": 5}}]}]},
        {"text": "a", "label.responses": 5, "label": [{"value": [1], "status": "submitted"}]},
    ],
)
def test_records_of_odd_shapes_are_no_crash(tmp_path: Path, record: dict[str, object]) -> None:
    """Fields of unexpected types are read as empty or as text."""
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(record), encoding="utf-8")
    columns = Columns("text", {}, format="dataset" if "text" in record else None)

    (row,) = open_export(path, replace(columns, text="")).rows()

    assert all(isinstance(cell, str) for cell in row.values())


def test_giant_cell_is_refused(tmp_path: Path) -> None:
    """A cell longer than any message is named by row and column."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": "x" * (MAX_CELL + 1)}]), encoding="utf-8")

    assert (refused(path).row, refused(path).field) == (1, "text")


def test_deep_nesting_stays_one_cell(tmp_path: Path) -> None:
    """What lies deep is no column of its own."""
    path = tmp_path / "a.json"
    value: object = "x"
    for _ in range(50):
        value = {"a": value}
    path.write_text(json.dumps([{"text": "t", "b": value}]), encoding="utf-8")

    (row,) = open_export(path, Columns("text", {})).rows()

    assert sorted(row) == ["b.a.a.a", "text"]


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx"])
@pytest.mark.parametrize("content", [PRIVATE.encode(), b"", b"PAR1" + PRIVATE.encode() + b"PAR1"])
def test_damaged_binary_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Damage is no stack."""
    (tmp_path / name).write_bytes(content)

    assert "damaged" in str(refused(tmp_path / name))


def test_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """Any archive may be called .xlsx."""
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("note.txt", PRIVATE)

    assert "no .xlsx workbook" in str(refused(tmp_path / "a.xlsx"))


def test_column_twice_in_a_workbook_is_named(tmp_path: Path) -> None:
    """Which of the two was meant nobody can know."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["text", "kind", "kind"])
    book.worksheets[0].append([PRIVATE, "a", "b"])
    book.save(tmp_path / "a.xlsx")

    assert refused(tmp_path / "a.xlsx").field == "kind"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("stories: []\n", "no key nlu"),
        ("- a\n- b\n", "no mapping"),
        (f"nlu:\n  - intent: a\n    examples: |\n      - b\n  - {PRIVATE}\n", "line 5"),
        (f'nlu:\n  - intent: "{PRIVATE}\n', "no valid YAML"),
        ("nlu: &a\n  - intent: *a\n", "alias"),
        ("nlu:\n  - intent: a\n    examples:\n      - note: x\n", "line 2"),
        ("nlu:\n  - intent: [a, b]\n", "line 2"),
        ("nlu:\n  - intent: a\n    examples: {b: c}\n", "line 2"),
        ("nlu:\n", "nlu is no list"),
        ("nlu: " + "[" * 50 + "]" * 50, "nested too deeply"),
        ("", "the file is empty"),
    ],
)
def test_broken_rasa_files_name_the_line(tmp_path: Path, content: str, where: str) -> None:
    """Every other YAML is refused by line, aliases too."""
    (tmp_path / "nlu.yml").write_text(content, encoding="utf-8")

    assert where in str(refused(tmp_path / "nlu.yml"))


@pytest.mark.parametrize("line", [f'BUG,{PRIVATE},"more"', PRIVATE, f'BUG,"{PRIVATE}'])
def test_broken_comprehend_rows_are_named(tmp_path: Path, line: str) -> None:
    """Too many cells, too few and an open quote are told by row."""
    (tmp_path / "a.csv").write_text(f"BUG,a\n{line}\n", encoding="utf-8")

    assert refused(tmp_path / "a.csv", Columns("", {}, format="comprehend")).row == 2


def test_desk_table_without_text_is_refused(tmp_path: Path) -> None:
    """Headings in another language are asked for."""
    (tmp_path / "a.csv").write_text(f"Id,Betreff\n1,{PRIVATE}\n", encoding="utf-8")

    error = refused(tmp_path / "a.csv", Columns("", {}, format="zendesk"))

    assert "Id, Betreff" in error.fix


def test_folder_without_data_is_refused(tmp_path: Path) -> None:
    """A folder of save_to_disk is told how to be written for exchange."""
    assert "no Parquet or JSON Lines" in str(refused(tmp_path))
    (tmp_path / "data.arrow").touch()
    assert "to_parquet" in refused(tmp_path).fix


def test_journal_without_texts_names_the_setting(tmp_path: Path) -> None:
    """Nothing can be learnt from a journal that keeps no text."""
    with Store.open(f"sqlite:///{tmp_path / 'triage.db'}") as store:
        store.journal("none", str).append([entry()])

    assert refused(tmp_path).field == "TRIAGE_STORE_TEXT"


def test_other_databases_are_no_journal(tmp_path: Path) -> None:
    """A damaged store and a path without one are refused; none is created."""
    (tmp_path / "a.db").write_bytes(b"SQLite format 3\x00" + b"x" * 200)
    forced = Columns("", {}, format="journal")

    with pytest.raises(StoreError, match="cannot be used"):
        list(open_export(tmp_path / "a.db", forced).rows())
    assert "no such store" in str(refused(tmp_path / "b.db", forced))
    assert not (tmp_path / "b.db").exists()
