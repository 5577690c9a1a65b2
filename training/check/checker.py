"""All looks at the rows of a run, from the first row to the findings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import numpy as np

from training.check.agents import agents_text
from training.check.dates import Dates, gaps
from training.check.drift import drift
from training.check.finding import Finding, Place, Probe, about, ordered
from training.check.labels import TaskLabels, unused_maps
from training.check.leaks import Leaks
from training.check.sample import BOUND, Sample, languages, personal_data
from training.check.seen import EMPTY, Kept, Seen
from training.check.several import Several
from training.check.sketch import Sketches
from training.check.texts import Damage, Texts
from training.check.twins import near_twins, twins
from training.config import Columns
from training.datasets import Examples
from triage.labeling.taxonomy import Taxonomy


class Checker:
    """Sees each row once and keeps numbers of it: about 200 bytes a row.

    Args:
        columns: How the rows are read.
        taxonomy: Tasks whose labels are fixed; None when every label is allowed.
        now: The present moment.
    """

    def __init__(self, columns: Columns, taxonomy: Taxonomy | None, now: datetime) -> None:
        self._columns, self._taxonomy = columns, taxonomy
        self.kept = Kept(columns.labels)
        self._dates = Dates(columns.time, now)
        self._probes: tuple[Probe, ...] = (Texts(), Damage(), Leaks(columns.labels))
        self._several = Several(columns.labels)
        self._met: dict[str, set[str]] = {task: set() for task in columns.labels}

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        self.kept.add(seen, self._dates.day(seen.at, seen.time))
        for probe in self._probes:
            probe.see(seen)
        self._several.see(seen.cells, seen.labels)
        for task, renames in self._columns.renames.items():
            if seen.cells.get(task) in renames:
                self._met[task].add(seen.cells[task])

    def met(self, cells: Mapping[str, frozenset[str]]) -> None:
        """Take note of cells that were met elsewhere, by task."""
        self._several.met(cells)
        for task, values in cells.items():
            self._met[task] |= values

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        for probe in self._probes:
            yield from probe.findings()
        yield from twins(self.kept)
        for task, codes in self.kept.codes.items():
            fixed = self._taxonomy is not None and task in self._taxonomy.tasks
            known = self._taxonomy.labels(task) if fixed and self._taxonomy else None
            yield from TaskLabels(task, codes, known).findings()
        yield from self._several.findings()
        yield from unused_maps(self._columns.renames, self._met)
        yield from self._dates.findings()
        yield from gaps(self.kept)
        yield from drift(self.kept)


class FullChecker(Checker):
    """Looks for near-twins too, and closer at a sample of the rows.

    Args:
        columns: How the rows are read.
        taxonomy: Tasks whose labels are fixed; None when every label is allowed.
        now: The present moment.
    """

    def __init__(self, columns: Columns, taxonomy: Taxonomy | None, now: datetime) -> None:
        super().__init__(columns, taxonomy, now)
        self.sample = Sample(BOUND)
        self._sketches = Sketches()

    def see(self, seen: Seen) -> None:
        """Look at the next row."""
        super().see(seen)
        self._sketches.add(seen.text)

    def findings(self) -> Iterator[Finding]:
        """Tell what was found."""
        yield from super().findings()
        yield from near_twins(self.kept, self._sketches)
        yield from agents_text(self.sample.glances)
        yield from languages(self.sample.glances)
        yield from personal_data(self.sample.glances)


def inspect(
    examples: Examples,
    taxonomy: Taxonomy | None,
    columns: Columns,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """List what is wrong with examples that are read already, blockers first.

    Args:
        examples: The rows as read.
        taxonomy: Tasks whose labels are fixed; None when every label is allowed.
        columns: How the rows were read.
        now: Tells the time.
    """
    checker = Checker(columns, taxonomy, now())
    for at, text in enumerate(examples.texts):
        labels = {task: values[at] for task, values in examples.labels.items()}
        checker.see(Seen(at, text, text, labels, time=examples.times[at]))
    checker.met(examples.cells)
    places = [Place(*pair) for pair in zip(examples.sources, examples.numbers, strict=True)]
    return ordered(found.located(places.__getitem__) for found in checker.findings())


def repeated_ids(keys: np.ndarray, column: str) -> Iterator[Finding]:
    """Find rows whose id stands already in an earlier row, ``keys`` being hashes of the ids."""
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    repeated = np.flatnonzero((first[group] != np.arange(len(keys))) & (keys != EMPTY))
    if len(repeated):
        yield about(
            "blocker",
            "duplicate_id",
            f"{len(repeated):,} rows have an id that stands in an earlier row.",
            f"Give every row of all files its own id, or drop the column {column!r}; rows are then "
            "numbered.",
            repeated.tolist(),
        )
