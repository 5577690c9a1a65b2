"""What the machine is, which cores are used for what, and what processes took of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
IDLE = slice(3, 5)
COUNTED = 8
"""Columns of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; the rest repeat."""
LEAST_APART = 3


@dataclass(frozen=True, slots=True)
class Cores:
    """Processors by use; the same ones stand in several places where there are few.

    Args:
        server: For the server measured.
        second: For a second server.
        load: For what asks a single server.
        outside: For what asks two servers and for their database.
    """

    server: tuple[int, ...]
    second: tuple[int, ...]
    load: tuple[int, ...]
    outside: tuple[int, ...]

    @property
    def told(self) -> str:
        """Say what runs where."""
        if self.server == self.load:
            return "one processor for server and load alike"
        two = "its own" if len(self.outside) < len(self.load) + LEAST_APART else "a"
        shared = "shared with the load" if set(self.second) & set(self.outside) else two
        return (
            f"server on processor {_listed(self.server)}, load on {_listed(self.load)}; of two "
            f"servers the second on {_listed(self.second)} ({shared})"
        )


def share_out(available: set[int]) -> Cores:
    """Give the server a processor of its own where there are two, and load the others."""
    first, *rest = sorted(available)
    if not rest:
        return Cores((first,), (first,), (first,), (first,))
    if len(rest) + 1 < LEAST_APART:
        return Cores((first,), (rest[0],), (rest[0],), (first, rest[0]))
    return Cores((first,), (rest[0],), tuple(rest[1:]), tuple(rest[1:]))


@contextmanager
def pinned(cores: tuple[int, ...]) -> Iterator[None]:
    """Keep this thread, and the processes it starts meanwhile, on some processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Stat:
    """One process: its parent, and the processor time of itself and of children it waited for."""

    pid: int
    parent: int
    seconds: float


def parse_stat(line: str) -> Stat:
    """Read a line of /proc/PID/stat; the name in it may hold blanks and parentheses."""
    head, _, tail = line.rpartition(")")
    fields = tail.split()
    return Stat(int(head.split()[0]), int(fields[1]), sum(map(int, fields[11:15])) / TICKS)


def tree(root: int) -> list[Stat]:
    """List a process and those below it, parents first; nothing where it has ended."""
    stats: dict[int, Stat] = {}
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            one = parse_stat(path.read_text(encoding="utf-8", errors="replace"))
            stats[one.pid] = one
    found = [stats[root]] if root in stats else []
    for one in found:  # grows while it is read
        found += [other for other in stats.values() if other.parent == one.pid]
    return found


def cpu_seconds(root: int) -> float:
    """Tell the processor seconds of a process and those below it."""
    return sum(one.seconds for one in tree(root))


def peak_mb(root: int) -> float:
    """Add the peak resident memories of a process and those below it, in MB of 2^20 bytes."""
    return sum(_peak_kb(one.pid) for one in tree(root)) / 1024


def _peak_kb(pid: int) -> int:
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def busy_seconds(line: str | None = None) -> float:
    """Tell the processor seconds that the whole machine was busy, stolen ones among them."""
    text = line or (PROC / "stat").read_text(encoding="utf-8").splitlines()[0]
    fields = [int(one) for one in text.split()[1 : 1 + COUNTED]]
    return (sum(fields) - sum(fields[IDLE])) / TICKS


def describe() -> dict[str, object]:
    """Describe the machine and how busy it is now."""
    lines = (PROC / "cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": next(names, "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "siblings": _siblings(),
        "memory_gb": round(memory / 2**30),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _siblings() -> bool:
    """Tell whether the first two processors are threads of one core; False where nobody says."""
    first, *rest = sorted(os.sched_getaffinity(0))
    path = Path(f"/sys/devices/system/cpu/cpu{first}/topology/thread_siblings_list")
    with suppress(OSError):
        told = path.read_text(encoding="utf-8").strip()
        return bool(rest) and str(rest[0]) in told.replace("-", ",").split(",")
    return False


def _listed(cores: tuple[int, ...]) -> str:
    return ", ".join(map(str, cores))
