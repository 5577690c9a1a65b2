"""The run: which servers, in which order, and what is measured of each."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from tests.benchmarks.serving.cells import WHY, Cells, Record
from tests.benchmarks.serving.children import OK, Child, NotMeasuredError, ask, free_port, running
from tests.benchmarks.serving.machine import (
    Cores,
    busy_seconds,
    cpu_seconds,
    peak_mb,
    pinned,
)
from tests.benchmarks.serving.messages import LENGTHS, write_bodies
from tests.benchmarks.serving.open_loop import flood, summarise
from tests.benchmarks.serving.pair import measure_one, measure_two, postgres
from tests.benchmarks.serving.servers import OURS, TITLES, Start, Starts, clean_env
from tests.benchmarks.serving.wrk import Load, Wrk
from triage.settings import CHECKOUT

CONNECTIONS = (1, 16, 64)
STEPS = {f"mix-{count}": ("mix", count) for count in CONNECTIONS} | {
    f"{length}-1": (str(length), 1) for length in LENGTHS
}
PROBES, TIMES_CAPACITY = 64, 2
PAIRS = tuple(f"{count}-{profile}" for profile in OURS for count in ("one", "two"))
BARE_TEXTS = 256
TURNS = 10
"""Answers that each connection should get in a cell.

What is under way when a cell ends has cost processor time and is not counted. Where that is more
than a few per cent, servers that work on many requests at once look slower than they are.
"""


@dataclass(frozen=True, slots=True)
class Form:
    """How long it is measured.

    Args:
        name: ``quick`` or ``full``.
        seconds: Of a cell, at least.
        longest: Of a cell of a slow server.
        warm: Of the load before the first cell, in seconds.
        rounds: How often everything is measured, servers in turn.
    """

    name: str
    seconds: int
    longest: int
    warm: int
    rounds: int


QUICK, FULL = Form("quick", 2, 8, 1, 1), Form("full", 6, 30, 3, 3)


class Bench:
    """Measures cells and keeps them.

    Args:
        form: How long.
        cells: Where they are kept.
        cores: What runs where.
        starts: How servers are started.
        scratch: Folder for logs and bodies.
        workloads: The texts of each.
    """

    def __init__(
        self,
        form: Form,
        cells: Cells,
        cores: Cores,
        starts: Starts,
        scratch: Path,
        workloads: Mapping[str, Sequence[str]],
    ) -> None:
        self.form, self.cells, self.cores = form, cells, cores
        self._starts, self._scratch, self._workloads = starts, scratch, workloads

    def serve(self, round_: int, server: str) -> None:
        """Measure what is missing of one server."""
        steps = ["start", *STEPS, *(["flood", "journal"] if server in OURS else [])]
        missing = [step for step in steps if self.cells.kept(round_, server, step) is None]
        if not missing:
            return
        _tell(f"round {round_}: {TITLES[server]}, {len(missing)} cells")
        try:
            start = self._starts.of(server, partial(self._reply_bytes, round_))
            self._session(round_, server, start, missing)
        except NotMeasuredError as error:
            _tell(f"  not measured: {error}")
            for step in missing:
                if self.cells.kept(round_, server, step) is None:
                    self.cells.put(round_, server, step, {WHY: str(error)})

    def bare(self, round_: int) -> None:
        """Time the bare ONNX Runtime call where a server would run."""
        if self.cells.kept(round_, "bare", "call"):
            return
        _tell(f"round {round_}: bare ONNX Runtime call")
        path = self._scratch / "bare.json"
        texts = {name: list(texts)[:BARE_TEXTS] for name, texts in self._workloads.items()}
        path.write_text(json.dumps(texts), encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.serving.bare", str(path)]
        with pinned(self.cores.server):
            done = subprocess.run(  # noqa: S603 - our own module
                [*command, str(self.form.seconds)], env=clean_env(), cwd=CHECKOUT, check=True,
                capture_output=True, text=True, timeout=600,
            )  # fmt: skip
        self.cells.put(round_, "bare", "call", json.loads(done.stdout))

    def pair(self, round_: int) -> None:
        """Measure one and two servers over PostgreSQL."""
        missing = [step for step in PAIRS if self.cells.kept(round_, "pair", step) is None]
        if not missing:
            return
        _tell(f"round {round_}: one and two servers over PostgreSQL, {len(missing)} cells")
        for step in missing:
            count, _, profile = step.partition("-")
            measure = measure_one if count == "one" else measure_two
            place = self.cores.load if count == "one" else self.cores.outside
            try:
                with pinned(place), postgres(self._scratch / "postgres") as url:
                    start = self._starts.ours(profile, url)
                    texts = list(self._workloads["mix"])
                    record = measure(start, self.cores, self._scratch, texts, self.form.seconds)
            except NotMeasuredError as error:
                _tell(f"  {step} not measured: {error}")
                record = {WHY: str(error)}
            self.cells.put(round_, "pair", step, record)

    def _reply_bytes(self, round_: int) -> int:
        kept = self.cells.kept(round_, "tiny", "start") or self.cells.kept(1, "tiny", "start")
        if kept is None:
            raise NotMeasuredError("the constant is as long as an answer of ours: measure tiny too")
        return int(kept["reply_bytes"])

    def _session(self, round_: int, server: str, start: Start, missing: Sequence[str]) -> None:
        keep = _Keeper(self.cells, round_, server, missing)
        first = self._first_start(server, start) if server in OURS else {}
        with self._running(server, start) as (child, seconds):
            keep("start", lambda: {"start_s": seconds, **first, **self._probe(child, start)})
            warm = self._wrk(child, start, "mix", CONNECTIONS[1], self.form.warm)
            answered = 1 + warm.answered + (PROBES if "start" in missing else 0)
            for step, (workload, count) in STEPS.items():
                known = self.cells.kept(round_, server, "mix-1")
                length = self._seconds(count, known["per_s"] if known else None)
                measure = partial(self._cell, child, start, workload, count, length)
                answered += keep(step, measure)
            answered += keep("flood", partial(self._flood, round_, server, child, start))
        keep("journal", partial(_journal, start, answered + len(first)))

    def _first_start(self, server: str, start: Start) -> Record:
        """Start once over the fresh store, and end it: what is built then may be kept."""
        with self._running(server, start) as (_, seconds):
            return {"first_start_s": seconds}

    @contextmanager
    def _running(self, server: str, start: Start) -> Iterator[tuple[Child, float]]:
        """Run a server; yield it with the seconds to its first answer."""
        port, log = free_port(), self._scratch / f"{server}.log"
        with running(start.at(port), start.env, port, self.cores.server, log) as child:
            body = start.shape(self._workloads["mix"][0])
            yield child, child.first_answer(start.path, body)

    def _seconds(self, connections: int, rate: float | None) -> int:
        """Tell how long a cell must last, by the answers a second that one connection got."""
        wanted = ceil(TURNS * connections / rate) if rate else 0
        return min(self.form.longest, max(self.form.seconds, wanted))

    def _probe(self, child: Child, start: Start) -> Record:
        """Ask one message after the other, and check and weigh the answers."""
        sizes: list[int] = []
        found: list[Mapping[str, float]] = []
        for text in self._workloads["mix"][:PROBES]:
            status, content = ask(child.port, start.path, start.shape(text))
            if status != OK:
                raise NotMeasuredError(f"answered {status}")
            sizes.append(len(content))
            found.append(start.check(content))
        record: Record = {"reply_bytes": round(sum(sizes) / len(sizes))}
        for name in found[0]:
            record[name] = sum(one[name] for one in found) / len(found)
        return record

    def _wrk(
        self, child: Child, start: Start, workload: str, connections: int, seconds: int
    ) -> Load:
        bodies = write_bodies(
            self._scratch / f"{workload}.jsonl", self._workloads[workload], start.shape
        )
        with pinned(self.cores.load):
            wrk = Wrk(self._scratch, child.port, start.path, bodies, connections, seconds)
        return wrk.result()

    def _cell(
        self, child: Child, start: Start, workload: str, connections: int, seconds: int
    ) -> Record:
        child.settle()
        load = os.getloadavg()[0]
        cpu, busy, own = cpu_seconds(child.pid), busy_seconds(), _own()
        begun = time.perf_counter()
        found = self._wrk(child, start, workload, connections, seconds)
        wall = time.perf_counter() - begun
        cpu, busy, own = cpu_seconds(child.pid) - cpu, busy_seconds() - busy, _own() - own
        return asdict(found) | {
            "answered": found.answered,
            "cpu_s": cpu,
            "per_s": found.answered / found.seconds,
            "per_cpu_s": found.answered / cpu if cpu else 0.0,
            "peak_mb": peak_mb(child.pid),
            "others_cores": max(0.0, (busy - cpu - own) / wall),
            "load_before": load,
            "wrk_cores": own / wall,
        }

    def _flood(self, round_: int, server: str, child: Child, start: Start) -> Record:
        """Ask twice as often as the server can answer."""
        mix = self.cells.kept(round_, server, "mix-16")
        if mix is None:
            raise NotMeasuredError("the capacity is not known")
        child.settle()
        rate = TIMES_CAPACITY * mix["per_s"]
        bodies = [json.dumps(start.shape(text)) for text in self._workloads["mix"]]
        with pinned(self.cores.load):
            tally = flood(child.port, start.path, bodies, rate, self.form.seconds)
        found = summarise(tally, self.form.seconds)
        return {"answered": found["served"], "capacity": mix["per_s"], **found}


class _Keeper:
    """Measures and keeps a step where it is missing."""

    def __init__(self, cells: Cells, round_: int, server: str, missing: Sequence[str]) -> None:
        self._cells, self._round, self._server, self._missing = cells, round_, server, missing

    def __call__(self, step: str, measure: Callable[[], Mapping[str, Any]]) -> int:
        """Return how many messages were answered."""
        if step not in self._missing:
            return 0
        record = dict(measure())
        self._cells.put(self._round, self._server, step, record)
        _tell(f"  {step}: {_brief(record)}")
        return int(record.get("answered", 0))


def _journal(start: Start, answered: int) -> Record:
    """Count what was recorded; the server has ended, so its journal is whole."""
    path = Path(start.env["TRIAGE_HOME"]) / "triage.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT count(*) FROM decisions").fetchone()[0]
    return {"recorded": rows, "sent": answered}


def _own() -> float:
    """Tell the processor seconds of this process and of children that ended: the load."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _brief(record: Mapping[str, Any]) -> str:
    shown = (
        "start_s",
        "recorded",
        "sent",
        "per_s",
        "per_cpu_s",
        "p50_ms",
        "p99_ms",
        "peak_mb",
        "refused_share",
    )
    return ", ".join(f"{name} {record[name]:.4g}" for name in shown if name in record)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
