"""Measure reading exports: seconds and peak memory, one process a format.

Run ``python tests/benchmarks/ingest.py``. The files are made up: 30 common words a message, drawn
with a fixed seed. The clock runs from opening the export to its last row; cleaning is not in it.
"""

import csv
import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from training.config import Columns
from training.ingest.export import open_export

WORDS = ("the", "my", "parcel", "has", "not", "arrived", "yet", "please", "refund", "order", "app")
ROWS = {
    "tickets.csv": 1_000_000,
    "tickets.parquet": 1_000_000,
    "tickets.ndjson": 500_000,
    "tickets.xlsx": 50_000,
}
GROUP = 100_000


def write(path: Path, count: int) -> None:
    """Write an export of so many rows."""
    draw = random.Random(0)  # noqa: S311 - no secret
    texts = [" ".join(draw.choices(WORDS, k=30)) for _ in range(5000)]
    pairs = ((f"{texts[i % 5000]} {i}", "ab"[i % 2]) for i in range(count))
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([("text", "label"), *pairs])
    elif path.suffix == ".ndjson":
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{json.dumps(ticket(i, *p))}\n" for i, p in enumerate(pairs))
    else:
        write_binary(path, pairs)


def write_binary(path: Path, pairs: Iterator[tuple[str, str]]) -> None:
    """Write a workbook or a Parquet file; the reading process shall not load their libraries."""
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == ".xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in chain([("text", "label")], pairs):
            sheet.append(row)
        book.save(path)
        return
    schema = pa.schema({"text": pa.string(), "label": pa.string()})
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(islice(pairs, GROUP)):
            rows = [{"text": text, "label": label} for text, label in group]
            writer.write_table(pa.Table.from_pylist(rows, schema))


def ticket(number: int, text: str, label: str) -> dict[str, object]:
    """Build a ticket as Zendesk exports it."""
    return {
        "id": number,
        "subject": "help",
        "raw_subject": "help",
        "description": text,
        "priority": "high",
        "tags": ["one", "two"],
        "via": {"channel": "email", "source": {"rel": None}},
        "requester_id": number % 9000,
        "submitter_id": number % 9000,
        "custom_fields": [{"id": 42, "value": label}, {"id": 43, "value": None}],
        "created_at": "2026-03-01T09:00:00Z",
    }


def measure(path: Path) -> None:
    """Read an export to its end and print a line of the table."""
    before, begun = peak(), perf_counter()
    text = "" if path.suffix == ".ndjson" else "text"
    count = sum(1 for _ in open_export(path, Columns(text, {})).rows())
    seconds, size = perf_counter() - begun, path.stat().st_size / 1e6
    print(
        f"| {path.name} | {count:,} | {size:.0f} | {seconds:.1f} | {before:.0f} | {peak():.0f} |",
        flush=True,
    )


def peak() -> float:
    """Tell the largest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the table, each line measured by a process of its own."""
    print("| export | rows | MB on disk | seconds | MB of memory before | MB at most |")
    print("|---|---|---|---|---|---|", flush=True)
    with TemporaryDirectory() as folder:
        for name, count in ROWS.items():
            path = Path(folder) / name
            subprocess.run(  # noqa: S603 - our own interpreter on our own script
                [sys.executable, __file__, "write", str(path), str(count)], check=True
            )
            subprocess.run(  # noqa: S603 - same
                [sys.executable, __file__, "read", str(path)],
                check=True,
                stderr=subprocess.DEVNULL,
            )
            path.unlink()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", name, count]:
            write(Path(name), int(count))
        case ["read", name]:
            measure(Path(name))
        case _:
            main()
