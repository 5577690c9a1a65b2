"""How the command line shows and writes figures."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from triage.errors import InputError


def show(console: Console, metrics: Mapping[str, Any]) -> None:
    """Print the figures of each task as a table."""
    table = Table("task", "n", "accuracy", "macro-F1", "ECE", "coverage at 0.90", "automated")
    for task, report in metrics["tasks"].items():
        table.add_row(
            task,
            str(report["n"]),
            *(f"{report[key]:.3f}" for key in ("accuracy", "macro_f1", "ece")),
            f"{report['coverage_at_precision']['0.90']:.3f}",
            f"{report['automate']['coverage']:.3f}",
        )
    console.print(table)


def write_json(metrics: Mapping[str, Any], target: str | None) -> None:
    """Write figures to a file, or to standard output for ``-``."""
    if target is None:
        return
    text = json.dumps(metrics, ensure_ascii=False, indent=2)
    if target == "-":
        print(text)
    else:
        Path(target).write_text(text + "\n", encoding="utf-8")


def check_target(target: str | None) -> None:
    """Refuse a place that cannot be written before hours are spent on what to write there."""
    if target not in (None, "-") and not Path(str(target)).absolute().parent.is_dir():
        raise InputError(
            f"--json {target}: there is no such folder.", fix="Create it first.", field="--json"
        )


def shares(values: Sequence[str]) -> str:
    """Name the commonest values with their counts."""
    counts = Counter(value or "(none)" for value in values)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(12)) + (
        f", and {len(counts) - 12} more" if len(counts) > 12 else ""  # noqa: PLR2004 - a line's worth
    )
