"""Look at examples before anything is fitted: what blocks a run, and what deserves a look."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from training.config import Columns
from training.datasets import Examples
from triage.errors import ExportError
from triage.labeling.taxonomy import Taxonomy

MIN_EXAMPLES = 10
"""Fewest examples of a label that five folds can hold apart with two in each."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in an export, with the rows to look at."""

    level: Literal["blocker", "warning"]
    code: str
    message: str
    rows: tuple[int, ...] = ()

    def line(self) -> str:
        """Write the finding on one line."""
        where = ", ".join(str(row) for row in self.rows[:SHOWN])
        more = f" and {len(self.rows) - SHOWN} more" if len(self.rows) > SHOWN else ""
        return f"{self.level}: {self.message}" + (f" Rows {where}{more}." if where else "")


def inspect(
    examples: Examples, taxonomy: Taxonomy | None, columns: Columns | None = None
) -> list[Finding]:
    """List what is wrong with examples, blockers first.

    Args:
        examples: The rows as read.
        taxonomy: Tasks whose labels are fixed; None when every label is allowed.
        columns: How the rows were read, where that shall be looked at too.
    """
    found = [*_texts(examples)]
    for task in examples.tasks:
        found += _labels(examples, task, taxonomy)
    if columns is not None:
        found += [*_renames(examples, columns), *_times(examples, columns)]
    return sorted(found, key=lambda finding: finding.level)


def refuse(findings: list[Finding]) -> None:
    """Raise the first blocker, if there is one.

    Raises:
        ExportError: Naming the row and how many more blockers there are.
    """
    blockers = [finding for finding in findings if finding.level == "blocker"]
    if blockers:
        first, more = blockers[0], len(blockers) - 1
        raise ExportError(
            first.line(),
            fix=f"{more} more blockers: see `triage-train check`." if more else "",
            row=first.rows[0] if first.rows else None,
        )


def _texts(examples: Examples) -> Iterator[Finding]:
    empty = [n for n, text in zip(examples.numbers, examples.texts, strict=True) if not text]
    if empty:
        yield Finding("warning", "empty_text", "Messages are empty after cleaning.", tuple(empty))
    first: dict[str, int] = {}
    twins: list[int] = []
    torn: list[int] = []
    for i, text in enumerate(examples.texts):
        if not text:
            continue
        j = first.setdefault(text, i)
        if j == i:
            continue
        twins.append(examples.numbers[i])
        pairs = ((labels[i], labels[j]) for labels in examples.labels.values())
        if any(a and b and a != b for a, b in pairs):
            torn.append(examples.numbers[i])
    if twins:
        message = "Messages equal an earlier one; twins stay on one side of the split."
        yield Finding("warning", "duplicate_text", message, tuple(twins))
    if torn:
        message = "Messages equal an earlier one but carry another label."
        yield Finding("warning", "contradictory_twins", message, tuple(torn))


def _renames(examples: Examples, columns: Columns) -> Iterator[Finding]:
    for task, renames in columns.renames.items():
        for value in sorted(set(renames) - examples.cells.get(task, frozenset())):
            message = (
                f"--map {task}:{value}={renames[value]}: the value never occurs in the export."
            )
            yield Finding("warning", "unused_map", message)


def _times(examples: Examples, columns: Columns) -> Iterator[Finding]:
    blank = tuple(n for n, time in zip(examples.numbers, examples.times, strict=True) if not time)
    if columns.time and blank:
        message = (
            f"No date in {columns.time!r}: `fit` takes rows without one only with --split group "
            "or random."
        )
        yield Finding("warning", "no_time", message, blank)


def _labels(examples: Examples, task: str, taxonomy: Taxonomy | None) -> Iterator[Finding]:
    labels = examples.labels[task]
    counts = Counter(label for label in labels if label)
    if taxonomy is not None and task in taxonomy.tasks:
        known = taxonomy.labels(task)
        for label in sorted(set(counts) - set(known)):
            rows = tuple(
                n for n, value in zip(examples.numbers, labels, strict=True) if value == label
            )
            message = (
                f"Task {task} has no label {label!r}; its labels are {', '.join(known)} "
                f"(rename with --map {task}:{label}=LABEL)."
            )
            yield Finding("blocker", "unknown_label", message, rows)
    if len(counts) < 2:  # noqa: PLR2004 - a task with one label teaches nothing
        only = next(iter(counts), "none")
        message = f"Task {task} has fewer than two labels (found: {only})."
        yield Finding("blocker", "one_label", message)
    for label, count in sorted(counts.items()):
        if count < MIN_EXAMPLES:
            message = f"Label {label!r} of task {task} has {count} examples; {MIN_EXAMPLES} help."
            yield Finding("warning", "rare_label", message)
    blank = tuple(n for n, value in zip(examples.numbers, labels, strict=True) if not value)
    if blank:
        message = f"No label for task {task}; these rows are left out of it."
        yield Finding("warning", "no_label", message, blank)
