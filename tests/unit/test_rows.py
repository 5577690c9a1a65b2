"""Tables of messages: what is refused by name and row, and what is written whole."""

import gzip
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.bounds import MAX_CELL
from triage.errors import ExportError
from triage.rows import Row, column_names, read_rows, table_format, write_rows

ROWS = [
    {"id": "1", "text": 'Say "hi",\nplease', "label": "ă"},
    {"id": "2", "text": "路由器 🙂\tslow", "label": ""},
]
ENDINGS = [".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz"]


def save(path: Path, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path: Path, *required: str) -> ExportError:
    """Read a table that must be refused and return the error."""
    with pytest.raises(ExportError) as caught:
        list(read_rows(path, required))
    return caught.value


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A path without a file says so."""
    assert "nowhere.csv" in str(refused(tmp_path / "nowhere.csv"))


@pytest.mark.parametrize("name", ["tickets.xlsx", "tickets", "tickets.gz", "tickets.csv.zip"])
def test_unknown_format_is_refused(name: str) -> None:
    """Formats are told by the ending and never guessed."""
    with pytest.raises(ExportError, match="unknown format"):
        table_format(Path(name))


def test_wrong_encoding_is_refused(tmp_path: Path) -> None:
    """A Windows export is refused with the command that converts it."""
    error = refused(save(tmp_path / "a.csv", "text\nfærdig\n".encode("cp1252")))

    assert "not UTF-8" in error.problem
    assert "iconv" in error.fix


def test_missing_column_names_what_there_is(tmp_path: Path) -> None:
    """A column that is asked for and absent is named beside those that exist."""
    error = refused(save(tmp_path / "a.csv", "body,label\nhello,x\n"), "text")

    assert (error.field, error.row) == ("text", 1)
    assert "body, label" in error.fix


def test_missing_key_of_a_later_row_is_found(tmp_path: Path) -> None:
    """Each JSON row must hold the required keys."""
    path = save(tmp_path / "a.jsonl", '{"text": "a"}\n{"body": "b"}\n')

    assert refused(path, "text").row == 2


@pytest.mark.parametrize("line", ["only one", "a,b,c"])
def test_ragged_row_is_refused(tmp_path: Path, line: str) -> None:
    """A row of another width is refused by its number; blank lines do not count."""
    error = refused(save(tmp_path / "a.csv", f"text,label\ngood,x\n\n{line}\n"))

    assert error.row == 2
    assert "2 columns" in error.problem


def test_open_quote_is_refused(tmp_path: Path) -> None:
    """A quote that never closes is no table with one giant cell."""
    error = refused(save(tmp_path / "a.csv", 'text,label\ngood,x\n"never closed,y\nz,x\n'))

    assert error.row == 2
    assert "quoting" in error.problem


def test_giant_cell_is_refused(tmp_path: Path) -> None:
    """A cell beyond the limit does not fill the memory."""
    error = refused(save(tmp_path / "a.csv", "text\n" + "x" * (MAX_CELL + 1)))

    assert "field limit" in error.problem


def test_duplicate_header_is_refused(tmp_path: Path) -> None:
    """Two columns of one name would silently hide one."""
    error = refused(save(tmp_path / "a.csv", "text,label,text\na,b,c\n"))

    assert error.field == "text"


def test_empty_file_is_refused(tmp_path: Path) -> None:
    """A table needs at least its header."""
    assert "empty" in refused(save(tmp_path / "a.csv", "")).problem


@pytest.mark.parametrize("content", [b"text\nhello\n", b"", b"\x1f\x8b\x08"])
def test_file_that_is_not_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    """An ending of .gz on other bytes is an error, not a crash."""
    assert "a.csv.gz" in refused(save(tmp_path / "a.csv.gz", content)).problem


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    """Flipped bytes and lost ends inside a gzip file are refused."""
    whole = gzip.compress(b"text\n" + b"some words\n" * 500)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF

    assert "gzip" in refused(save(tmp_path / "a.csv.gz", bytes(flipped))).problem
    assert "gzip" in refused(save(tmp_path / "b.csv.gz", whole[:-9])).problem


@pytest.mark.parametrize(
    "line", ["{", "[1]", '"text"', "7", "nonsense", "[" * 100_000, "9" * 10_000]
)
def test_line_that_is_no_object_is_refused(tmp_path: Path, line: str) -> None:
    """Each line of JSONL must be an object; the error has the row and not the content."""
    error = refused(save(tmp_path / "a.jsonl", f'{{"text": "a"}}\n{line}\n'))

    assert error.row == 2
    assert "nonsense" not in str(error)


def test_json_values_become_text(tmp_path: Path) -> None:
    """Null is an empty cell; numbers and lists are written as JSON."""
    path = save(tmp_path / "a.jsonl", '{"a": null, "b": 1.5, "c": ["æ"], "d": true}\n\n')

    assert list(read_rows(path)) == [{"a": "", "b": "1.5", "c": '["æ"]', "d": "true"}]


def test_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    """Spreadsheets put a mark before the first column name."""
    path = save(tmp_path / "a.csv", b"\xef\xbb\xbftext,label\na,b\n")

    assert column_names(path) == ["text", "label"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_written_rows_read_back(tmp_path: Path, ending: str) -> None:
    """Line breaks, quotes, tabs and four scripts survive every format."""
    path = tmp_path / f"table{ending}"

    assert write_rows(path, ROWS, ["id", "text", "label"]) == 2
    assert list(read_rows(path, ["id"])) == ROWS


@pytest.mark.parametrize("ending", ENDINGS)
def test_failed_write_leaves_the_old_file(tmp_path: Path, ending: str) -> None:
    """A source that dies midway leaves neither half a table nor scraps."""
    path = tmp_path / f"table{ending}"
    write_rows(path, ROWS, ["id", "text", "label"])
    before = path.read_bytes()

    def dying() -> Iterator[Row]:
        yield ROWS[0]
        raise ExportError("row 2 is broken")

    with pytest.raises(ExportError, match="row 2"):
        write_rows(path, dying(), ["id", "text", "label"])

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    """A folder that does not exist is named before any work."""
    with pytest.raises(ExportError, match="no such folder"):
        write_rows(tmp_path / "nowhere" / "a.csv", ROWS, ["id"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_lone_surrogate_can_be_written(tmp_path: Path, ending: str) -> None:
    """A half character from a JSON escape does not stop a whole file."""
    source = save(tmp_path / "in.jsonl", '{"text": "a\\ud800b"}\n')

    write_rows(tmp_path / f"out{ending}", read_rows(source), ["text"])

    assert len(list(read_rows(tmp_path / f"out{ending}"))) == 1


def test_absent_cells_are_written_empty(tmp_path: Path) -> None:
    """Columns that a row lacks stay empty; columns not asked for are left out."""
    write_rows(tmp_path / "a.csv", [{"b": "2", "z": "9"}], ["a", "b"])

    assert (tmp_path / "a.csv").read_text() == "a,b\n,2\n"


def test_column_names_of_a_bare_header(tmp_path: Path) -> None:
    """A table without rows still has its columns."""
    assert column_names(save(tmp_path / "a.tsv", "id\ttext\n")) == ["id", "text"]
    assert column_names(save(tmp_path / "a.jsonl", "")) == []


def test_columns_of_later_rows_are_found(tmp_path: Path) -> None:
    """A key that the first row of a JSONL file lacks is a column all the same."""
    path = save(tmp_path / "a.jsonl", '{"b": 1}\n{"a": 2, "b": 3}\n{"c": null}\n')

    assert column_names(path) == ["b", "a", "c"]


@pytest.mark.parametrize("name", ["d.csv", "d.jsonl", "d.tsv.gz"])
def test_folder_is_no_table(tmp_path: Path, name: str) -> None:
    """A folder with the name of a table is refused on both sides."""
    folder = tmp_path / name
    folder.mkdir()

    assert name in refused(folder).problem
    with pytest.raises(ExportError, match="a folder"):
        write_rows(folder, ROWS, ["id"])
    with pytest.raises(ExportError, match=name):
        column_names(folder)


@pytest.mark.parametrize("ending", ENDINGS)
def test_full_disk_is_told(tmp_path: Path, ending: str) -> None:
    """A write that the system refuses midway names the file and leaves no scraps."""
    rows = [{"id": f"{number * 7919 % 100_003:x}" * 5} for number in range(20_000)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ExportError, match="cannot be written") as caught:
            write_rows(tmp_path / f"out{ending}", rows, ["id"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert f"out{ending}" in caught.value.problem
    assert not list(tmp_path.iterdir())
