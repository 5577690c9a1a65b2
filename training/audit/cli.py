"""The command ``triage-train audit``, and the registration of ``next`` beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from training.audit.audit import audit as run_audit
from training.audit.lines import Lines
from training.audit.next_cli import next_
from training.audit.sheet import write_sheet
from training.audit.telling import figures, told
from training.config import Columns
from training.corrections import apply_corrections
from training.datasets import Examples
from training.encoders import resolve
from training.ingest.export import open_export
from training.ingest.table import read_exports
from training.options import (
    ContentType,
    Corrections,
    EncoderName,
    Exports,
    FormatName,
    Group,
    JsonFile,
    Labels,
    Language,
    Renames,
    Subject,
    Text,
    columns_of,
)
from training.printing import check_target, write_json
from triage.errors import ExportError
from triage.knowledge.finder import LANGUAGES
from triage.rows import check_destination
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

CHANNEL = "channel"
"""A column of this name is compared by its values without being asked for."""
console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command(
        "audit",
        epilog="Example: triage-train audit tickets.csv --text body --label queue=Queue "
        "--out issues.csv",
    )(audit)
    app.command(
        "next",
        epilog="Example: triage-train next champion new.csv --text body --count 200 --out next.csv",
    )(next_)


def audit(
    exports: Exports,
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    group: Group = None,
    content_type: ContentType = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Column whose values are compared; repeatable.")
    ] = None,
    encoder: EncoderName = "twin",
    corrections: Corrections = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the sheet to correct here (.csv, .tsv, .jsonl).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List every labelled message in the sheet.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of folds and clusters.")] = 0,
    json_: JsonFile = None,
) -> None:
    """Find likely label errors, contradictions, near-duplicates, outliers and weak groups."""
    check_target(json_)
    if out:
        check_destination(out)
    columns = columns_of(text, label, map_, subject, language, None, group, content_type, kind)
    settings = load_settings()
    examples, kinds, settled = _read(exports, columns, by or [], corrections)
    encoders, cache = resolve(encoder, settings), settings.home / "cache"
    found = run_audit(examples, encoders, kinds=kinds, seed=seed, cache=cache, progress=_say)
    lines = Lines(found, settled)
    for line in told(lines, lines.listed()):
        print(line)
    if out:
        _write(out, lines, exports, columns, everything=everything)
    write_json(figures(lines, lines.listed()), json_)


def _write(
    out: Path, lines: Lines, exports: Sequence[Path], columns: Columns, *, everything: bool
) -> None:
    count = write_sheet(out, lines, lines.listed(everything=everything), exports, columns)
    print(
        f"{out}: {count:,} lines, worst first. Fill in corrected_label, or x under exclude; "
        f"then fit with --corrections {out}"
    )


def _say(line: str) -> None:
    console.print(line, markup=False)


def _read(
    exports: Sequence[Path], columns: Columns, by: Sequence[str], corrections: Path | None
) -> tuple[Examples, Mapping[str, Sequence[str]], frozenset[tuple[str, str]]]:
    """Read what is audited: rows with text, their divisions, and what was decided before."""
    examples = read_exports(exports, columns, LanguageIdentifier(LANGUAGES))
    kinds = divisions(exports, columns, by)
    place = {name: row for row, name in enumerate(examples.ids)}
    settled: frozenset[tuple[str, str]] = frozenset()
    if corrections:
        corrected = apply_corrections(examples, corrections)
        examples, settled = corrected.examples, corrected.settled
        for line in corrected.lines:
            _say(line)
    written = np.asarray([bool(text) for text in examples.texts])
    if not written.all():
        _say(f"{int((~written).sum()):,} messages are empty after cleaning and not audited")
    usable = examples.take(written)
    rows = [place[name] for name in usable.ids]
    return usable, {name: [values[row] for row in rows] for name, values in kinds.items()}, settled


def divisions(
    exports: Sequence[Path], columns: Columns, names: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Read the columns whose values are compared, one value a row in the order of the exports.

    Raises:
        ExportError: When no row has a column that was named.
    """
    wanted = dict.fromkeys([*names, CHANNEL])
    found: dict[str, list[str]] = {name: [] for name in wanted}
    seen: set[str] = set()
    for path in exports:
        for row in open_export(path, columns).rows():
            for name, values in found.items():
                values.append(row.get(name, "").strip())
            seen |= wanted.keys() & row.keys()
    missing = [name for name in names if name not in seen]
    if missing:
        raise ExportError(
            f"--by {missing[0]}: no row has a column of that name.",
            fix="See `triage-train check` for what is read.",
            field="--by",
        )
    return {name: values for name, values in found.items() if name in seen}
