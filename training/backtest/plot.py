"""A task of a backtest as one picture: what would have happened, period by period."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.metrics import Report

INK, SOFT = "#1f2933", "#7b8794"
AUTOMATED, SUGGESTED, ABSTAINED, WRONG = "#1a7f64", "#7cc4ae", "#d9dee3", "#c2410c"
CONFIDENCE = "#3b5bdb"
MOST_TICKS = 12
SLANTED = 8
"""Names of periods below an axis; more than this many are slanted."""
STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "path",
    "svg.hashsalt": "triage",
}
Periods = Sequence[Mapping[str, Any]]


def draw(task: str, part: Report) -> str:
    """Draw the periods of a task as a self-contained SVG."""
    with rc_context(STYLE):
        out = StringIO()
        canvas = FigureCanvasSVG(picture(task, part))
        canvas.print_svg(out, metadata={"Date": None, "Title": task})
    return out.getvalue()


def picture(task: str, part: Report) -> Figure:
    """Put the four views of a task on one figure."""
    figure = Figure(figsize=(11, 7), layout="constrained")
    (decisions, precision), (confidence, minutes) = figure.subplots(2, 2)
    periods = part["periods"]
    _decisions(decisions, periods)
    _precision(precision, periods, part["promised"]["automate"])
    _confidence(confidence, periods)
    _minutes(minutes, periods)
    for axes in (decisions, precision, confidence, minutes):
        _name_periods(axes, periods)
    # Dollars in a task's name are no formula.
    figure.suptitle(task, x=0.01, ha="left", fontsize=13, fontweight="bold", parse_math=False)
    return figure


def _decisions(axes: Axes, periods: Periods) -> None:
    """Stack the shares of the rows that were automated, suggested and left alone."""
    counts = {
        ("automated, right", AUTOMATED): [p["automate"]["right"] for p in periods],
        ("automated, wrong", WRONG): [p["automate"]["wrong"] for p in periods],
        ("suggested", SUGGESTED): [p["suggest"]["n"] for p in periods],
        ("abstained", ABSTAINED): [p["abstain"]["n"] for p in periods],
    }
    floor = [0.0] * len(periods)
    for (name, colour), values in counts.items():
        shares = [value / p["n"] for value, p in zip(values, periods, strict=True)]
        axes.bar(range(len(periods)), shares, 0.75, floor, color=colour, label=name)
        floor = [a + b for a, b in zip(floor, shares, strict=True)]
    if len(periods) <= MOST_TICKS:
        for x, period in enumerate(periods):
            axes.text(x, 1.01, f"{period['n']:,}", ha="center", fontsize=7, color=SOFT)
    axes.set(title="What would have been done", ylabel="share of the rows", ylim=(0, 1.06))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    _legend(axes, 4)


def _precision(axes: Axes, periods: Periods, promised: float) -> None:
    axes.axhline(promised, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for kind, colour, offset, name in (
        ("automate", AUTOMATED, -0.12, "automated"),
        ("suggest", SUGGESTED, 0.12, "suggested"),
    ):
        at = [x for x, p in enumerate(periods) if p[kind]["n"]]
        values = [periods[x][kind]["precision"] for x in at]
        low = [v - periods[x][kind]["interval"][0] for v, x in zip(values, at, strict=True)]
        high = [periods[x][kind]["interval"][1] - v for v, x in zip(values, at, strict=True)]
        axes.errorbar(
            [x + offset for x in at],
            values,
            [[max(0.0, v) for v in low], [max(0.0, v) for v in high]],
            fmt="o",
            markersize=4.5,
            color=colour,
            elinewidth=1.4,
            label=f"{name}, 95 % interval",
        )
    axes.plot([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label=f"asked: {promised:g}")
    bounds = [p[kind]["interval"] for p in periods for kind in ("automate", "suggest")]
    low_end = min([promised, *(bound[0] for bound in bounds if bound)])
    axes.set(title="How often it would have been right", ylabel="precision")
    axes.set_ylim(max(0.0, low_end - 0.1), 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    _legend(axes, 3)


def _confidence(axes: Axes, periods: Periods) -> None:
    """Set mean confidence beside accuracy: where they part, confidence promises too much."""
    at = range(len(periods))
    sure, right = ([p[key] for p in periods] for key in ("mean_confidence", "accuracy"))
    axes.fill_between(at, sure, right, color=CONFIDENCE, alpha=0.12, linewidth=0)
    axes.plot(at, sure, "o-", color=CONFIDENCE, markersize=4, label="mean confidence")
    axes.plot(at, right, "s-", color=INK, markersize=4, label="accuracy of the top label")
    slipped = [x for x in at if periods[x]["slipped"]]
    axes.plot(
        slipped,
        [right[x] for x in slipped],
        "o",
        color=WRONG,
        markersize=11,
        markerfacecolor="none",
        label="calibration slipped",
    )
    low = min([*sure, *right])
    axes.set(title="Whether confidence holds", ylabel="all rows", ylim=(max(0, low - 0.12), 1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    _legend(axes, 3)


def _minutes(axes: Axes, periods: Periods) -> None:
    values = [p["minutes"] / 60 for p in periods]
    colours = [AUTOMATED if value >= 0 else WRONG for value in values]
    axes.bar(range(len(periods)), values, 0.75, color=colours)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.margins(y=0.12)
    total = sum(values)
    axes.set(title="Hours saved, as assumed", ylabel="hours")
    axes.text(1, 1.02, f"{total:+,.1f} in all", transform=axes.transAxes, ha="right", fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(6))


def _name_periods(axes: Axes, periods: Periods) -> None:
    step = max(1, -(-len(periods) // MOST_TICKS))
    shown = range(0, len(periods), step)
    names = [
        f"{periods[x]['period']}{'*' if periods[x].get('trained_on_these') else ''}" for x in shown
    ]
    slanted = len(names) > SLANTED or max(map(len, names)) * len(names) > 7 * SLANTED
    axes.set_xticks(list(shown), names)
    axes.tick_params(axis="x", length=0, labelrotation=40 if slanted else 0)
    for tick in axes.get_xticklabels():
        tick.set(ha="right" if slanted else "center", rotation_mode="anchor" if slanted else None)
    axes.set_xlim(-0.6, len(periods) - 0.4)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=ABSTAINED, linewidth=0.6)


def _legend(axes: Axes, columns: int) -> None:
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=columns,
        columnspacing=1.1,
        handlelength=1.2,
    )
