"""The sheet of an audit: one line a question, to be filled in by a person."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from training.audit.audit import Audit
from training.audit.lines import Line, Lines
from training.config import Columns
from training.corrections import (
    CORRECTED,
    EXCLUDE,
    FINGERPRINT,
    GIVEN,
    ID,
    NUMBER,
    SOURCE,
    TASK,
    guarded,
    own_id,
    text_fingerprint,
)
from training.ingest.export import open_export
from triage.rows import Row, table_format, write_rows

LEFT = (CORRECTED, EXCLUDE, TASK, GIVEN, "predicted_label", "why")
RIGHT = (
    "is_label_issue", "label_score", "is_contradictory_twin_issue", "contradictory_twin_score",
    "is_near_duplicate_issue", "near_duplicate_score", "near_duplicate_sets",
    "distance_to_nearest_neighbor", "is_outlier_issue", "outlier_score",
    "is_underperforming_group_issue", "underperforming_group_score", "underperforming_groups",
    ID, SOURCE, NUMBER, FINGERPRINT,
)  # fmt: skip
RENAMED = "export_"
"""Put before a column of the export that is named like one of the sheet's."""


def write_sheet(
    path: Path, lines: Lines, listed: Sequence[Line], exports: Sequence[Path], columns: Columns
) -> int:
    """Write lines: what to fill in, the export's own columns, then the figures.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.

    Args:
        path: CSV, TSV or JSONL.
        lines: The questions of an audit.
        listed: Those to write, in their order.
        exports: The audited exports, in the order they were read.
        columns: How they were read.

    Raises:
        ExportError: When an export cannot be read again or the sheet cannot be written.
    """
    kept = _originals(lines.audit, {line.row for line in listed}, exports, columns)
    columns_kept = dict.fromkeys(name for row in kept.values() for name in row)
    taken = {*LEFT, *RIGHT, *columns_kept}
    names = {name: _apart(name, taken) for name in columns_kept}
    cells = _Cells(lines)
    shield = str if table_format(path) == ".jsonl" else guarded

    def rows() -> Iterator[Row]:
        for line in listed:
            own = {names[name]: cell for name, cell in kept.get(line.row, {}).items()}
            yield {name: shield(cell) for name, cell in {**own, **cells.of(line)}.items()}

    return write_rows(path, rows(), [*LEFT, *names.values(), *RIGHT], marked=True)


def _apart(name: str, taken: Collection[str]) -> str:
    """Rename a column of the export that is named like one of the sheet's."""
    if name not in LEFT and name not in RIGHT:
        return name
    while name in taken:
        name = RENAMED + name
    return name


class _Cells:
    """The sheet's own cells of each line."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.audit = lines.audit
        self.groups = [(group, frozenset(group.rows.tolist())) for group in lines.audit.groups]

    def of(self, line: Line) -> Row:
        """Write the cells of a line; those of a label stay empty where no task is asked about."""
        row, examples = line.row, self.audit.examples
        cells = {
            TASK: line.task,
            "why": "; ".join(line.why),
            ID: own_id(examples, row),
            SOURCE: examples.sources[row],
            NUMBER: str(examples.numbers[row]),
            FINGERPRINT: text_fingerprint(examples.texts[row]),
            "is_near_duplicate_issue": str(bool(self.audit.twins.sets[row] >= 0)),
            "near_duplicate_score": f"{self.audit.twins.score[row]:.4f}",
            "near_duplicate_sets": " ".join(map(self.lines.name, self.lines.twins_of(row))),
            "distance_to_nearest_neighbor": f"{self.audit.outliers.nearest[row]:.4f}",
            "is_outlier_issue": str(bool(self.audit.outliers.flags[row])),
            "outlier_score": f"{self.audit.outliers.score[row]:.4f}",
        }
        return cells | (self._of_label(row, line.task) if line.task else {})

    def _of_label(self, row: int, task: str) -> Row:
        mine = [group for group, rows in self.groups if group.task == task and row in rows]
        torn = self.audit.torn[task]
        cells = {
            GIVEN: self.audit.examples.labels[task][row],
            "is_contradictory_twin_issue": str(bool(torn.flags[row])),
            "contradictory_twin_score": f"{torn.score[row]:.4f}",
            "is_underperforming_group_issue": str(bool(mine)),
            "underperforming_group_score": f"{min((one.score for one in mine), default=1):.4f}",
            "underperforming_groups": "; ".join(group.name for group in mine),
        }
        item, at = self.audit.labels.get(task), self.lines.place.get(task, {}).get(row)
        if item is not None and at is not None:
            cells["predicted_label"] = item.labels[item.doubts.suggested[at]]
            cells["is_label_issue"] = str(bool(item.doubts.suspect[at]))
            cells["label_score"] = f"{item.doubts.score[at]:.4f}"
        return cells


def _originals(
    audit: Audit, wanted: set[int], exports: Sequence[Path], columns: Columns
) -> Mapping[int, Row]:
    """Read the wanted rows again, all columns as they stand in the export.

    Examples are in the order of the exports, some rows left out, so one walk over both finds them.
    """
    examples, kept, position = audit.examples, dict[int, Row](), 0
    for path in exports:
        for number, row in enumerate(open_export(path, columns).rows(), start=1):
            if position < len(examples) and (path.name, number) == (
                examples.sources[position],
                examples.numbers[position],
            ):
                if position in wanted:
                    kept[position] = row
                position += 1
    return kept
