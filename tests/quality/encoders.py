"""Measure the shipped encoders: python tests/quality/encoders.py (needs TRIAGE_DATASETS).

Prints recall on articles and sentences that no encoder was trained on, and on XQuAD, whose text
(CC BY-SA) is used here alone; then time and memory on one thread.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from triage.encoders.base import Encoder, Vectors
from triage.encoders.loading import load_encoder
from triage.rows import read_rows

ROOT = Path(__file__).parents[2]
ENCODERS = ROOT / "models" / "encoders"
LANGUAGES = ("en", "da", "ro", "zh")
SHORT = "Hi, I was charged twice for my last order and would like a refund, please."
LONG = " ".join([SHORT, "The parcel is late as well and nobody answers the phone."] * 6)
DANISH = "Hej, jeg er blevet trukket to gange for min sidste ordre og vil gerne have pengene."
LONG_DANISH = " ".join([DANISH, "Pakken er også forsinket, og ingen tager telefonen."] * 6)
ROUNDS = 300
PAIRINGS = (
    ("static", "static"),
    ("static", "minilm"),
    ("static", "both"),
    ("minilm", "minilm"),
    ("minilm", "both"),
    ("polyglot", "minilm"),
    ("polyglot", "both"),
    ("polyglot + static", "both"),
)
"""Who encodes the query and who the English texts; ``both`` is the mean of table and MiniLM."""
FOREIGN = ("polyglot", "polyglot + static")
"""Encoders that are not asked in English."""


def main() -> None:
    """Print all tables."""
    if sys.argv[1:]:
        print(_memory(sys.argv[1]))
        return
    datasets = Path(os.environ["TRIAGE_DATASETS"])
    encoders = {name: load_encoder(ENCODERS / name) for name in ("static", "minilm", "polyglot")}
    speed(encoders)
    alchemy(encoders, datasets / "kb-alchemy")
    xquad(encoders, datasets / "xquad")


def speed(encoders: dict[str, Encoder]) -> None:
    """Print milliseconds a message, one by one on one thread, and memory of a fresh process."""
    print("\n| encoder | short, ms p50 / p95 | long, ms p50 / p95 | load, s | memory, MB |")
    print("|---|---|---|---|---|")
    for name, encoder in encoders.items():
        begun = time.perf_counter()
        load_encoder(ENCODERS / name)
        load = time.perf_counter() - begun
        texts = (DANISH, LONG_DANISH) if name in FOREIGN else (SHORT, LONG)
        short, long = _times(encoder, texts[0]), _times(encoder, texts[1])
        command = [sys.executable, __file__, name]
        run = subprocess.run(  # noqa: S603 - this very file
            command, capture_output=True, text=True, check=True, env={**os.environ}
        )
        print(f"| {name} | {short} | {long} | {load:.2f} | {run.stdout.strip()} |")


def alchemy(encoders: dict[str, Encoder], folder: Path) -> None:
    """Print recall of left-out articles among the English titles, and among English bodies."""
    ids = (ROOT / "data" / "alchemy_left_out.txt").read_text(encoding="utf-8").splitlines()
    texts = {
        language: {r["article_id"]: r for r in read_rows(folder / f"{language}.csv")}
        for language in LANGUAGES
    }
    english = list(texts["en"])
    titles = [texts["en"][i]["title"] for i in english]
    blocks, owners = _blocks(texts["en"], english)
    answers = [english.index(i) for i in ids]
    _heading("left-out article title among 1500 English articles", "titles", "blocks of bodies")
    title_rows, all_block_rows = _by_index(encoders, titles), _by_index(encoders, blocks)
    for query, index in PAIRINGS:
        rows, block_rows = title_rows[index], all_block_rows[index]
        for language in LANGUAGES:
            if language == "en" and query in FOREIGN:
                continue
            found = _encode(encoders, query, [texts[language][i]["title"] for i in ids])
            by_block = _best_of(found @ block_rows.T, owners, len(english))
            cells = recall(found @ rows.T, answers), recall(by_block, answers)
            print(f"| {language} | {query} | {index} | {cells[0]} | {cells[1]} |")


def xquad(encoders: dict[str, Encoder], folder: Path) -> None:
    """Print recall of questions among the English paragraphs."""
    articles = [r for r in read_rows(folder / "articles.csv.gz") if r["language"] == "en"]
    place = {_shared(r["id"]): number for number, r in enumerate(articles)}
    questions = list(read_rows(folder / "questions.csv"))
    _heading("XQuAD question among English paragraphs", "paragraphs")
    indexed = _by_index(encoders, [r["body"] for r in articles])
    for query, index in PAIRINGS:
        rows = indexed[index]
        for language in ("en", "ro", "zh"):
            if language == "en" and query in FOREIGN:
                continue
            mine = [r for r in questions if r["language"] == language]
            answers = [place[_shared(r["relevant_ids"])] for r in mine]
            found = _encode(encoders, query, [r["text"] for r in mine])
            print(f"| {language} | {query} | {index} | {recall(found @ rows.T, answers)} |")


def recall(scores: Vectors, answers: Sequence[int]) -> str:
    """Write recall at 1 and at 5 as percentages."""
    own = scores[np.arange(len(answers)), answers]
    rank = (scores > own[:, None]).sum(axis=1)
    return f"{100 * (rank < 1).mean():.1f} / {100 * (rank < 5).mean():.1f}"


def _heading(title: str, *columns: str) -> None:
    print(f"\n{title}, recall@1 / @5, %\n")
    print("| language | query by | index by | " + " | ".join(columns) + " |")
    print("|---" * (3 + len(columns)) + "|")


def _blocks(rows: dict[str, dict[str, str]], ids: Iterable[str]) -> tuple[list[str], list[int]]:
    found = [
        (line, number)
        for number, article in enumerate(ids)
        for line in rows[article]["body"].splitlines()
        if line.strip()
    ]
    return [line for line, _ in found], [number for _, number in found]


def _best_of(scores: Vectors, owners: Sequence[int], count: int) -> Vectors:
    best = np.full((len(scores), count), -1.0, np.float32)
    for column, owner in enumerate(owners):
        np.maximum(best[:, owner], scores[:, column], out=best[:, owner])
    return best


def _by_index(encoders: dict[str, Encoder], texts: Sequence[str]) -> dict[str, Vectors]:
    rows = {name: encoders[name].encode(texts) for name in ("static", "minilm")}
    return {**rows, "both": _mean(list(rows.values()))}


def _encode(encoders: dict[str, Encoder], names: str, texts: Sequence[str]) -> Vectors:
    return _mean([encoders[name].encode(texts) for name in names.split(" + ")])


def _mean(rows: Sequence[Vectors]) -> Vectors:
    total = np.sum(rows, axis=0)
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    mean: Vectors = total / np.maximum(lengths, 1e-9)
    return mean


def _shared(name: str) -> str:
    """Take the part of an id that is the same in every language."""
    parts = name.split("-")
    return "-".join(part for part in parts if part not in {"en", "ro", "zh", "de", "es"})


def _times(encoder: Encoder, text: str) -> str:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        encoder.encode([text])
        took.append(1e3 * (time.perf_counter() - begun))
    return f"{np.percentile(took, 50):.2f} / {np.percentile(took, 95):.2f}"


def _memory(name: str) -> int:
    encoder = load_encoder(ENCODERS / name)
    encoder.encode([SHORT, LONG] * 20)
    # Not getrusage: its maximum is handed down from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
