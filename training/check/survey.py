"""Read exports once, row by row, and tell what is wrong with them."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from training.check.checker import FullChecker, repeated_ids
from training.check.code_page import guess_code_page
from training.check.dates import period
from training.check.finding import Finding, Place, ordered
from training.check.labels import crowded
from training.check.looker import look
from training.check.seen import EMPTY, NO_LABEL, Kept, Seen, key_of
from training.config import Columns
from training.ingest.export import Export, open_export
from training.ingest.table import label_of, message_of
from training.members import column_of
from triage.domain import Message
from triage.errors import ExportError
from triage.labeling.taxonomy import Taxonomy
from triage.rows import Row
from triage.text.clean import Cleaned, clean
from triage.text.language import LanguageIdentifier
from triage.text.limits import MAX_HTML_BYTES, MAX_SUBJECT, MAX_TEXT


@dataclass(frozen=True, slots=True)
class Survey:
    """What a check saw.

    Args:
        files: What each export was read as, one line each.
        rows: Rows read.
        looked: Rows looked at closely, for language, personal data and agents' text.
        step: Every how many rows one was looked at closely.
        languages: Language code to rows, of those looked at.
        labels: Task to label to rows; the empty label counts rows without one.
        crowded: Tasks whose column holds too many values to be labels; they are never shown.
        period: First and last day, None without dates.
        findings: What was found, blockers first.
    """

    files: tuple[str, ...]
    rows: int
    looked: int
    step: int
    languages: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    crowded: frozenset[str]
    period: tuple[date, date] | None
    findings: tuple[Finding, ...]

    def count(self, level: str) -> int:
        """Count the findings of a level."""
        return sum(finding.level == level for finding in self.findings)


def survey(
    paths: Sequence[Path],
    columns: Columns,
    taxonomy: Taxonomy | None,
    identifier: LanguageIdentifier,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Survey:
    """Check exports, one row in memory at a time.

    What ends reading in the middle of a file, such as a broken row, is a blocker of its own; the
    rows before it are reported.

    Raises:
        ExportError: When an export is missing, of no known kind, without rows, or lacks a column.
    """
    exports, unreadable = _opened(paths, columns)
    time = next((export.columns.time for export in exports if export.columns.time), columns.time)
    checker = FullChecker(replace(columns, time=time), taxonomy, now())
    reader = _Reader(checker, identifier)
    broken = [found for export in exports for found in reader.read(export)]
    return reader.survey(exports, columns.ids, [*unreadable, *broken])


def _opened(paths: Sequence[Path], columns: Columns) -> tuple[list[Export], list[Finding]]:
    """Open the exports; one whose bytes are no UTF-8 from the start is a finding."""
    exports, unreadable = [], []
    for path in paths:
        try:
            exports.append(open_export(path, columns))
        except ExportError as error:
            found = _broken(error, path, 0)
            if found is None:
                raise
            unreadable.append(found)
    return exports, unreadable


class _Reader:
    """Rows of several exports, numbered through."""

    def __init__(self, checker: FullChecker, identifier: LanguageIdentifier) -> None:
        self._checker, self._identifier = checker, identifier
        self._ids = array("Q")
        self._starts: list[int] = []
        self._names: list[str] = []
        self._at = 0

    def read(self, export: Export) -> list[Finding]:
        """See all rows of an export; return what ended reading too early, if anything."""
        self._starts.append(self._at)
        self._names.append(export.path.name)
        try:
            for row in export.rows():
                self._see(row, export.columns)
                self._at += 1
        except ExportError as error:
            if found := _broken(error, export.path, self._at - self._starts[-1]):
                return [found]
            raise
        if self._at == self._starts[-1]:
            raise ExportError(
                f"{export.path.name}: there is no row in it.", fix="Export some tickets first."
            )
        return []

    def survey(self, exports: Sequence[Export], ids: str, broken: Sequence[Finding]) -> Survey:
        """Build the survey of all rows seen."""
        checker, sample = self._checker, self._checker.sample
        keys = np.frombuffer(self._ids, np.uint64) if self._ids else np.empty(0, np.uint64)
        ids = exports[0].columns.ids if exports else ids
        # Without any row there is nothing to say but why.
        found = [*checker.findings(), *repeated_ids(keys, ids)] if self._at else []
        languages = Counter(glance.language for glance in sample.glances)
        return Survey(
            files=tuple(export.describe() for export in exports),
            rows=self._at,
            looked=len(sample.glances),
            step=sample.step,
            languages=dict(languages.most_common()),
            labels=_labels(checker.kept),
            crowded=frozenset(t for t, codes in checker.kept.codes.items() if crowded(codes)),
            period=period(checker.kept),
            findings=tuple(ordered([*broken, *(one.located(self._where) for one in found)])),
        )

    def _see(self, row: Row, columns: Columns) -> None:
        name = row.get(columns.ids)
        self._ids.append(key_of(name) if name else EMPTY)
        message = message_of(row, columns)
        short = _shortened(message)
        cleaned = clean(short)
        seen = _seen(self._at, row, columns, message, cleaned, too_long=short is not message)
        self._checker.see(seen)
        body = cleaned.body
        self._checker.sample.add(self._at, lambda: look(seen, body, self._identifier))

    def _where(self, position: int) -> Place:
        at = bisect_right(self._starts, position) - 1
        return Place(self._names[at], position - self._starts[at] + 1)


def _seen(
    at: int, row: Row, columns: Columns, message: Message, cleaned: Cleaned, *, too_long: bool
) -> Seen:
    cells = {task: row[column_of(place)].strip() for task, place in columns.labels.items()}
    return Seen(
        at=at,
        raw=f"{message.subject[:MAX_SUBJECT]}\n{message.text[:MAX_TEXT]}",
        text=cleaned.text,
        labels={task: label_of(cell, columns, task) for task, cell in cells.items()},
        cells=cells,
        time=row[columns.time] if columns.time else "",
        declared=row[columns.language].strip().lower() if columns.language else "",
        too_long=too_long,
        automatic=cleaned.auto_generated,
    )


def _shortened(message: Message) -> Message:
    """Return the message itself, or its beginning and end where serving would refuse it."""
    limit = MAX_HTML_BYTES if message.content_type == "text/html" else MAX_TEXT
    if len(message.text) <= limit and len(message.subject) <= MAX_SUBJECT:
        return message
    text, half = message.text, limit // 2
    if len(text) > limit:
        text = f"{text[:half]}\n{text[-half + 1 :]}"
    return Message(
        text=text, subject=message.subject[:MAX_SUBJECT], content_type=message.content_type
    )


def _broken(error: ExportError, path: Path, rows: int) -> Finding | None:
    """Turn an error in the middle of a file into a blocker; None when it is wrong use."""
    if error.blocker == "not_utf8":
        page = guess_code_page(path)
        return Finding(
            "blocker",
            "not_utf8",
            f"{path.name} is not UTF-8 (found after row {rows:,}); it looks like {page}.",
            f"Convert it: iconv -f {page} -t UTF-8 {path.name} > OUT, or export again as UTF-8.",
        )
    if error.blocker != "broken_row":
        return None
    place = Place(path.name, error.row or rows + 1)
    return Finding("blocker", "broken_row", error.problem, error.fix, 1, (), (place,))


def _labels(kept: Kept) -> dict[str, dict[str, int]]:
    tables = {}
    for task, codes in kept.codes.items():
        counts = codes.counts()
        table = {name: int(counts[code]) for name, code in codes.names.items()}
        if blank := int((codes.rows() == NO_LABEL).sum()):
            table[""] = blank
        tables[task] = dict(sorted(table.items(), key=lambda pair: -pair[1]))
    return tables
