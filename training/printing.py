"""How the command line shows and writes figures."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from triage.errors import ExportError, InputError


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
    together = metrics.get("together", {})
    if together:
        sets = Table("labels together", "n", "all right", "micro-F1", "macro-F1", "ECE")
        for group, found in together.items():
            keys = ("accuracy", "micro_f1", "macro_f1", "ece")
            sets.add_row(group, str(found["n"]), *(f"{found[key]:.3f}" for key in keys))
        console.print(sets)


def tell(console: Console, metrics: Mapping[str, Any], target: str | None) -> None:
    """Print the figures of a new bundle and where it stands, and write them if asked.

    Raises:
        ExportError: When the file cannot be written.
    """
    show(console, metrics)
    write_json(metrics, target)
    told = f"bundle {metrics['bundle']}\n{metrics['bundle_path']}"
    console.print(told, markup=False, soft_wrap=True)


def write_json(metrics: Mapping[str, Any], target: str | None) -> None:
    """Write figures to a file, or to standard output for ``-``.

    Raises:
        ExportError: When the file cannot be written.
    """
    if target is None:
        return
    text = json.dumps(metrics, ensure_ascii=False, indent=2)
    if target == "-":
        print(text)
        return
    try:
        Path(target).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"--json {target}: cannot be written ({error.strerror}).",
            fix="Make room there, or choose another place.",
            field="--json",
        ) from error


def check_target(target: str | None, option: str = "--json") -> None:
    """Refuse a place that cannot be written before hours are spent on what to write there.

    Raises:
        InputError: When it is a folder, or its folder is missing or may not be written to.
    """
    if target in (None, "-"):
        return
    path = Path(str(target)).absolute()
    if path.is_dir():
        raise InputError(
            f"{option} {target}: a folder, not a file.", fix="Give a file's name.", field=option
        )
    if not path.parent.is_dir():
        raise InputError(
            f"{option} {target}: there is no such folder.", fix="Create it first.", field=option
        )
    _writable(option, path.parent)


def check_places(target: str | None, out: Path | None) -> None:
    """Refuse a ``--json`` or an ``--out`` that cannot be written, before anything is fitted."""
    check_target(target)
    check_folder(out)


def check_folder(target: Path | None, option: str = "--out") -> None:
    """Refuse a folder that nothing can be made in.

    Raises:
        InputError: When it, or a part of its path, is a file or may not be written to.
    """
    if target is None:
        return
    path = target.absolute()
    _writable(option, next(place for place in (path, *path.parents) if place.exists()))


def _writable(option: str, folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{option}: {folder} is no folder.", fix="Choose another.", field=option)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"{option}: nothing may be written in {folder}.", fix="Choose another.", field=option
        )


def shares(values: Sequence[str]) -> str:
    """Name the commonest values with their counts."""
    counts = Counter(value or "(none)" for value in values)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(12)) + (
        f", and {len(counts) - 12} more" if len(counts) > 12 else ""  # noqa: PLR2004 - a line's worth
    )
