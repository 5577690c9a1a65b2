"""Plots as inline SVG: colours are variables of the page, so that they follow light and dark."""

import re
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from training.report.subject import Json

Axes = Any
INK, MUTED, GRID, ACCENT, SECOND, WARN = (
    *("#010101", "#020202", "#030303"),
    *("#040404", "#050505", "#060606"),
)
"""Colours that stand for variables of the page; nothing is shown in them."""
VARIABLES = {
    INK: "--ink", MUTED: "--muted", GRID: "--line",
    ACCENT: "--accent", SECOND: "--second", WARN: "--warn",
}  # fmt: skip
STYLE = {
    "svg.fonttype": "none",  # the page's own font, and text that can be searched
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "text.parse_math": False,
}
SIZE = (5.2, 3.7)
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_NAMESPACES = re.compile(r'\s(?:xmlns(?::\w+)?|version|width|height)="[^"]*"')
_FONT = re.compile(r"font: (?:[\w.]+ )*?(\d+(?:\.\d+)?px) [^;\"]*")
_IDS = re.compile(r'(\bid="|href="#|url\(#)')


def reliability(found: Json, name: str) -> str:
    """Plot accuracy against confidence, with the rows of each bin below."""
    bins = [one for one in found["bins"] if one["n"]]
    with mpl.rc_context(STYLE):
        figure, (axes, below) = _figure(2)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        x = np.asarray([one["confidence"] for one in bins])
        y = np.asarray([one["accuracy"] for one in bins])
        low, high = np.asarray([one["interval"] for one in bins]).T
        spread = np.maximum([y - low, high - y], 0)
        axes.errorbar(x, y, spread, fmt="o-", color=ACCENT, ecolor=ACCENT, elinewidth=1.2, ms=5)
        axes.set_ylabel("share right (%)")
        axes.tick_params(labelbottom=False)
        below.bar(
            [(one["low"] + one["high"]) / 2 for one in found["bins"]],
            [one["n"] for one in found["bins"]],
            width=0.9 / len(found["bins"]),
            color=SECOND,
        )
        below.set_ylabel("rows")
        below.set_xlabel("confidence (%)")
        _percent(axes, "y")
        for one in (axes, below):
            _percent(one, "x")
            one.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.04)
        return _svg(figure, name)


def coverage(found: Json, asked: float, name: str) -> str:
    """Plot the precision of ever more rows, with its band and both cuts."""
    x = np.asarray(found["coverage"])
    with mpl.rc_context(STYLE):
        figure, (axes,) = _figure(1)
        axes.fill_between(x, found["low"], found["high"], color=ACCENT, alpha=0.18, linewidth=0)
        axes.plot(x, found["precision"], color=ACCENT, linewidth=2, label="precision")
        axes.axhline(asked, color=WARN, linewidth=1, linestyle=(0, (4, 3)))
        floor = min(asked - 0.1, found["low"][-1], *found["precision"][len(x) // 20 :])
        floor = max(0.0, np.floor(floor * 20) / 20)
        top = 1 + (1 - floor) * 0.12
        for cut in found["cuts"]:
            colour, marker = (ACCENT, "o") if cut["name"] == "automate" else (SECOND, "s")
            if cut["precision"] is None:
                continue
            axes.axvline(cut["coverage"], color=colour, linewidth=1)
            told = f"{cut['name']} from {cut['confidence'] * 100:.0f} %"
            axes.plot([cut["coverage"]], [cut["precision"]], marker, color=colour, ms=7, label=told)
        axes.plot([], [], color=WARN, linewidth=1, linestyle=(0, (4, 3)), label="asked")
        axes.set_ylim(floor, top)
        axes.set_xlim(0, 1.02)
        axes.set_xlabel("coverage: rows answered, the surest first (%)")
        axes.set_ylabel("precision (%)")
        _percent(axes, "x")
        _percent(axes, "y")
        axes.legend(loc="lower left", fontsize=9)
        return _svg(figure, name)


def learning(found: Json, name: str) -> str:
    """Plot accuracy and macro-F1 against the rows learned from."""
    points = found["points"]
    rows = np.asarray([point["rows"] for point in points])
    low, high = np.asarray([point["interval"] for point in points]).T
    with mpl.rc_context(STYLE):
        figure, (axes,) = _figure(1)
        axes.fill_between(rows, low, high, color=ACCENT, alpha=0.18, linewidth=0)
        accuracy = [point["accuracy"] for point in points]
        axes.plot(rows, accuracy, "o-", color=ACCENT, linewidth=2, ms=5, label="accuracy")
        macro = [point["macro_f1"] for point in points]
        axes.plot(rows, macro, "s--", color=SECOND, linewidth=1.5, ms=4, label="macro-F1")
        axes.set_xlabel("labelled messages learned from (rows)")
        axes.set_ylabel("on the test rows (%)")
        axes.set_xlim(0, rows[-1] * 1.04)
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6, integer=True))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        _percent(axes, "y")
        axes.legend(loc="lower right", fontsize=9)
        return _svg(figure, name)


def _figure(rows: int) -> tuple[Figure, tuple[Axes, ...]]:
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasSVG(figure)
    heights = (3, 1) if rows == 2 else (1,)  # noqa: PLR2004 - a plot and the counts below it
    axes = figure.subplots(rows, 1, gridspec_kw={"height_ratios": heights}, squeeze=False)[:, 0]
    figure.patch.set_visible(False)
    for one in axes:
        one.patch.set_visible(False)
        one.tick_params(length=0)
    return figure, tuple(axes)


def _percent(axes: Axes, side: str) -> None:
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}" if value <= 1.001 else "")  # noqa: PLR2004 - nothing is above 100 %


def _svg(figure: Figure, name: str) -> str:
    """Write a figure as SVG that may stand several times in one page.

    What names other places goes out, ids become the plot's own, and colours become variables.
    """
    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = _METADATA.sub("", _PROLOGUE.sub("", out.getvalue(), count=1))
    head, body = text.split(">", 1)
    text = _NAMESPACES.sub("", head) + ' aria-hidden="true" focusable="false">' + body
    text = _IDS.sub(rf"\g<1>{name}-", _FONT.sub(r"font-size: \1", text)).replace("xlink:", "")
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text
