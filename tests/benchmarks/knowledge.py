"""Measure the search of 1,000 to a million passages: ways to scan vectors, and our whole index.

Run: ``python tests/benchmarks/knowledge.py [1000 10000 100000]``. One thread, medians of CPU time.
Vectors are those of the shipped table over passages, messages and sentences of ours, shuffled and
thinned; above 38,000 they are drawn again with Gaussian noise of norm 0.5. Questions are messages
that no text was made of. Uniform random vectors would make any graph look bad. The libraries
compared are optional: ``pip install faiss-cpu hnswlib usearch``; what is missing is left out.
"""

import gc
import json
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.encoders.static import StaticEncoder
from triage.knowledge.importer import read_articles
from triage.settings import CHECKOUT
from triage.suggest.embedding import Embedder
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.scan import QuantisedScan
from triage.suggest.segments import Cut, Segment
from triage.text.passages import cut

SIZES = (1_000, 10_000, 100_000)
REAL, QUESTIONS, TOP, WIDER = 38_000, 120, 5, 50
GRAPH = {"M": 32, "ef_construction": 200}
LARGEST_GRAPH = 100_000
"""A graph of a million takes ten minutes to build on one core."""
TODAY = date(2026, 11, 21)
Rows = NDArray[np.int64]
Search = Callable[[Vectors], Rows]


def sentences() -> tuple[list[str], list[str]]:
    """List the sentences that texts are made of, and messages kept for questions."""
    files = sorted((CHECKOUT / "data" / "samples").glob("*/*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    messages = [row["text"] for row in rows if row.get("text")]
    border = len(messages) * 4 // 5
    articles = read_articles(CHECKOUT / "data" / "articles")
    whole = [passage.text for one in articles for passage in cut(one)] + messages[:border]
    parts = [part for text in whole for part in re.split(r"(?<=[.!?。！？])\s*", text)]
    return [part for part in parts if len(part) > 12], messages[border:]


def text_of(pool: list[str], chance: random.Random) -> str:
    """Make a text of up to three sentences without every tenth word."""
    words = " ".join(chance.sample(pool, chance.choice((1, 1, 2, 3)))).split(" ")
    return " ".join(word for word in words if chance.random() > 0.1) or "empty"


def vectors(real: Vectors, size: int) -> Vectors:
    """Draw further vectors around real ones."""
    rng = np.random.default_rng(0)
    if size <= len(real):
        return np.ascontiguousarray(real[:size])
    out = np.empty((size, real.shape[1]), np.float32)
    out[: len(real)] = real
    for start in range(len(real), size, REAL):
        stop = min(start + REAL, size)
        noise = rng.normal(size=(stop - start, real.shape[1])) * (0.5 / real.shape[1] ** 0.5)
        drawn = real[rng.integers(0, len(real), stop - start)] + noise
        out[start:stop] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return out


def best(scores: Vectors) -> Rows:
    """List the rows of the five highest scores."""
    return np.argpartition(-scores, TOP - 1)[:TOP]


def rescored(matrix: Vectors, question: Vectors, rows: Rows) -> Rows:
    """Choose the best of some rows by their exact scores."""
    return rows[best(matrix[rows] @ question)]


def ours(matrix: Vectors) -> Search:
    """Scan integers, then score exactly what the bound lets through: exact by construction."""
    scan = QuantisedScan(matrix)

    def search(question: Vectors) -> Rows:
        ((most, length, rest),) = scan.bounds(question[None])
        least = most - 2 * (length * scan.errors + rest)
        # The fifth best of the best in each stretch is at most the fifth best of all.
        peaks = np.maximum.reduceat(least, np.arange(0, len(least), min(64, len(least) // TOP)))
        enough = np.partition(peaks, -TOP)[-TOP]
        return rescored(matrix, question, np.flatnonzero(most >= enough))

    return search


def partial_columns(matrix: Vectors) -> Search:
    """Scan the first 64 of the rotated columns and score the best 50 exactly: no bound holds."""
    _, axes = np.linalg.eigh(matrix[:REAL].T @ matrix[:REAL])
    axes = axes[:, ::-1][:, :64].astype(np.float32)
    short = np.ascontiguousarray(matrix @ axes)

    def search(question: Vectors) -> Rows:
        near = short @ (question @ axes)
        return rescored(matrix, question, np.argpartition(-near, WIDER)[:WIDER])

    return search


def faiss_scan(kind: str, matrix: Vectors) -> Search:
    """Scan with faiss; quantised scores are followed by exact ones."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.index_factory(matrix.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    index.train(matrix[:REAL])
    index.add(matrix)
    if kind == "Flat":
        return lambda question: index.search(question[None], TOP)[1][0]
    return lambda q: rescored(matrix, q, index.search(q[None], WIDER)[1][0])


def hnswlib_graph(ef: int, matrix: Vectors) -> Search:
    """Walk a graph of hnswlib."""
    import hnswlib

    index = hnswlib.Index("ip", matrix.shape[1])
    index.init_index(len(matrix), **GRAPH)
    index.set_num_threads(1)
    index.add_items(matrix, num_threads=1)
    index.set_ef(ef)
    return lambda question: index.knn_query(question[None], TOP, num_threads=1)[0][0]


def usearch_graph(ef: int, matrix: Vectors) -> Search:
    """Walk a graph of usearch over half floats, and score its best exactly."""
    from usearch.index import Index

    index = Index(
        ndim=matrix.shape[1], metric="ip", dtype="f16", connectivity=32, expansion_search=ef
    )
    index.add(np.arange(len(matrix)), matrix, threads=1)
    return lambda q: rescored(matrix, q, index.search(q, WIDER, threads=1).keys.astype(np.int64))


def candidates(size: int) -> dict[str, Callable[[Vectors], Search]]:
    """List what is compared at a size, the yardstick first."""
    made: dict[str, Callable[[Vectors], Search]] = {
        "numpy float32": lambda matrix: lambda question: best(matrix @ question),
        "ours: 7-bit scan, bound, exact": ours,
        "numpy 64 columns, 50 exact": partial_columns,
    }
    if find_spec("faiss"):
        kinds = ("Flat", "SQfp16", "SQ8")
        made |= {f"faiss {kind}, 50 exact": partial(faiss_scan, kind) for kind in kinds}
    if size <= LARGEST_GRAPH and find_spec("hnswlib"):
        made["hnswlib M32, ef 128"] = partial(hnswlib_graph, 128)
    if size <= LARGEST_GRAPH and find_spec("usearch"):
        made["usearch f16, ef 128, 50 exact"] = partial(usearch_graph, 128)
    return made


def timed(search: Search, questions: Vectors) -> tuple[float, list[Rows]]:
    """Return the median CPU milliseconds of a search, and what each question found."""
    took, found = [], []
    for question in questions:
        begun = process_time()
        rows = search(question)
        took.append((process_time() - begun) * 1e3)
        found.append(np.asarray(rows, np.int64))
    return float(np.median(took)), found


def resident() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def compare(matrix: Vectors, questions: Vectors) -> None:
    """Print one row for each way to find the nearest passages."""
    lowest = [np.sort(matrix @ question)[-TOP] for question in questions]
    for name, make in candidates(len(matrix)).items():
        gc.collect()
        before, begun = resident(), process_time()
        search = make(matrix)
        built, memory = process_time() - begun, resident() - before
        timed(search, questions[:5])
        ms, found = timed(search, questions)
        # By score, since passages of equal text are equally good.
        recall = np.mean(
            [
                (matrix[rows] @ question >= least - 1e-6).mean()
                for rows, question, least in zip(found, questions, lowest, strict=True)
            ]
        )
        print(
            f"| {len(matrix):,} | {name} | {built:.2f} | {memory:.0f} | {ms:.3f} | {recall:.3f} |"
        )
        del search


def whole_index(
    matrix: Vectors, embedder: Embedder, pool: list[str], asked: list[str], questions: Vectors
) -> None:
    """Print what our index takes to build on given vectors, to search, change and merge."""
    chance = random.Random(1)  # noqa: S311 - texts to measure with
    cuts: list[Cut] = []
    rows = 0
    while rows < len(matrix):
        body = "\n\n".join(text_of(pool, chance) for _ in range(4))
        article = Article(f"a{len(cuts)}", "en", text_of(pool, chance)[:80], body)
        cuts.append((article, cut(article)))
        rows += len(cuts[-1][1])
    given = np.resize(matrix, (rows, matrix.shape[1]))
    before, begun = resident(), process_time()
    index = PassageIndex.whole(Segment.of(cuts, given), embedder)
    built, memory = process_time() - begun, resident() - before
    found = [
        Query(text, "en", vector, Filters(TODAY))
        for text, vector in zip(asked, questions, strict=True)
    ]
    ms = _each([partial(index.search, one, 10) for one in found])
    changed = [partial(index.with_articles, [cuts[n]]) for n in range(0, 50, 10)]
    update = _each(changed)
    begun = process_time()
    changed[0]().merged()
    merge = process_time() - begun
    print(
        f"| {rows:,} | {built:.1f} | {memory:.0f} | {ms:.2f} | {update:.1f} | {merge:.2f} |",
        flush=True,
    )


def _each(calls: Sequence[Callable[[], object]]) -> float:
    took = []
    for call in calls:
        begun = process_time()
        call()
        took.append((process_time() - begun) * 1e3)
    return float(np.median(took))


def main() -> None:
    """Print both tables."""
    sizes = [int(value) for value in sys.argv[1:]] or list(SIZES)
    pool, messages = sentences()
    chance = random.Random(0)  # noqa: S311 - texts to measure with
    encoder = StaticEncoder.load(CHECKOUT / "models" / "encoders" / "static")
    embedder = Embedder(EncoderSet({"static": encoder}), Profile("tiny", {"*": "static"}))
    real = encoder.encode([text_of(pool, chance) for _ in range(min(REAL, max(sizes)))])
    asked = chance.sample(messages, QUESTIONS)
    questions = encoder.encode(asked)
    print("| passages | search | build s | MB | p50 ms | recall@5 |\n|---|---|---|---|---|---|")
    for size in sizes:
        compare(vectors(real, size), questions)
    print(
        "\n| passages | build s | MB | search ms | change ms | merge s |\n|---|---|---|---|---|---|"
    )
    for size in sizes:
        whole_index(vectors(real, size), embedder, pool, asked, questions)


if __name__ == "__main__":
    main()
