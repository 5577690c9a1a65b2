"""Rows for the tests of checks, written as a desk would export them."""

import csv
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.builders import examples_of
from training.check.checker import inspect
from training.check.finding import Finding
from training.check.survey import Survey, survey
from training.config import Columns
from triage.labeling.taxonomy import Taxonomy
from triage.rows import Row
from triage.text.language import LanguageIdentifier

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = Columns("text", {"queue": "queue"})
IDENTIFIER = LanguageIdentifier(("en", "da", "ro", "zh"))
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def text_of(number: int) -> str:
    """Write a message that shares nothing with that of another number."""
    digest = hashlib.sha256(str(number).encode()).hexdigest().translate(LETTERS)
    return " ".join(digest[at : at + 6] for at in range(0, 60, 6))


def table(texts: Sequence[str], labels: Sequence[str] = (), **columns: Sequence[str]) -> list[Row]:
    """Build rows of texts; the labels ``a`` and ``b`` take turns where none are given."""
    given = labels or ["ab"[at % 2] for at in range(len(texts))]
    return [
        {"text": text, "queue": given[at], **{name: cells[at] for name, cells in columns.items()}}
        for at, text in enumerate(texts)
    ]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def surveyed(
    folder: Path, rows: Sequence[Row], columns: Columns = COLUMNS, fixed: Taxonomy | None = None
) -> Survey:
    """Check rows as an export."""
    path = write(folder / "tickets.csv", rows)
    return survey([path], columns, fixed, IDENTIFIER, lambda: NOW)


def found(
    folder: Path, rows: Sequence[Row], columns: Columns = COLUMNS, fixed: Taxonomy | None = None
) -> dict[str, Finding]:
    """Check rows as an export; findings by code."""
    return {one.code: one for one in surveyed(folder, rows, columns, fixed).findings}


def inspected(
    rows: Sequence[Row], columns: Columns = COLUMNS, fixed: Taxonomy | None = None
) -> list[Finding]:
    """Check rows that are read already."""
    return inspect(examples_of(rows, list(columns.labels)), fixed, columns, lambda: NOW)


def rows_of(finding: Finding) -> list[int]:
    """List the rows that a finding names."""
    return [place.row for place in finding.places]
