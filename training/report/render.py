"""Write the gathered content of a report as one HTML file that asks for nothing else."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from training.report import plots
from training.report.subject import Json

TEMPLATES = Path(__file__).resolve().parent / "templates"
MANY = 20
"""Labels above which a table scrolls on screen, the weakest first."""


def render(content: Json) -> str:
    """Write the page; every value from outside is escaped, and scripts other than ours are off."""
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8").strip()
    drawn = [_drawn(task, number) for number, task in enumerate(content["tasks"])]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=content,
            tasks=list(zip(content["tasks"], drawn, strict=True)),
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our file
            script=Markup(script),  # noqa: S704 - our file
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            many=MANY,
        )
    )


def _drawn(task: Json, number: int) -> dict[str, Markup]:
    """Draw the plots of a task; only figures go into them, no name from outside."""
    found = {
        "reliability": plots.reliability(task["reliability"], f"r{number}"),
        "coverage": plots.coverage(task["coverage"], task["cuts"]["asked"], f"c{number}"),
    }
    if task["learning"]:
        found["learning"] = plots.learning(task["learning"], f"l{number}")
    return {name: Markup(svg) for name, svg in found.items()}  # noqa: S704 - drawn from figures


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"pct": percent, "span": span, "points": points, "size": size}
    environment.filters |= {"weakest": weakest, "breakable": breakable}
    return environment


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share in per cent."""
    return "–" if value is None else f"{value * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def span(bounds: list[float] | None, digits: int = 0) -> str:
    """Write an interval of shares in per cent."""
    if bounds is None:
        return ""
    return f"{bounds[0] * 100:.{digits}f}–{bounds[1] * 100:.{digits}f}"


def points(value: float, digits: int = 1) -> str:
    """Write a difference of shares in points."""
    return f"{value * 100:+.{digits}f}".replace("-", "−")


def size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"  # noqa: PLR2004 - a megabyte


def breakable(name: str) -> Markup:
    """Escape a name and let its line break behind each underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


def weakest(rows: list[Json]) -> list[Json]:
    """Sort labels by F1, the weakest first; those that no row carries or was given come last."""
    return sorted(rows, key=lambda row: (row["f1"]["value"] is None, row["f1"]["value"] or 0.0))
