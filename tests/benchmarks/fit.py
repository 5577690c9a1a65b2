"""Measure ``triage-train fit``: seconds a step, on the clock and of the processor, and memory.

Run ``TRIAGE_DATASETS=... python tests/benchmarks/fit.py [ENCODER [COPIES]]``: banking77 in full,
with one encoder, from the export to the bundle with its report, in a process and a folder of its
own (nothing is cached). With COPIES the export is written so often, each copy with one word less
and a number at the end of every message, so that copies are near but not equal. Processor seconds
are those of the whole process with its children: the clock says little on a shared machine.
"""

import csv
import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from training.config import Columns, FitConfig
from training.run import fit
from triage.settings import Settings

STEPS = ("read", "check", "split", "encode", "fit", "calibrate", "measure", "report")


def multiply(source: Path, target: Path, copies: int) -> None:
    """Write an export with varied copies of every row."""
    with gzip.open(source, "rt", encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["intent"]) for row in csv.DictReader(stream)]
    with target.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(("text", "intent"))
        for copy in range(copies):
            for text, intent in rows:
                words = text.split()
                if copy:
                    del words[copy % len(words)]
                out.writerow((f"{' '.join(words)} {copy or ''}".strip(), intent))


def measure(export: Path, encoder: str, home: Path) -> None:
    """Fit once and print the table."""
    columns = Columns(text="text", labels={"intent": "intent"})
    config = FitConfig(exports=(export,), columns=columns, encoder=encoder, only=True)
    begun = perf_counter()
    found = fit(config, Settings(home=home), "benchmark", lambda line: print(line, file=sys.stderr))
    wall, figures = perf_counter() - begun, found.metrics
    print("| step | seconds | CPU s |\n|---|---|---|")
    for step in STEPS:
        print(f"| {step} | {figures['seconds'][step]:.1f} | {figures['cpu_seconds'][step]:.1f} |")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    busy = sum(one.ru_utime + one.ru_stime for one in used)
    print(f"| all, with imports | {wall:.1f} | {busy:.1f} |\n")
    intent, rows = figures["tasks"]["intent"], figures["rows"]
    print(
        f"{encoder}, {rows['train']:,} + {rows['test']:,} rows: accuracy {intent['accuracy']:.3f}, "
        f"macro-F1 {intent['macro_f1']:.3f}, ECE {intent['ece']:.3f}; "
        f"{used[0].ru_maxrss / 2**20:.2f} GB at most; load {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} cores"
    )
    print(json.dumps(figures["candidates"]["intent"], indent=1), file=sys.stderr)


def main(encoder: str = "static", copies: str = "1") -> None:
    """Run the measurement in a process of its own."""
    source = Path(os.environ["TRIAGE_DATASETS"]) / "banking77" / "messages.csv.gz"
    with TemporaryDirectory() as folder:
        export = source
        if int(copies) > 1:
            export = Path(folder) / "many.csv"
            multiply(source, export, int(copies))
        steps = ["measure", str(export), encoder, str(Path(folder) / "home")]
        subprocess.run(  # noqa: S603 - our own interpreter on our own script
            [sys.executable, __file__, *steps], check=True
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", export, encoder, home]:
            measure(Path(export), encoder, Path(home))
        case asked:
            main(*asked)
