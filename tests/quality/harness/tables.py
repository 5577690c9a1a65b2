"""What a section of the harness hands back, as JSON and as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, float | None]
"""Metric to value; None where it is undefined on the rows at hand."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Args:
        keys: What is measured, in the order of the table's keys.
        n: On how many rows.
        figures: Way (a profile, or what it is compared with) to its figures.
    """

    keys: tuple[str, ...]
    n: int
    figures: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one kind, the ways side by side in every cell.

    Args:
        name: Key in the JSON.
        note: Data, and what the figures mean.
        keys: Names of the leading columns.
        rows: The lines.
    """

    name: str
    note: str
    keys: tuple[str, ...]
    rows: Sequence[Row]

    def json(self) -> dict[str, Any]:
        """Return the table as a JSON object, one object a row."""
        rows = [
            {**dict(zip(self.keys, row.keys, strict=True)), "n": row.n, **row.figures}
            for row in self.rows
        ]
        return {"note": self.note, "rows": rows}

    def markdown(self) -> str:
        """Return the table as Markdown; a cell holds one figure per way, in the caption's order."""
        ways = _distinct(way for row in self.rows for way in row.figures)
        metrics = _distinct(
            metric for row in self.rows for part in row.figures.values() for metric in part
        )
        head = [*self.keys, "n", *(metric.replace("_", " ") for metric in metrics)]
        lines = [f"**{self.name.replace('_', ' ')}** ({' / '.join(ways)}). {self.note}", ""]
        lines += [_line(head), _line(["---"] * len(head))]
        lines += [_line([*row.keys, str(row.n), *_cells(row, ways, metrics)]) for row in self.rows]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Section:
    """Tables of one theme, and a line for each part that was left out."""

    name: str
    title: str
    tables: Sequence[Table]
    skipped: Sequence[str] = ()

    def json(self) -> dict[str, Any]:
        """Return the section as a JSON object."""
        tables = {table.name: table.json() for table in self.tables}
        return {"title": self.title, "skipped": list(self.skipped), "tables": tables}

    def markdown(self) -> str:
        """Return the section as Markdown."""
        parts = [f"## {self.title}", *(f"Skipped: {line}" for line in self.skipped)]
        return "\n\n".join([*parts, *(table.markdown() for table in self.tables)])


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _cells(row: Row, ways: Sequence[str], metrics: Sequence[str]) -> list[str]:
    return [
        " / ".join(show(row.figures.get(way, {}).get(metric)) for way in ways) for metric in metrics
    ]


def show(value: float | None) -> str:
    """Write a figure with three decimals, a count without any, and ``-`` for none."""
    if value is None or value != value:  # noqa: PLR0124 - not a number differs from itself
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
