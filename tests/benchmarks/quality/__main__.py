"""Measure ``triage-train fit`` beside what others would use: ``-m tests.benchmarks.quality``."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.quality.cells import FIRST, LAST, Bench, install_lines, order
from tests.benchmarks.quality.parts import SETS
from tests.benchmarks.quality.table import page, summary
from triage.errors import TriageError
from triage.settings import load_settings

HOME = Path(".triage/benchmarks")


def main() -> None:
    """Measure what is missing, then print the tables."""
    asked = _arguments()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("Set OMP_NUM_THREADS=1: every system is measured on one thread.")
    home = asked.home.resolve()
    datasets = os.environ.get("TRIAGE_DATASETS")
    bench = Bench(home, Path(datasets) if datasets else None, load_settings())
    cells = order(asked.set or list(SETS), asked.system or [*FIRST, LAST])
    if not asked.table:
        _tell_missing(bench, asked.system or [*FIRST, LAST])
        for number, cell in enumerate(cells, start=1):
            if not bench.ready(cell.system):
                continue
            begun = time.perf_counter()
            try:
                bench.measure(cell)
                told = f"{time.perf_counter() - begun:.0f} s"
            except (subprocess.CalledProcessError, TriageError) as error:
                told = f"failed: {error}"
            print(f"{number}/{len(cells)} {cell.file}: {told}", file=sys.stderr, flush=True)
    known = {cell: record for cell in cells if (record := bench.known(cell))}
    text = page(known)
    (home / "quality.md").write_text(text, encoding="utf-8")
    print(summary(known) if asked.summary else text)


def _tell_missing(bench: Bench, systems: list[str]) -> None:
    if not all(bench.ready(system) for system in systems):
        print("Peers without an environment are left out. To install them:", file=sys.stderr)
        print("\n".join(install_lines(bench.home)), file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality", description=__doc__)
    parser.add_argument("--set", action="append", choices=list(SETS), help="may be repeated")
    parser.add_argument("--system", action="append", choices=[*FIRST, LAST], help="may be repeated")
    parser.add_argument("--table", action="store_true", help="print what is kept, measure nothing")
    parser.add_argument("--summary", action="store_true", help="print one table instead of all")
    parser.add_argument("--home", type=Path, default=HOME, help="where cells are kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
