"""Measure the server beside others over HTTP: ``python -m tests.benchmarks.serving``."""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.serving.cells import Cells, fingerprint
from tests.benchmarks.serving.figures import Figures
from tests.benchmarks.serving.machine import describe, share_out
from tests.benchmarks.serving.messages import histogram, token_counter, workloads
from tests.benchmarks.serving.page import page, summary
from tests.benchmarks.serving.plots import draw
from tests.benchmarks.serving.publish import publish
from tests.benchmarks.serving.run import FULL, QUICK, Bench, Form
from tests.benchmarks.serving.servers import ORDER, Starts
from tests.benchmarks.serving.wrk import check_installed
from triage.settings import CHECKOUT

HOME = Path(".triage/benchmarks")
EVERY = (*ORDER, "bare", "pair")
PACKAGES = (
    *("fastapi", "uvicorn", "onnxruntime", "torch", "sentence-transformers", "scikit-learn"),
    "numpy",
)
Json = dict[str, Any]


def main() -> None:
    """Measure what is missing, then print the tables."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, _end)
    form = QUICK if asked.quick else FULL
    form = replace(form, rounds=asked.rounds or form.rounds)
    home = asked.home.resolve()
    folder = home / "serving" / form.name
    if asked.fresh:
        shutil.rmtree(folder / "cells", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    cells = Cells(
        folder / "cells", {"seconds": form.seconds, "longest": form.longest, "warm": form.warm}
    )
    if not (asked.table or asked.summary):
        check_installed()
        try:
            _measure(asked, form, home, folder, cells)
        except KeyboardInterrupt:
            sys.exit("Stopped; the same command goes on from here.")
    known = folder / "run.json"
    run: Json = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {}
    figures = Figures(cells.every())
    text = page(figures, run)
    (folder / "serving.md").write_text(text, encoding="utf-8")
    drawn = draw(figures, folder)
    print(summary(figures) if asked.summary else text)
    print(f"Cells, tables and plots: {folder}", file=sys.stderr)
    if asked.publish:
        publish(text, drawn)


def _measure(asked: argparse.Namespace, form: Form, home: Path, folder: Path, cells: Cells) -> None:
    machine, cores = describe(), share_out(os.sched_getaffinity(0))
    texts = _workloads(folder)
    count = token_counter()
    lengths = [count(text) for text in texts["mix"]]
    run = {
        "machine": machine,
        "cores": cores.told,
        "form": form.name,
        "seconds": form.seconds,
        "rounds": form.rounds,
        "begun": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": _revision(),
        "versions": _versions(),
        "mean": sum(lengths) / len(lengths),
        "histogram": histogram(lengths),
    }
    (folder / "run.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    print(json.dumps(asdict(cores) | machine), file=sys.stderr, flush=True)
    with TemporaryDirectory(dir=folder) as scratch:
        starts = Starts(home, Path(scratch), build=not asked.no_install)
        bench = Bench(form, cells, cores, starts, Path(scratch), texts)
        for round_ in range(1, form.rounds + 1):
            for server in (name for name in EVERY if name in (asked.server or EVERY)):
                if server in ORDER:
                    bench.serve(round_, server)
                else:
                    getattr(bench, server)(round_)


def _workloads(folder: Path) -> Mapping[str, list[str]]:
    """Compose the messages, or read them where the same were composed before."""
    sources = [Path(__file__).parent / "messages.py", *(CHECKOUT / "data/samples").rglob("*.jsonl")]
    key, path = fingerprint(sources, ""), folder / "messages.json"
    if path.is_file():
        kept: Json = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] == key:
            found: dict[str, list[str]] = kept["texts"]
            return found
    print("composing messages", file=sys.stderr, flush=True)
    texts = workloads()
    path.write_text(json.dumps({"key": key, "texts": texts}), encoding="utf-8")
    return texts


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _revision() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", *words],  # noqa: S607 - whichever git is there
            cwd=CHECKOUT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    return (
        f"{commit}, changed" if git("status", "--porcelain", "--", "triage", "models") else commit
    )


def _end(*_: object) -> None:
    """End as after ^C, so that servers are ended too."""
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="2 s a cell and one round, instead of 6 s and three")
    add("--rounds", type=int, help="how often everything is measured")
    add("--server", action="append", choices=EVERY, help="may be repeated; all if left out")
    add("--fresh", action="store_true", help="forget what is kept of this form")
    add("--no-install", action="store_true", help="leave out servers whose environment is missing")
    add("--table", action="store_true", help="print what is kept, measure nothing")
    add("--summary", action="store_true", help="print the ratios and targets of what is kept")
    add("--publish", action="store_true", help="write tables and plots into tests/benchmarks")
    add("--home", type=Path, default=HOME, help="where cells and environments are kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
