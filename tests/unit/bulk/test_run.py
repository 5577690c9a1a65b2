"""Labelling whole files: what is refused before any work, and what comes out."""

import gzip
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import TASKS
from tests.unit.bulk.tables import label, many, objects, save
from triage.bounds import MAX_CELL
from triage.bulk import units
from triage.errors import ConfigError, ExportError
from triage.predictions import added_columns
from triage.rows import Row, column_names, read_rows
from triage.settings import Settings

ADDED = added_columns(TASKS, 0)


def refused(settings: Settings, source: Path, **changes: object) -> ExportError:
    """Label a file that must be refused; nothing may be left behind."""
    folder = source.parent
    before = sorted(folder.iterdir())
    with pytest.raises(ExportError) as caught:
        label(settings, source, folder / "out.csv", **changes)
    assert sorted(folder.iterdir()) == before
    return caught.value


def test_all_broken_rows_are_named_at_once(settings: Settings, tmp_path: Path) -> None:
    """Width and encoding are told with row numbers before the work; no cell is quoted."""
    source = tmp_path / "in.csv"
    source.write_bytes(b"id,text\n1,good\n2,secret,more\n3,b\xe6d\n4\n5,good\n")

    error = refused(settings, source)

    assert error.row == 2
    assert error.problem == (
        "in.csv: 3 rows cannot be read: row 2: 3 cells under 2 columns; row 3: not UTF-8; "
        "row 4: 1 cells under 2 columns."
    )


def test_long_lists_of_broken_rows_are_cut(settings: Settings, tmp_path: Path) -> None:
    """Ten rows are named and the others counted."""
    source = tmp_path / "in.csv"
    source.write_text("id,text\n" + "1,2,3\n" * 200)

    assert "200 rows cannot be read" in refused(settings, source).problem
    assert "row 10:" in refused(settings, source).problem
    assert "and 190 more" in refused(settings, source).problem


def test_broken_json_rows_are_named(settings: Settings, tmp_path: Path) -> None:
    """No JSON, no object, no text column and cells without end are each told by their row."""
    source = tmp_path / "in.jsonl"
    lines = ['{"text": "a"}', "{broken", "[1]", '{"body": "b"}', '{"text": "%s"}']
    source.write_text("\n".join(lines) % ("x" * (MAX_CELL + 1)) + "\n")

    problem = refused(settings, source).problem

    assert "4 rows" in problem
    for number, what in ((2, "not a JSON"), (3, "list"), (4, "no column"), (5, "longer than")):
        assert f"row {number}: {what}" in problem.replace("a JSON list", "list").replace(
            "the cell of 'text' is longer", "longer"
        )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"text,text\na,b\n", "twice"),
        (b"t\xe6xt\na\n", "the header: not UTF-8"),
        (b"body\na\n", "no column named 'text'"),
        (b'text\n"never closed\n', "row 1: broken quoting"),
        (b"text,triage_language\na,b\n", "'triage_language' already"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    settings: Settings, tmp_path: Path, content: bytes, says: str
) -> None:
    """Each is refused with what is wrong."""
    source = tmp_path / "in.csv"
    source.write_bytes(content)

    assert says in refused(settings, source).problem


def test_damaged_gzip_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A file cut short is found before the work, not at its end."""
    source = save(tmp_path / "in.csv.gz", many(500))
    source.write_bytes(source.read_bytes()[:-200])

    assert "damaged gzip" in refused(settings, source).problem


def test_places_that_make_no_sense_are_refused(settings: Settings, tmp_path: Path) -> None:
    """A file is not written over itself, into a folder that is missing, or as who knows what."""
    source = save(tmp_path / "in.csv", many(2))

    for out, says in (
        (source, "the file that is read"),
        (tmp_path / "none" / "out.csv", "no such folder"),
        (tmp_path / "out.xlsx", "unknown format"),
        (tmp_path / "out.parquet.gz", "unknown format"),
    ):
        with pytest.raises(ExportError, match=says):
            label(settings, source, out)


def test_what_is_no_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A path without a file, a folder, and a pipe, which would wait for ever, are told."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")

    assert "no such file" in refused(settings, tmp_path / "none.csv").problem
    assert "cannot be read" in refused(settings, tmp_path / "folder.csv").problem
    assert "a pipe" in refused(settings, tmp_path / "pipe.csv").problem


def test_parquet_without_pyarrow_names_the_extra(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serving does without pyarrow, and says what to install for Parquet."""
    source = save(tmp_path / "in.csv", many(2))
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(ConfigError, match=r"\.\[parquet\]"):
        label(settings, source, tmp_path / "out.parquet")


def test_broken_parquet_is_refused(settings: Settings, tmp_path: Path) -> None:
    """No Parquet at all, and text that is no UTF-8, are told; the latter by its row."""
    nothing = tmp_path / "no.parquet"
    nothing.write_bytes(b"PAR1 but not really")
    broken = pa.array([b"fine", b"b\xe6d", b"fine"])
    texts = pa.Array.from_buffers(pa.string(), 3, broken.buffers())
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": texts}), source)

    assert "no Parquet file" in refused(settings, nothing).problem
    assert "row 2: the cell of 'text' is not UTF-8" in refused(settings, source).problem


@pytest.mark.parametrize("inside", [".csv", ".tsv.gz", ".jsonl", ".parquet"])
@pytest.mark.parametrize("outside", [".csv", ".tsv", ".csv.gz", ".jsonl", ".parquet"])
def test_every_row_comes_back_once_in_order(
    settings: Settings, tmp_path: Path, inside: str, outside: str
) -> None:
    """Whatever the formats, the given cells come back with the same labels beside them."""
    given = many(70)
    source = save(tmp_path / f"in{inside}", given)

    out = label(settings, source, tmp_path / f"out{outside}")

    rows = _read(out)
    assert list(rows[0]) == ["n", "text", "note", *ADDED]
    assert [{name: row[name] for name in given[0]} for row in rows] == given
    right = [
        row["triage_category"]
        for row in _read(label(settings, save(tmp_path / "x.csv", given), tmp_path / "y.csv"))
    ]
    assert [row["triage_category"] for row in rows] == right


def _read(path: Path) -> Sequence[Row]:
    if path.suffix != ".parquet":
        return list(read_rows(path))
    rows = pq.read_table(path).to_pylist()
    return [
        {name: str(value or "") if name != "n" else str(value) for name, value in row.items()}
        for row in rows
    ]


def test_parquet_keeps_its_types(settings: Settings, tmp_path: Path) -> None:
    """Numbers, dates to the nanosecond, lists, categories, nulls and notes of the schema stay."""
    count = 2 * units.ROWS + 9
    table = pa.table(
        {
            "id": pa.array(range(count), pa.int32()),
            "text": pa.array([None, "my parcel", "the app"] * count).slice(0, count),
            "at": pa.array([1_700_000_000_123_456_789] * count, pa.timestamp("ns", "UTC")),
            "tags": pa.array([["a", "b"], None, []] * count).slice(0, count),
            "kind": pa.array(["x", "y", None] * count).slice(0, count).dictionary_encode(),
        }
    ).replace_schema_metadata({"note": "kept"})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=300)

    out = pq.read_table(label(settings, tmp_path / "in.parquet", tmp_path / "out.parquet"))

    assert out.select(table.column_names).equals(table)
    assert out.schema.metadata[b"note"] == b"kept"
    assert out.schema.field("triage_category_confidence").type == pa.float64()
    assert out.column("triage_category_reason").to_pylist()[0] == "too_short"
    assert None in out.column("triage_category_reason").to_pylist()


def test_parquet_becomes_text(settings: Settings, tmp_path: Path) -> None:
    """Values that are no text are written as a person would."""
    table = pa.table({"text": ["a"], "n": [None], "yes": [True], "tags": [["x", "y"]], "b": [b"q"]})
    pq.write_table(table, tmp_path / "in.parquet")

    row = next(read_rows(label(settings, tmp_path / "in.parquet", tmp_path / "out.csv")))

    assert (row["n"], row["yes"], row["tags"], row["b"]) == ("", "true", "x|y", "q")


@pytest.mark.parametrize("outside", [".csv", ".jsonl", ".parquet"])
def test_tables_without_rows_keep_their_columns(
    settings: Settings, tmp_path: Path, outside: str
) -> None:
    """A header alone gives a header alone."""
    (tmp_path / "in.csv").write_text("id,text\n")

    out = label(settings, tmp_path / "in.csv", tmp_path / f"out{outside}")

    if outside == ".csv":
        assert column_names(out) == ["id", "text", *ADDED]
    elif outside == ".parquet":
        assert pq.read_table(out).column_names == ["id", "text", *ADDED]
    else:
        assert out.read_bytes() == b""


@pytest.mark.parametrize("outside", [".csv", ".jsonl", ".parquet"])
def test_hostile_texts_run_through(settings: Settings, tmp_path: Path, outside: str) -> None:
    """Empty, endless, broken and half characters each get their row, and none stops the file."""
    texts = ["", "🙂" * 50, "<" * 100_000, "\ud800", "x" * 30_000, "\x00", "NaN", "\u202e" * 9]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    rows = _read(label(settings, source, tmp_path / f"out{outside}"))

    shown = [text.encode("utf-8", "backslashreplace").decode() for text in texts]
    assert [row["text"] for row in rows] == (texts if outside == ".jsonl" else shown)


def test_giant_rows_do_not_share_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are sent by size, not by number alone, and cut alike wherever reading begins."""
    monkeypatch.setattr(units, "SIZE", 1000)
    rows = [{"n": str(i), "text": "x" * 400, "note": ""} for i in range(10)]
    for ending in (".csv", ".parquet"):
        source = save(tmp_path / f"in{ending}", rows)

        sizes = [unit.rows for unit in units.units(source, ["n", "text", "note"])]

        assert sum(sizes) == 10
        assert max(sizes) <= 3
        later = [unit.rows for unit in units.units(source, ["n", "text", "note"], sum(sizes[:2]))]
        assert later == sizes[2:]


def test_gzip_members_are_one_file(settings: Settings, tmp_path: Path) -> None:
    """What is packed unit by unit is read as one."""
    source = save(tmp_path / "in.jsonl", many(units.ROWS + 3))

    out = label(settings, source, tmp_path / "out.jsonl.gz")

    assert len(gzip.decompress(out.read_bytes()).splitlines()) == units.ROWS + 3


def test_articles_are_suggested(settings: Settings, tmp_path: Path) -> None:
    """Each message gets the columns of the articles that were asked for."""
    source = save(tmp_path / "in.jsonl", many(8))

    rows = objects(label(settings, source, tmp_path / "out.jsonl", suggestions=2))

    assert list(rows[0])[-2:] == ["triage_article_1", "triage_article_2"]
