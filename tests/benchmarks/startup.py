"""Measure from the start of a process to its first answer over HTTP, and its memory then.

Run: ``python -m tests.benchmarks.startup [--rounds 3]``. The naive service of ``serving/naive.py``
and ours in both profiles, in turn, on the same processor and with the same message; ours over a
store with the help centre of ``serving/`` imported. Medians over the rounds.
"""

import argparse
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.serving.children import ask, free_port, running
from tests.benchmarks.serving.machine import PROC, pinned, share_out, tree
from tests.benchmarks.serving.servers import TITLES, Start, Starts

SERVERS = ("naive", "tiny", "twin")
TEXT = "My parcel should have come on Monday. Where is it?"
MORE = 20
Figures = tuple[float, ...]


def memory_mb(root: int, field: str) -> float:
    """Add a field of /proc/PID/status over a process and those below it, in MB of 2^20 bytes."""
    found = (
        int(line.split()[1])
        for one in tree(root)
        for line in (PROC / str(one.pid) / "status").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"{field}:")
    )
    return sum(found) / 1024


def measure(start: Start, cores: tuple[int, ...], log: Path) -> Figures:
    """Start once; return seconds, and settled, anonymous and peak megabytes."""
    port, body = free_port(), start.shape(TEXT)
    with running(start.at(port), start.env, port, cores, log) as child:
        seconds = child.first_answer(start.path, body)
        for _ in range(MORE):
            start.check(ask(port, start.path, body)[1])
        child.settle()
        fields = ("VmRSS", "RssAnon", "VmHWM")
        return (seconds, *(memory_mb(child.pid, field) for field in fields))


def rows(rounds: int, scratch: Path) -> Iterator[str]:
    """Measure all servers; write the rows of a table."""
    starts = Starts(scratch, scratch, build=False)
    known = {name: starts.of(name, lambda: 0) for name in SERVERS}
    cores = share_out(os.sched_getaffinity(0))
    found: dict[str, list[Figures]] = {name: [] for name in SERVERS}
    with pinned(cores.outside):
        # The first start over a store embeds its articles, which later ones remember.
        first = {
            name: measure(start, cores.server, scratch / f"{name}.log")[0]
            for name, start in known.items()
        }
        for _ in range(rounds):
            for name, start in known.items():
                found[name].append(measure(start, cores.server, scratch / f"{name}.log"))
    middle = {
        name: [statistics.median(column) for column in zip(*all_of_it, strict=True)]
        for name, all_of_it in found.items()
    }
    yield (
        "| server | for the first time, s | first answer, s | settled, MB | of it anonymous, MB "
        "| peak, MB | share |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    naive = middle["naive"]
    for name, (seconds, settled, anonymous, peak) in middle.items():
        share = f"{seconds / naive[0]:.2f} of the time, {peak / naive[3]:.2f} of the peak"
        yield (
            f"| {TITLES[name]} | {first[name]:.2f} | {seconds:.2f} | {settled:.0f} "
            f"| {anonymous:.0f} | {peak:.0f} | {share} |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with TemporaryDirectory() as scratch:
        for row in rows(chosen.rounds, Path(scratch)):
            print(row)


if __name__ == "__main__":
    main()
