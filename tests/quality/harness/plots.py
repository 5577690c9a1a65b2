"""Reliability diagrams as SVG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.quality.harness.figures import Outcomes

BINS = 10
BLUE, GREY = "#2f6db3", "#9aa5b1"


def reliability(ways: Mapping[str, Outcomes], task: str, path: Path) -> None:
    """Draw accuracy against confidence for each profile, the number of rows beneath.

    The diagonal is perfect calibration; bars are one standard error if it held.
    """
    # Imported late: the rest of the harness need not wait for it.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "triage"
    figure = Figure(figsize=(4.2 * len(ways), 4.8), layout="constrained")
    grid = figure.subplots(2, len(ways), sharex=True, squeeze=False, height_ratios=[3, 1])
    for column, (way, outcomes) in enumerate(ways.items()):
        _draw(grid[0][column], grid[1][column], outcomes)
        grid[0][column].set_title(f"{task}, {way} (n = {len(outcomes)})", fontsize=11)
        grid[1][column].set_xlabel("confidence of the top label")
    grid[0][0].set_ylabel("share right")
    grid[1][0].set_ylabel("rows")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def _draw(upper: Any, lower: Any, outcomes: Outcomes) -> None:  # noqa: ANN401 - matplotlib brings no types
    confidence, right = outcomes.confidence, outcomes.correct.astype(float)
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(which, minlength=BINS)
    filled = count > 0
    mean = np.bincount(which, confidence, BINS)[filled] / count[filled]
    share = np.bincount(which, right, BINS)[filled] / count[filled]
    error = np.sqrt(mean * (1 - mean) / count[filled])
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    upper.errorbar(mean, share, yerr=error, color=BLUE, marker="o", capsize=3, linewidth=1.5)
    upper.set(xlim=(0, 1), ylim=(0, 1.05))
    centres = (np.arange(BINS) + 0.5) / BINS
    lower.bar(centres, count, width=0.9 / BINS, color=GREY)
    for side in ("top", "right"):
        upper.spines[side].set_visible(False)
        lower.spines[side].set_visible(False)
