"""A backtest as one self-contained HTML page and as the files of a folder."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from training.backtest.table import HEADINGS, cells, notes, share_table, to_csv, who
from training.metrics import Report
from triage.bundle.store import to_json, write_folder
from triage.errors import ExportError, InputError

LABELS = 12
"""Labels with a column of their own in the table of shares."""
CSS = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;max-width:72rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem}h2{margin-top:2.5rem;border-bottom:1px solid #d9dee3}h3{font-size:1rem}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid #d9dee3;text-align:right;vertical-align:top}
th{white-space:normal}th:first-child,td:first-child{text-align:left;white-space:nowrap}
tr.total td{font-weight:600;border-top:2px solid #7b8794}
.wide{overflow-x:auto}.warning{color:#9a3412}.assumed{background:#f5f7f9;padding:.6rem .9rem}
figure{margin:1rem 0}svg{max-width:100%;height:auto}figcaption{color:#52606d;font-size:13px}
@media print{body{max-width:none;margin:0}h2{break-before:page}h2:first-of-type{break-before:auto}}
"""
CAPTION = (
    "Top left: shares of the rows that answer the task, their number above each bar. Top right: "
    "precision with 95 % Clopper-Pearson intervals. Bottom left: mean confidence beside accuracy, "
    "circled where the calibration error is more than chance explains. Bottom right: hours under "
    "the assumption above."
)


def write(report: Report, folder: Path) -> None:
    """Write page, table, figures and plots to a new folder, whole or not at all.

    Raises:
        InputError: When the folder exists.
        ExportError: When it cannot be written.
    """
    # Imported late: the command line must not wait for the plotting library.
    from training.backtest.plot import draw

    check_new(folder)
    plots = {task: draw(task, part) for task, part in report["tasks"].items()}
    files = {
        "backtest.json": to_json(report),
        "backtest.csv": to_csv(report).encode(),
        "backtest.html": page(report, plots).encode(),
    }
    for number, svg in enumerate(plots.values(), start=1):
        files[_plot_name(number, len(plots))] = svg.encode()
    try:
        write_folder(folder, files, {})
    except OSError as error:
        raise ExportError(
            f"--out {folder}: cannot be written ({error.strerror}).",
            fix="Make room there, or choose another place.",
            field="--out",
        ) from error


def check_new(folder: Path) -> None:
    """Refuse a folder that exists before hours are spent on what to write there.

    Raises:
        InputError: When it exists.
    """
    if folder.exists():
        raise InputError(
            f"--out {folder}: exists already.", fix="Name a new folder.", field="--out"
        )


def page(report: Report, plots: Mapping[str, str]) -> str:
    """Write the page; ``plots`` are SVG documents by task."""
    parts = [_task(task, part, plots[task]) for task, part in report["tasks"].items()]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Backtest</title>'
        f"<style>{CSS}</style></head><body><h1>Backtest</h1><p>{escape(who(report))}</p>"
        f'<p class="assumed">{escape(report["assumptions"]["sentence"])}</p>'
        f"{_warnings(report['warnings'])}{''.join(parts)}</body></html>\n"
    )


def _task(task: str, part: Report, svg: str) -> str:
    rows = [cells(period) for period in part["periods"]]
    whole = cells({**part["total"], "period": "all"})
    names, shares = share_table(part["periods"], LABELS)
    learned, models = _models(part["periods"])
    told = "".join(f"<li>{escape(line)}</li>" for line in notes(part))
    return (
        f"<h2>{escape(task)}</h2>{_warnings(part['warnings'])}"
        f"<figure>{svg[svg.index('<svg') :]}<figcaption>{CAPTION}</figcaption></figure>"
        f"<h3>Decisions</h3>{_table(HEADINGS, rows, whole)}<ul>{told}</ul>"
        f"<h3>Models and calibration</h3>{_table(learned, models)}"
        f"<h3>Share of each label</h3>{_table(names, shares)}"
    )


def _models(periods: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Write what each period was judged by, and how well its confidence held."""
    names = ["period", "trained on", "candidate", "automated from", "suggested from"]
    names += ["accuracy", "mean confidence", "ECE (95 % interval)", "ECE by chance, at most"]
    rows = []
    for period in periods:
        low, high = period["ece_interval"]
        known = period["trained_on"] is not None
        rows.append(
            [
                str(period["period"]),
                f"{period['trained_on']:,}" if known else "-",
                period["candidate"] or "-",
                _cut(period["automate_at"]),
                _cut(period["suggest_at"]),
                f"{period['accuracy']:.3f}",
                f"{period['mean_confidence']:.3f}",
                f"{period['ece']:.3f} ({low:.3f} to {high:.3f})",
                f"{period['ece_by_chance']:.3f}",
            ]
        )
    return names, rows


def _cut(value: float | None) -> str:
    return "never" if value is None or value > 1 else f"{value:.3f}"


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str] | None = None
) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    last = f'<tr class="total">{_cells(whole)}</tr>' if whole else ""
    return f'<div class="wide"><table><tr>{head}</tr>{body}{last}</table></div>'


def _cells(row: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell).replace(chr(10), '<br>')}</td>" for cell in row)


def _warnings(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<ul class="warning">{items}</ul>' if lines else ""


def _plot_name(number: int, count: int) -> str:
    return "backtest.svg" if count == 1 else f"backtest-{number}.svg"
