"""Corrections that people wrote into the sheet of an audit, taken into the rows they belong to."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

import numpy as np

from training.datasets import Examples
from training.ingest.formats import find_format
from training.ingest.source import Source
from triage.errors import ExportError
from triage.labeling.taxonomy import Taxonomy
from triage.rows import Row, require

ID, SOURCE, NUMBER = "audit_id", "audit_source", "audit_row"
FINGERPRINT = "text_fingerprint"
TASK, GIVEN, CORRECTED, EXCLUDE = "task", "given_label", "corrected_label", "exclude"
NEEDED = (ID, SOURCE, NUMBER, FINGERPRINT, TASK, GIVEN, CORRECTED, EXCLUDE)
YES = frozenset({"x", "1", "y", "yes", "true", "exclude"})
NO = frozenset({"", "0", "n", "no", "false"})
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a cell for a formula."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
SHOWN = 10
"""Rows named in one line."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One filled-in line of a sheet.

    Args:
        row: One-based row of the sheet.
        id: Identifier in the export, or empty where the export had none.
        source: Name of the audited file.
        number: One-based row of the audited file.
        fingerprint: Of the text that was audited.
        task: The task; empty on a line about the message alone.
        given: Label at the audit.
        label: The right one, or empty.
        exclude: Whether the message is left out of training.
    """

    row: int
    id: str
    source: str
    number: int
    fingerprint: str
    task: str
    given: str
    label: str
    exclude: bool


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Rows after corrections.

    Args:
        examples: The rows, corrected, without those that were excluded.
        lines: What was done, for people.
        settled: Pairs of id and task whose label somebody has confirmed or corrected.
    """

    examples: Examples
    lines: tuple[str, ...]
    settled: frozenset[tuple[str, str]]


def text_fingerprint(text: str) -> str:
    """Shorten the SHA-256 of a cleaned text; the letter keeps spreadsheets from making numbers."""
    return "t" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def own_id(examples: Examples, row: int) -> str:
    """Return the identifier that the export itself gave a row, or an empty string."""
    place = f"{examples.sources[row]}:{examples.numbers[row]}"
    return "" if examples.ids[row].endswith(place) else examples.ids[row]


def guarded(cell: str) -> str:
    """Put a mark before a cell that a spreadsheet would run as a formula; numbers stay."""
    risky = cell[:1] in FORMULA and cell[:1] and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell


def unguarded(cell: str) -> str:
    """Take off the mark that ``guarded`` puts on."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def corrected(
    examples: Examples, sheet: Path, fixed: Taxonomy | None, progress: Callable[[str], None]
) -> Examples:
    """Return rows with a sheet's corrections, telling what was done.

    Raises:
        ExportError: As ``apply_corrections``.
    """
    tasks = [] if fixed is None else [task for task in examples.tasks if task in fixed.tasks]
    allowed = {} if fixed is None else {task: fixed.labels(task) for task in tasks}
    done = apply_corrections(examples, sheet, allowed)
    for line in done.lines:
        progress(line)
    return done.examples


def apply_corrections(
    examples: Examples, sheet: Path, allowed: Mapping[str, Collection[str]] | None = None
) -> Corrected:
    """Put the corrections of a sheet into the rows; lines that nobody filled in change nothing.

    Args:
        examples: Rows as read, with the same columns and renames as at the audit.
        sheet: What ``triage-train audit --out`` wrote, filled in: CSV, TSV, JSONL or Excel.
        allowed: Task to further labels that may be used; those of the rows always may.

    Raises:
        ExportError: When the sheet cannot be read, contradicts itself, names a task or label that
            there is none of, or belongs to rows that have changed since.
    """
    read = list(_read(sheet))
    places = _places(examples, read)
    missing = [one for one, place in zip(read, places, strict=True) if place is None]
    found = [(one, place) for one, place in zip(read, places, strict=True) if place is not None]
    if read and not found:
        raise ExportError(
            f"{sheet.name}: none of its {len(read)} filled-in lines belongs to a row of these "
            "exports.",
            fix="Give the exports that were audited.",
        )
    _check_labels(examples, sheet, found, allowed or {})
    _check_unchanged(examples, sheet, found)
    labels, left_out, changed = _changed(examples, sheet, found)
    corrected = replace(examples, labels=labels)
    if left_out:
        kept = np.ones(len(examples), bool)
        kept[list(left_out)] = False
        corrected = replace(corrected.take(kept), cells=examples.cells)
    settled = frozenset((examples.ids[place], one.task) for one, place in found if one.label)
    return Corrected(corrected, _report(sheet, missing, changed, len(left_out), found), settled)


def _read(sheet: Path) -> Iterator[Correction]:
    """Yield the lines that somebody filled in."""
    rows = find_format(sheet, None).read(Source(sheet))
    for number, row in enumerate(require(sheet, rows, NEEDED), start=1):
        exclude = row[EXCLUDE].strip().casefold()
        if exclude not in YES | NO:
            raise _at(sheet, number, EXCLUDE, f"{EXCLUDE} is neither x nor empty.", "Write x.")
        label = unguarded(row[CORRECTED].strip())
        if label or exclude in YES:
            yield _correction(sheet, number, row, label, exclude in YES)


def _correction(sheet: Path, number: int, row: Row, label: str, exclude: bool) -> Correction:
    place = row[NUMBER].strip().removesuffix(".0")
    if not place.isdecimal():
        raise _at(sheet, number, NUMBER, f"{NUMBER} is no row number.", "Leave it as it was.")
    task = unguarded(row[TASK].strip())
    if label and not task:
        fix = f"Leave {CORRECTED} empty there, or fill in a line that names a task."
        raise _at(sheet, number, TASK, f"{CORRECTED} on a line without a task.", fix)
    if label and exclude:
        fix = f"Clear {CORRECTED} or {EXCLUDE}."
        raise _at(sheet, number, EXCLUDE, f"{CORRECTED} and {EXCLUDE} are both filled in.", fix)
    return Correction(
        row=number,
        id=unguarded(row[ID].strip()),
        source=unguarded(row[SOURCE].strip()),
        number=int(place),
        fingerprint=row[FINGERPRINT].strip(),
        task=task,
        given=unguarded(row[GIVEN].strip()),
        label=label,
        exclude=exclude,
    )


def _at(sheet: Path, row: int, column: str, problem: str, fix: str) -> ExportError:
    return ExportError(f"{sheet.name}, row {row}: {problem}", fix=fix, field=column, row=row)


def _places(examples: Examples, read: Sequence[Correction]) -> list[int | None]:
    """Find the row of each correction: by its id, else by file and row number."""
    by_id = {name: row for row, name in enumerate(examples.ids)}
    by_place: dict[tuple[str, int], list[int]] = {}
    for row, key in enumerate(zip(examples.sources, examples.numbers, strict=True)):
        by_place.setdefault(key, []).append(row)

    def place(one: Correction) -> int | None:
        if one.id:
            return by_id.get(one.id)
        rows = by_place.get((one.source, one.number), [])
        # Files of several folders may share a name; the text tells which one is meant.
        same = [row for row in rows if text_fingerprint(examples.texts[row]) == one.fingerprint]
        return next(iter(same or rows), None)

    return [place(one) for one in read]


def _check_labels(
    examples: Examples,
    sheet: Path,
    found: Sequence[tuple[Correction, int]],
    allowed: Mapping[str, Collection[str]],
) -> None:
    known = {
        task: {label for label in labels if label} | set(allowed.get(task, ()))
        for task, labels in examples.labels.items()
    }
    for one, _ in found:
        if not one.label:
            continue
        if one.task not in known:
            tasks = f"The tasks are: {', '.join(known)}."
            raise _at(sheet, one.row, TASK, f"there is no task {one.task!r} here.", tasks)
        if one.label not in known[one.task]:
            near = get_close_matches(one.label, sorted(known[one.task]), 1)
            fix = f"Did you mean {near[0]!r}?" if near else "See `triage-train check` for them."
            problem = f"{one.label!r} is no label of task {one.task}."
            raise _at(sheet, one.row, CORRECTED, problem, fix)


def _check_unchanged(
    examples: Examples, sheet: Path, found: Sequence[tuple[Correction, int]]
) -> None:
    """Refuse rows whose text or label is not what the corrector saw."""
    texts = [
        one.row
        for one, place in found
        if one.fingerprint != text_fingerprint(examples.texts[place])
    ]
    if texts:
        raise ExportError(
            f"{sheet.name}: the texts of {_rows(texts)} are not those that were audited.",
            fix="Read the export as it was then (same file, same --text and --subject), or audit "
            "it again.",
            row=texts[0],
        )
    labels = [
        one.row
        for one, place in found
        if one.label and examples.labels[one.task][place] not in {one.given, one.label}
    ]
    if labels:
        raise ExportError(
            f"{sheet.name}: the labels of {_rows(labels)} were changed in the export since the "
            "audit.",
            fix="Give the same --map as then, or audit the export again.",
            row=labels[0],
        )


def _changed(
    examples: Examples, sheet: Path, found: Sequence[tuple[Correction, int]]
) -> tuple[dict[str, tuple[str, ...]], set[int], dict[str, int]]:
    """Return the labels, the rows to leave out, and how many labels of each task changed."""
    labels = {task: list(values) for task, values in examples.labels.items()}
    asked: dict[tuple[int, str], Correction] = {}
    changed = dict.fromkeys(labels, 0)
    left_out = {place for one, place in found if one.exclude}
    for one, place in found:
        if one.exclude:
            continue
        first = asked.setdefault((place, one.task), one)
        if first.label != one.label:
            problem = f"another {CORRECTED} than in row {first.row} for the same message."
            raise _at(sheet, one.row, CORRECTED, problem, "Keep one of them.")
        changed[one.task] += labels[one.task][place] != one.label and place not in left_out
        labels[one.task][place] = one.label
    return {task: tuple(values) for task, values in labels.items()}, left_out, changed


def _report(
    sheet: Path,
    missing: Sequence[Correction],
    changed: Mapping[str, int],
    left_out: int,
    found: Sequence[tuple[Correction, int]],
) -> tuple[str, ...]:
    if not found:
        return (f"{sheet.name}: no line is filled in; nothing was changed",)
    told = ", ".join(f"{task} {count}" for task, count in changed.items() if count) or "none"
    lines = [f"{sheet.name}: labels changed: {told}; messages left out: {left_out}"]
    if missing:
        rows = _rows([one.row for one in missing])
        lines.append(f"{sheet.name}: {rows} belong to no row of these exports; not used")
    return tuple(lines)


def _rows(rows: Sequence[int]) -> str:
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"rows {', '.join(str(row) for row in rows[:SHOWN])}{more}"
