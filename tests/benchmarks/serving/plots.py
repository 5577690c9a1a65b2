"""Draw what was measured: requests per CPU-second, and latency, as SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tests.benchmarks.serving.figures import Figures
from tests.benchmarks.serving.page import ORDER
from tests.benchmarks.serving.run import CONNECTIONS
from tests.benchmarks.serving.servers import OURS, TITLES

THROUGHPUT, LATENCY = "serving-throughput.svg", "serving-latency.svg"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "serving",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#d8d8d8",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
SHADES = ("#1f4e79", "#5b8db8", "#b3cde3")
COLOURS = ("#888888", "#c0504d", "#b08a2e", "#d8b864", "#2e8b57", "#1f4e79")
"""In the order of the servers."""
WIDTH = 0.26
LEAST = 1
"""Requests per CPU-second where the bars begin."""
STACKED = 1.15
"""Factor of a label above its bar, on the logarithmic axis."""


def draw(figures: Figures, folder: Path) -> list[Path]:
    """Write both plots; return their paths."""
    servers = [name for name in ORDER if figures.over(name, "mix-1", "per_cpu_s")]
    if not servers:
        return []
    with mpl.rc_context(STYLE):
        throughput, latency = _throughput(figures, servers), _latency(figures, servers)
        return [_save(throughput, folder / THROUGHPUT), _save(latency, folder / LATENCY)]


def _throughput(figures: Figures, servers: Sequence[str]) -> Figure:
    figure, axes = _figure(9.5, 4.4)
    for at, count in enumerate(CONNECTIONS):
        found = [figures.over(name, f"mix-{count}", "per_cpu_s") for name in servers]
        heights = [one.middle if one else 0.0 for one in found]
        places = [number + (at - 1) * WIDTH for number in range(len(servers))]
        label = f"{count} connection{'s' if count > 1 else ''}"
        axes.bar(places, heights, WIDTH * 0.94, color=SHADES[at], label=label)
        for place, height in zip(places, heights, strict=True):
            if height:
                axes.text(place, height * STACKED, f"{height:,.0f}", ha="center", fontsize=7.5)
    axes.set_yscale("log")
    axes.set_ylim(bottom=LEAST)
    axes.set_xticks(range(len(servers)), [_broken(TITLES[name]) for name in servers])
    axes.set_ylabel("requests per CPU-second of the server")
    axes.legend(loc="upper right")
    return figure


def _latency(figures: Figures, servers: Sequence[str]) -> Figure:
    figure, axes = _figure(9.5, 4.8)
    for name in servers:
        colour = COLOURS[ORDER.index(name)]
        for field, line in (("p50_ms", "-"), ("p99_ms", ":")):
            found = [figures.over(name, f"mix-{count}", field) for count in CONNECTIONS]
            points = [
                (count, one.middle) for count, one in zip(CONNECTIONS, found, strict=True) if one
            ]
            label = TITLES[name] if field == "p50_ms" else None
            wide = 2.4 if name in OURS else 1.4
            xs, ys = [x for x, _ in points], [y for _, y in points]
            axes.plot(xs, ys, line, marker="o", ms=4, color=colour, label=label, linewidth=wide)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(CONNECTIONS, [str(count) for count in CONNECTIONS])
    axes.set_xlabel("connections")
    axes.set_ylabel("ms to the answer: p50 solid, p99 dotted")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.add_subplot()


def _broken(title: str) -> str:
    return title.replace(" + ", "\n+ ").replace(", ", ",\n")


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, format="svg", metadata={"Date": None}, facecolor="white")
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", "utf-8")
    return path
