"""The report of a check: for a terminal, for a log, and for programs."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from training.check.finding import LEVELS, Finding
from training.check.survey import Survey
from triage.shell import plain

SHOWN = 12
"""Labels and languages shown of each kind."""
_COLORS = {"blocker": "bold red", "warning": "yellow", "note": "cyan"}
_LONGEST = 60


def show(survey: Survey, console: Console) -> None:
    """Print the report: with colours and tables on a terminal, one line a finding elsewhere."""
    if console.is_terminal:
        _pretty(survey, console)
    else:
        for line in lines(survey):
            console.print(line, markup=False, soft_wrap=True)


def lines(survey: Survey) -> list[str]:
    """Write the report as plain lines."""
    return [
        *survey.files,
        f"{survey.rows} rows; languages: {_shares(survey.languages)}",
        *_scope(survey),
        *(_labels(survey, task) for task in survey.labels),
        *(finding.line() for finding in survey.findings),
        _verdict(survey),
    ]


def figures(survey: Survey) -> dict[str, Any]:
    """Build what ``--json`` writes."""
    return {
        "files": list(survey.files),
        "rows": survey.rows,
        "looked_at_closely": {"rows": survey.looked, "every": survey.step},
        "period": [day.isoformat() for day in survey.period] if survey.period else None,
        "languages": dict(survey.languages),
        "tasks": {
            task: None if task in survey.crowded else dict(counts)
            for task, counts in survey.labels.items()
        },
        **{f"{level}s": survey.count(level) for level in LEVELS},
        "findings": [_figures(finding) for finding in survey.findings],
    }


def _figures(finding: Finding) -> dict[str, Any]:
    return {
        "level": finding.level,
        "code": finding.code,
        "message": finding.message,
        "fix": finding.fix,
        "count": finding.count,
        "rows": [{"file": place.file, "row": place.row} for place in finding.places],
    }


def _pretty(survey: Survey, console: Console) -> None:
    for line in survey.files:
        console.print(line, style="dim", markup=False)
    console.print(f"\n[bold]{survey.rows:,} rows[/bold]; languages: {_shares(survey.languages)}")
    for line in _scope(survey):
        console.print(line, style="dim", markup=False)
    for task, counts in survey.labels.items():
        if task in survey.crowded:
            console.print(f"\n{_labels(survey, task)}", markup=False)
        else:
            console.print(Padding(_table(task, counts), (1, 0, 0, 0)))
    for finding in survey.findings:
        console.print(Padding(_entry(finding), (1, 0, 0, 0)))
    worst = next((level for level in LEVELS if survey.count(level)), None)
    style = _COLORS[worst] if worst else "green"
    console.print(f"\n[{style}]{escape(_verdict(survey))}[/]")


def _table(task: str, counts: Mapping[str, int]) -> Table:
    total = sum(counts.values())
    table = Table(title=escape(task), title_justify="left", box=None, pad_edge=False)
    table.add_column("label", max_width=_LONGEST, no_wrap=True, overflow="ellipsis")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    table.add_column("")
    top = max(counts.values(), default=1)
    for label, count in list(counts.items())[:SHOWN]:
        bar = "\u2588" * max(1, round(24 * count / top))
        named = escape(plain(label)) if label else "[dim](none)[/dim]"
        table.add_row(named, f"{count:,}", f"{count / total:.1%}", f"[blue]{bar}[/blue]")
    if len(counts) > SHOWN:
        rest = sum(list(counts.values())[SHOWN:])
        more = f"[dim]{len(counts) - SHOWN:,} more[/dim]"
        table.add_row(more, f"{rest:,}", f"{rest / total:.1%}", "")
    return table


def _entry(finding: Finding) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=7)
    grid.add_column()
    color = _COLORS[finding.level]
    said = Text.assemble((finding.code, "bold"), "  ", finding.message)
    grid.add_row(Text(finding.level, color), said)
    if rows := finding.rows():
        grid.add_row(Text("rows", "dim"), Text(rows, "dim"))
    if finding.fix:
        grid.add_row(Text("fix", "green"), Text(finding.fix))
    return grid


def _scope(survey: Survey) -> list[str]:
    told = []
    if survey.period:
        told.append(f"dates: {survey.period[0]} to {survey.period[1]}")
    if survey.step > 1:
        told.append(
            f"languages, personal data and agents' text: every {survey.step}th row was looked at "
            f"({survey.looked:,} of {survey.rows:,}); all else covers every row"
        )
    return told


def _labels(survey: Survey, task: str) -> str:
    counts = survey.labels[task]
    if task in survey.crowded:
        return f"{task}: {len(counts):,} different values"
    return f"{task}: {_shares(counts)}"


def _shares(counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{_cut(name)} {count}" for name, count in list(counts.items())[:SHOWN])
    return shown + (f", and {len(counts) - SHOWN} more" if len(counts) > SHOWN else "")


def _cut(name: str) -> str:
    if not name:
        return "(none)"
    return plain(name if len(name) <= _LONGEST else f"{name[:_LONGEST]}\u2026")


def _verdict(survey: Survey) -> str:
    blockers, warnings, notes = (survey.count(level) for level in LEVELS)
    return f"{blockers} blockers, {warnings} warnings, {notes} notes"
