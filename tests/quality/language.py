"""Measure language identification: accuracy, calibration, start-up, memory and time.

Run ``python tests/quality/language.py``. Short messages come from the fixture, longer ones from
``data/samples``; "cut" are the samples' training side cut to one to six words, on which the weights
were set.
"""

import argparse
import json
import resource
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from triage.text.language import LanguageIdentifier

ROOT = Path(__file__).parents[2]
SUPPORTED = ("en", "da", "ro", "zh")
BINS = 10


class Row(NamedTuple):
    """A text and its language."""

    language: str
    text: str


def read(paths: Iterable[Path]) -> list[Row]:
    """Read texts with their languages from JSON Lines."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [Row(row["language"], row["text"]) for row in map(json.loads, lines)]


def cut(rows: Sequence[Row]) -> list[Row]:
    """Cut each text to its first one to six words, or one to eight Chinese characters."""
    short: list[Row] = []
    for number, row in enumerate(rows):
        parts = row.text.split()
        text = (
            row.text[: 1 + number % 8]
            if row.language == "zh"
            else " ".join(parts[: 1 + number % 6])
        )
        if any(char.isalpha() for char in text):
            short.append(Row(row.language, text))
    return short


def report(name: str, identifier: LanguageIdentifier, rows: Sequence[Row], *, misses: bool) -> None:
    """Print accuracy per language, calibration error and the time of one call."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    routed = 0
    seconds: list[float] = []
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for row in rows:
        started = time.perf_counter()
        found = identifier.identify(row.text)
        seconds.append(time.perf_counter() - started)
        good = found.code == row.language
        right[row.language] += good
        total[row.language] += 1
        routed += found.supported == (row.language in (*SUPPORTED, "und"))
        bins[min(BINS - 1, int(found.confidence * BINS))].append((found.confidence, good))
        if misses and not good:
            print(f"  {row.language}: {row.text[:60]!r} -> {found.code} {found.confidence:.2f}")
    error = sum(abs(sum(c for c, _ in part) - sum(g for _, g in part)) for part in bins) / len(rows)
    ours = {code: f"{right[code]}/{total[code]}" for code in total if code in SUPPORTED}
    decoys = [code for code in total if code not in (*SUPPORTED, "und")]
    print(
        f"{name:9} n={len(rows)} {ours} decoys "
        f"{sum(right[c] for c in decoys)}/{sum(total[c] for c in decoys)} "
        f"und {right['und']}/{total['und']} supported-or-not {routed}/{len(rows)} "
        f"ECE {error:.3f} p50 {1000 * sorted(seconds)[len(seconds) // 2]:.3f} ms"
    )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    identifier = LanguageIdentifier(SUPPORTED)
    identifier.identify("hello")
    startup = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"start-up {startup:.2f} s, peak memory +{grown:.0f} MB")
    train = read(sorted((ROOT / "data/samples/train").glob("*.jsonl")))
    test = read(sorted((ROOT / "data/samples/test").glob("*.jsonl")))
    fixture = read([ROOT / "tests/fixtures/language.jsonl"])
    for name, rows in (("cut", cut(train)), ("fixture", fixture), ("samples", test)):
        report(name, identifier, rows, misses=options.misses)


if __name__ == "__main__":
    main()
