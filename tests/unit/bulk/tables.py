"""Tables for the tests of bulk labelling: messages of the tiny bundle in every format."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from tests.builders import messages
from triage.bulk.run import Order, label_file
from triage.predictions import MessageColumns
from triage.rows import Row, write_rows
from triage.settings import Settings


def many(count: int) -> list[Row]:
    """Repeat the tiny messages; ``n`` numbers the rows, and some cells need quotes."""
    pool = messages()
    return [
        {"n": str(i), "text": pool[i % len(pool)]["text"], "note": 'a "b",\nc' * (i % 3)}
        for i in range(count)
    ]


def save(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows in the format of the file's ending."""
    if path.suffix == ".parquet":
        table = pa.Table.from_pylist([{**row, "n": int(row["n"])} for row in rows])
        pq.write_table(table, path, row_group_size=700)
    else:
        write_rows(path, rows, ["n", "text", "note"])
    return path


def label(settings: Settings, source: Path, out: Path, **changes: object) -> Path:
    """Label a file in this process and return where it was written."""
    given: dict[str, object] = {"workers": 1, **changes}
    order = Order(source, MessageColumns("text"), out, **given)  # type: ignore[arg-type] # tests vary every option
    label_file(order, settings, quiet())
    return out


def quiet() -> Console:
    """Return a console that nobody reads."""
    return Console(quiet=True)


def objects(path: Path) -> list[dict[str, object]]:
    """Read a JSONL file."""
    return [json.loads(line) for line in path.read_text().splitlines()]
