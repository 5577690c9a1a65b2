"""Measure ``triage-train check``: rows a second of one core and peak memory, a process a size.

Run ``python tests/benchmarks/check.py [ROWS ...]``. The rows are made up with a fixed seed: ten to
fifty of 2,000 words a message, one in twenty a twin of an earlier one with a word changed, twelve
labels, a date every half minute. The clock runs from opening the export to the last finding.
"""

import csv
import json
import random
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from training.check.survey import survey
from training.config import Columns
from triage.text.language import LanguageIdentifier

SIZES = (100_000, 1_000_000)
COLUMNS = Columns("text", {"queue": "queue"}, time="created")


def write(path: Path, count: int) -> None:
    """Write an export of so many rows."""
    draw = random.Random(0)  # noqa: S311 - no secret
    letters = "abcdefghijklmnoprstuvy"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 10))) for _ in range(2_000)]
    words[:10] = ["the", "is", "my", "order", "not", "and", "please", "help", "with", "account"]
    weights = [1 / (rank + 5) for rank in range(len(words))]
    begin, last = datetime(2025, 1, 1, tzinfo=UTC), ["the"]
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(("id", "created", "queue", "text"))
        for at in range(count):
            if at % 20:
                last = draw.choices(words, weights, k=draw.randint(10, 50))
            else:
                last[draw.randrange(len(last))] = draw.choice(words)
            created = (begin + timedelta(seconds=30 * at)).isoformat()
            rows.writerow((at, created, f"queue {at * 7919 % 12}", " ".join(last)))


def measure(path: Path) -> None:
    """Check an export and print a line of the table."""
    identifier = LanguageIdentifier(("en", "da", "ro", "zh"))
    before, begun, busy = peak(), perf_counter(), process_time()
    found = survey([path], COLUMNS, None, identifier)
    seconds, busy = perf_counter() - begun, process_time() - busy
    print(
        f"| {found.rows:,} | {path.stat().st_size / 1e6:.0f} | {seconds:.0f} | {busy:.0f} "
        f"| {found.rows / busy:,.0f} | {before:.0f} | {peak():.0f} |",
        flush=True,
    )
    print(json.dumps({one.code: one.count for one in found.findings}), file=sys.stderr)


def peak() -> float:
    """Tell the largest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(sizes: tuple[int, ...]) -> None:
    """Print the table, each line measured by a process of its own."""
    print("| rows | MB on disk | seconds | CPU s | rows / CPU s | MB before | MB at most |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with TemporaryDirectory() as folder:
        for count in sizes:
            path = Path(folder) / "tickets.csv"
            for step in (["write", str(path), str(count)], ["read", str(path)]):
                subprocess.run(  # noqa: S603 - our own interpreter on our own script
                    [sys.executable, __file__, *step], check=True
                )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", name, count]:
            write(Path(name), int(count))
        case ["read", name]:
            measure(Path(name))
        case sizes:
            main(tuple(int(size) for size in sizes) or SIZES)
