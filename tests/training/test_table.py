"""Exports to examples: what is refused by name and row, and what is read."""

from pathlib import Path

import pytest

from training.config import Columns
from training.datasets import Examples
from training.ingest.table import read_export, read_exports
from triage.errors import ExportError
from triage.text.language import LanguageIdentifier

COLUMNS = Columns("text", {"kind": "label"})


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    """Load the identifier once."""
    return LanguageIdentifier(("en", "da", "ro", "zh"))


def read(
    folder: Path, content: str, identifier: LanguageIdentifier, columns: Columns = COLUMNS
) -> Examples:
    """Write an export and read it."""
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    return read_export(path, columns, identifier)


def test_export_without_rows_is_refused(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """A header alone teaches nothing."""
    with pytest.raises(ExportError, match="no row in it"):
        read(tmp_path, "text,label\n", identifier)


def test_missing_label_column_is_named(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """The column of a task must exist."""
    with pytest.raises(ExportError, match="no column named 'label'"):
        read(tmp_path, "text,other\na,b\n", identifier)


def test_duplicate_id_names_both_rows(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """An id that stands twice is refused with both rows."""
    with pytest.raises(ExportError, match="row 3: the id '7' stands already in row 1") as caught:
        read(tmp_path, "id,text,label\n7,a,x\n8,b,y\n7,c,x\n", identifier)

    assert (caught.value.row, caught.value.field) == (3, "id")


@pytest.mark.parametrize("cell", ["yesterday", "31/12/2025", "2025-13-01", "1700000000"])
def test_date_that_is_none_is_refused(
    tmp_path: Path, identifier: LanguageIdentifier, cell: str
) -> None:
    """Dates that do not sort by time are refused by row, without their cell."""
    columns = Columns("text", {"kind": "label"}, time="when")
    content = f"text,label,when\na,x,2025-12-31\nb,y,{cell}\n"

    with pytest.raises(ExportError, match="row 2") as caught:
        read(tmp_path, content, identifier, columns)

    assert caught.value.field == "when"
    assert cell not in str(caught.value)


def test_dates_are_brought_to_one_zone(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """Dates of several zones and shapes sort by the moment they mean."""
    columns = Columns("text", {"kind": "label"}, time="when")
    cells = [
        "2026-01-01T01:00:00+02:00",
        "2025-12-31T23:30:00Z",
        "2026-01-01",
        "20260101T000001",
        "",
    ]
    content = "text,label,when\n" + "".join(f"t,x,{cell}\n" for cell in cells)

    times = read(tmp_path, content, identifier, columns).times

    assert list(times[:4]) == sorted(times[:4])
    assert times[0] == "2025-12-31T23:00:00+00:00"
    assert times[4] == ""


@pytest.mark.parametrize("cell", ["", " ", "null", "None", "N/A", "nan"])
def test_cells_that_mean_no_label(
    tmp_path: Path, identifier: LanguageIdentifier, cell: str
) -> None:
    """Empty cells and the usual words for nothing leave the task unanswered."""
    examples = read(tmp_path, f"text,label\nhello,{cell}\nbye,x\n", identifier)

    assert examples.labels["kind"] == ("", "x")
    assert examples.answered("kind").tolist() == [False, True]


def test_renames_apply_before_anything_is_ignored(
    tmp_path: Path, identifier: LanguageIdentifier
) -> None:
    """A word for nothing is a label when somebody maps it to one."""
    columns = Columns("text", {"kind": "label"}, renames={"kind": {"none": "low", "P1": "urgent"}})

    examples = read(tmp_path, "text,label\na,none\nb, P1 \nc,other\n", identifier, columns)

    assert examples.labels["kind"] == ("low", "urgent", "other")


def test_texts_are_cleaned_as_serving_does(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """HTML is decoded where the column says so, and the subject stands first."""
    columns = Columns("text", {"kind": "label"}, subject="title", content_type="type")
    content = (
        "title,text,label,type\n"
        "Late parcel,<p>Where is <b>it</b>?</p>,x,text/html\n"
        ",1 <b> 2,y,text/plain\n"
    )

    examples = read(tmp_path, content, identifier, columns)

    assert examples.texts == ("Late parcel\nWhere is it?", "1 <b> 2")


def test_declared_language_is_kept_for_reports(
    tmp_path: Path, identifier: LanguageIdentifier
) -> None:
    """Figures go by the export's own code; routing goes by what serving would find."""
    columns = Columns("text", {"kind": "label"}, language="lang")
    content = (
        "text,label,lang\n"
        "Where is the parcel that I ordered last week?,x, EN \n"
        "Jeg kan ikke logge ind på min konto i dag,y,\n"
    )

    examples = read(tmp_path, content, identifier, columns)

    assert examples.declared == ("en", "da")
    assert examples.languages == ("en", "da")


def test_rows_without_ids_of_two_files_stay_apart(
    tmp_path: Path, identifier: LanguageIdentifier
) -> None:
    """The first rows of two exports are no group."""
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        path.write_text(f"text,label\nhello from {path.stem},x\n", encoding="utf-8")

    groups = [read_export(path, COLUMNS, identifier).groups[0] for path in paths]

    assert groups[0] != groups[1]


def test_group_column_groups_and_blanks_do_not(
    tmp_path: Path, identifier: LanguageIdentifier
) -> None:
    """Rows of one requester share a group; rows without a requester have their own."""
    columns = Columns("text", {"kind": "label"}, group="who")

    examples = read(
        tmp_path, "id,text,label,who\n1,a,x,ann\n2,b,x,ann\n3,c,x,\n4,d,x,\n", identifier, columns
    )

    assert examples.groups == ("ann", "ann", "3", "4")


def test_ids_of_two_exports_must_differ(tmp_path: Path, identifier: LanguageIdentifier) -> None:
    """An id in two files is refused with both; rows without ids never clash."""
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for number, path in enumerate(paths):
        path.write_text(f"id,text,label\n{number},a,x\n7,b,y\n", encoding="utf-8")

    with pytest.raises(ExportError, match=r"b\.csv, row 2: the id '7' .*a\.csv, row 2"):
        read_exports(paths, COLUMNS, identifier)

    for path in paths:
        path.write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    assert len(read_exports(paths, COLUMNS, identifier)) == 4


def test_content_types_are_read_as_mail_writes_them(
    tmp_path: Path, identifier: LanguageIdentifier
) -> None:
    """Case and parameters do not hide HTML."""
    columns = Columns("text", {"kind": "label"}, content_type="type")
    content = "text,label,type\n<p>one</p>,x,TEXT/HTML\n<p>two</p>,y,text/html; charset=utf-8\n"

    assert read(tmp_path, content, identifier, columns).texts == ("one", "two")
