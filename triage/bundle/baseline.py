"""What the training rows looked like, to notice when messages come to look otherwise.

``baseline.json`` is an optional part of a bundle: shares of languages, lengths and channels of its
rows, and of the labels of each task. A bundle without one is compared with the rows that it was
tested on, as far as its figures tell of them.
"""

from bisect import bisect_right
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from triage.bundle.manifest import METRICS, read_json
from triage.errors import CorruptBundleError

BASELINE = "baseline.json"
EDGES = (50, 100, 200, 400, 800, 1600, 3200)
"""Characters of a cleaned text at which a new length bucket begins."""
REST = ""
"""Stands for all that the baseline does not have."""

Shares = Mapping[str, float]


class Baseline(BaseModel):
    """Shares of what was trained on; a part that was not recorded is empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rows: int = 0
    language: dict[str, float] = {}
    length: dict[str, float] = {}
    channel: dict[str, float] = {}
    labels: dict[str, dict[str, float]] = {}


def bucket(characters: int) -> str:
    """Name the length bucket of a cleaned text by its least number of characters."""
    place = bisect_right(EDGES, characters)
    return str(EDGES[place - 1] if place else 0)


def read_baseline(folder: Path) -> Baseline:
    """Read what a bundle tells of its rows; one that tells nothing gives an empty baseline."""
    try:
        if (folder / BASELINE).is_file():
            return Baseline.model_validate(read_json(folder / BASELINE))
        return _of_figures(read_json(folder / METRICS))
    except (CorruptBundleError, ValidationError, LookupError, AttributeError, TypeError):
        # Drift is watched where it can be; it must not keep a whole bundle from answering.
        return Baseline()


def stability(baseline: Shares, counts: Mapping[str, int]) -> float:
    """Compute the population stability index of counts against shares.

    Below 0.1 little has changed, above 0.25 much has (Siddiqi 2006, "Credit Risk Scorecards").
    What the baseline lacks counts as one category. Half a row is added to each category, so that
    an empty one gives a large index instead of an infinite one.
    """
    seen = {name: counts.get(name, 0) for name in baseline}
    seen[REST] = sum(counts.values()) - sum(seen.values())
    total = sum(seen.values()) + len(seen) / 2
    index = 0.0
    for name, count in seen.items():
        now = (count + 0.5) / total
        before = max(baseline.get(name, 0.0), 0.5 / total)
        index += (now - before) * log(now / before)
    return index


def _of_figures(metrics: Mapping[str, Any]) -> Baseline:
    """Take language and label shares from the recorded figures of the test rows."""
    labels: dict[str, dict[str, float]] = {}
    languages: dict[str, float] = {}
    rows = 0
    for task, figures in metrics["tasks"].items():
        supports = {name: one["support"] for name, one in figures["per_label"].items()}
        labels[task] = _shares(supports)
        if figures["n"] > rows:
            rows = figures["n"]
            languages = _shares({code: one["n"] for code, one in figures["per_language"].items()})
    return Baseline(rows=rows, language=languages, labels=labels)


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}
