"""Reading shows how far it has come."""

import gzip
import io
from pathlib import Path

from rich.console import Console

from training.ingest.progress import EVERY, watched
from training.ingest.source import Source
from triage.rows import Row, read_rows


def export(path: Path, rows: int) -> Path:
    """Write an export of so many rows."""
    with gzip.open(path, "wt", compresslevel=1) if path.suffix == ".gz" else path.open("w") as out:
        out.write("id,text\n")
        out.writelines(f"{number},hello there number {number}\n" for number in range(rows))
    return path


def rows_of(source: Source) -> list[Row]:
    """Read a source to its end on a console without a terminal."""
    rows = read_rows(source.path, suffix=".csv", opened=source.open_text)
    return list(watched(rows, source, Console(file=io.StringIO())))


def test_lines_tell_the_share_where_there_is_no_terminal(tmp_path: Path) -> None:
    """Long work prints a plain line now and then."""
    source, out = Source(export(tmp_path / "a.csv", EVERY + 10)), io.StringIO()
    rows = read_rows(source.path, suffix=".csv", opened=source.open_text)

    count = sum(1 for _ in watched(rows, source, Console(file=out, width=200)))

    assert count == EVERY + 10
    assert out.getvalue() == "a.csv: 100,000 rows (100%)\n"


def test_bar_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    """The bar names the file and counts rows, and passes every row on."""
    source, out = Source(export(tmp_path / "a[b].csv.gz", 2000)), io.StringIO()
    rows = read_rows(source.path, suffix=".csv", opened=source.open_text)

    console = Console(file=out, force_terminal=True, width=200, color_system=None)

    assert len(list(watched(rows, source, console))) == 2000
    assert "a[b].csv.gz" in out.getvalue()
    assert "rows" in out.getvalue()


def test_share_grows_to_one(tmp_path: Path) -> None:
    """The position in the file counts, packed or not; known numbers of rows go first."""
    for name in ("a.csv", "b.csv.gz"):
        source = Source(export(tmp_path / name, 50_000))
        assert source.share() is None
        rows = read_rows(source.path, suffix=".csv", opened=source.open_text)
        for _ in range(20_000):
            next(rows)
        share = source.share()
        assert share is not None
        assert 0.2 < share < 0.7

        assert len(rows_of(source)) == 50_000
        assert source.share() == 1.0

    counted = Source(tmp_path)
    counted.total, counted.read = 4, 1
    assert counted.share() == 0.25
