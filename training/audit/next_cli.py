"""The command ``triage-train next``: which messages to label next."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from training.audit.choose import Doubt, choose_next, doubt_of
from training.audit.queue import WHY, are_journals, reasons_of, urgency
from training.config import Columns, at_least, parse_pairs
from training.corrections import guarded
from training.datasets import Examples
from training.ingest.export import open_export
from training.ingest.table import read_exports
from training.options import ContentType, Exports, FormatName, Language, Subject, Text
from training.printing import shares
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.encoders.base import Profile, Vectors
from triage.errors import ExportError, UnknownTaskError
from triage.labeling.calibration import Probabilities
from triage.predictions import check_columns
from triage.rows import Row, check_destination, table_format, write_rows
from triage.settings import load_settings
from triage.text.language import LanguageIdentifier

UNSURE, DOUBT = "triage_unsure_of", "triage_doubt"
BLOCK = 2_048
"""Messages encoded between two looks at the progress bar."""
console = Console(stderr=True, highlight=False)


def next_(
    bundle: Annotated[str, typer.Argument(help="Folder, id or alias.")],
    exports: Exports,
    out: Annotated[Path, typer.Option(help="Write the messages here (.csv, .tsv, .jsonl).")],
    text: Text = None,
    kind: FormatName = None,
    subject: Subject = None,
    language: Language = None,
    content_type: ContentType = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="TASK=COLUMN to fill in, the task's name where not given; only these tasks count. "
            "Rows that have a label there are taken as labelled."
        ),
    ] = None,
    count: Annotated[int, typer.Option(help="How many messages.")] = 200,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the clusters.")] = 0,
) -> None:
    """Choose the unlabelled messages that teach a bundle most when they are labelled next."""
    at_least(1, count=count)
    check_destination(out)
    loaded, chosen_profile = _bundle(bundle, profile)
    columns = Columns(text or "", {}, subject, language, content_type=content_type, format=kind)
    stored = are_journals(exports, columns)
    tasks = _tasks(loaded, parse_pairs("--label", label or []), stored=stored)
    added = _added(tasks, stored=stored)
    names = list(dict.fromkeys(n for path in exports for n in open_export(path, columns).names()))
    check_columns(names, added)
    examples = read_exports(exports, columns, LanguageIdentifier(loaded.manifest.languages))
    labelled = _labelled(exports, columns, tasks)
    vectors = _encode(loaded, chosen_profile, examples)
    given = loaded.labeler(chosen_profile).probabilities(vectors, examples.texts)
    doubt = doubt_of({task: given[task] for task in tasks})
    reasons = reasons_of(exports, columns, tuple(tasks))
    rows = _choose(examples, vectors, doubt.value + urgency(reasons), labelled, count, seed)
    cells = _cells(loaded, tasks, given, doubt, rows, reasons)
    _write(out, exports, columns, names, tasks, cells, added)
    _tell(examples, labelled, doubt, rows, count, reasons)
    print(f"{out}: {len(rows):,} messages; fill in {', '.join(tasks.values())}, then fit with it")


def _bundle(name: str, profile: str | None) -> tuple[Bundle, Profile]:
    settings = load_settings()
    folder = Registry(settings.home, settings.models).find(name)
    loaded = load_bundle(folder, settings.encoders, profile)
    return loaded, loaded.profile(profile)


def _tasks(bundle: Bundle, asked: Mapping[str, str], *, stored: bool) -> dict[str, str]:
    """Return the tasks that count, with the column that is filled in for each.

    In a journal the task's own column holds what the service decided, so people's is taken.
    """
    own = tuple(bundle.manifest.taxonomy.tasks)
    strange = [task for task in asked if task not in own]
    if strange:
        raise UnknownTaskError(
            f"The bundle has no task {strange[0]!r}.",
            fix=f"Its tasks are: {', '.join(own)}.",
            field="--label",
        )
    return dict(asked) or {task: f"{task}.settled" if stored else task for task in own}


def _added(tasks: Mapping[str, str], *, stored: bool) -> list[str]:
    guesses = [n for task in tasks for n in (f"triage_{task}", f"triage_{task}_confidence")]
    return [*guesses, UNSURE, DOUBT, *([WHY] if stored else [])]


def _labelled(
    exports: Sequence[Path], columns: Columns, tasks: Mapping[str, str]
) -> NDArray[np.bool_]:
    """Tell which rows have a label of every task already, shape ``(n,)``."""
    return np.asarray(
        [
            all(row.get(column, "").strip() for column in tasks.values())
            for path in exports
            for row in open_export(path, columns).rows()
        ],
        bool,
    )


def _encode(bundle: Bundle, profile: Profile, examples: Examples) -> Vectors:
    out = np.zeros((len(examples), bundle.encoders.dim), np.float32)
    console.print(f"encoding {len(examples):,} messages ({profile.name})", markup=False)
    starts = range(0, len(examples), BLOCK)
    for begin in track(
        starts, "encoding", console=console, transient=True, disable=not console.is_terminal
    ):
        part = slice(begin, begin + BLOCK)
        texts, codes = examples.texts[part], examples.languages[part]
        out[part] = bundle.encoders.encode(texts, codes, profile)
    return out


def _choose(
    examples: Examples,
    vectors: Vectors,
    urgent: NDArray[np.float64],
    labelled: NDArray[np.bool_],
    count: int,
    seed: int,
) -> NDArray[np.int64]:
    free = np.flatnonzero(~labelled)
    found = choose_next(
        vectors[free],
        urgent[free],
        [examples.texts[row] for row in free],
        [examples.declared[row] for row in free],
        count,
        labelled=vectors[labelled],
        seed=seed,
    )
    if not len(found):
        raise ExportError(
            "No message is left to choose: all are empty, labelled, or like a labelled one.",
            fix="Give messages that have no labels yet.",
        )
    return free[found]


def _cells(
    bundle: Bundle,
    tasks: Mapping[str, str],
    given: Mapping[str, Probabilities],
    doubt: Doubt,
    rows: NDArray[np.int64],
    reasons: Sequence[Sequence[str]],
) -> dict[int, Row]:
    """Write the added cells of each chosen row, in the order of choice."""
    cells: dict[int, Row] = {}
    for row in rows.tolist():
        mine: Row = {UNSURE: doubt.task[row], DOUBT: f"{doubt.value[row]:.4f}"}
        mine[WHY] = "|".join(reasons[row])
        for task in tasks:
            at = int(given[task][row].argmax())
            mine[f"triage_{task}"] = bundle.manifest.taxonomy.labels(task)[at]
            mine[f"triage_{task}_confidence"] = f"{given[task][row, at]:.4f}"
        cells[row] = mine
    return cells


def _write(
    out: Path,
    exports: Sequence[Path],
    columns: Columns,
    names: Sequence[str],
    tasks: Mapping[str, str],
    cells: Mapping[int, Row],
    added: Sequence[str],
) -> None:
    """Write the chosen rows: columns to fill in, the export's own, then what the bundle thinks."""
    every = (row for path in exports for row in open_export(path, columns).rows())
    kept = {place: row for place, row in enumerate(every) if place in cells}
    shield = str if table_format(out) == ".jsonl" else guarded

    def rows() -> Iterator[Row]:
        for place, mine in cells.items():
            both = {**kept[place], **mine}
            yield {name: shield(cell) for name, cell in both.items() if name in listed}

    fill = [column for column in tasks.values() if column not in names]
    listed = [*fill, *names, *added]
    write_rows(out, rows(), listed, marked=True)


def _tell(
    examples: Examples,
    labelled: NDArray[np.bool_],
    doubt: Doubt,
    rows: NDArray[np.int64],
    count: int,
    reasons: Sequence[Sequence[str]],
) -> None:
    free = np.flatnonzero(~labelled)
    print(
        f"{len(rows):,} of {len(free):,} unlabelled messages chosen; mean doubt "
        f"{doubt.value[rows].mean():.2f}, of all {doubt.value[free].mean():.2f}"
    )
    print(f"languages: {shares([examples.declared[row] for row in rows])}")
    tasks = [doubt.task[row] for row in rows]
    if len(set(doubt.task)) > 1:
        print(f"least sure of: {shares(tasks)}")
    if len(rows) < count:
        print(f"only {len(rows):,} differ from each other and from what is labelled")
    asked = [why for row in rows.tolist() for why in reasons[row]]
    if asked:
        print(f"asked for by the journal: {shares(asked)}")
