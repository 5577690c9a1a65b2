"""Annotated tasks of Label Studio: its JSON and its JSON-MIN export.

Each control of the labelling page (its ``from_name``) becomes a column. Cancelled annotations do
not count; a ground truth goes before all others; else the answer of most annotators is taken, and a
tie gives no label.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from training.ingest.records import Record, checked, flatten, read_records
from training.ingest.source import Source
from training.ingest.votes import settle
from triage.cells import SEPARATOR, cell
from triage.rows import Row

DEFAULTS = {"text": "text"}


def is_task(record: Record) -> bool:
    """Tell whether a record looks like a task of Label Studio."""
    whole = isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)
    return whole or {"annotation_id", "lead_time"} <= record.keys()


def read(source: Source) -> Iterator[Row]:
    """Yield each task with its data and one column for each control."""
    for number, record in enumerate(read_records(source), start=1):
        row = _task(record) if isinstance(record.get("data"), dict) else _minimal(record)
        yield checked(source, number, row)


def _task(record: Record) -> Row:
    row = flatten(record["data"])
    listed = record.get("annotations")
    given = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and not one.get("was_cancelled")
    ]
    truths = [one for one in given if one.get("ground_truth")]
    answers: dict[str, list[str]] = defaultdict(list)
    for annotation in truths or given:
        for name, value in _answers(annotation.get("result")).items():
            answers[name].append(value)
    return {
        **row,
        **{name: settle(values) for name, values in answers.items()},
        "id": cell(record.get("id")),
    }


def _answers(results: object) -> dict[str, str]:
    """Read what one annotator answered at each control."""
    found: dict[str, str] = {}
    for result in results if isinstance(results, list) else []:
        if isinstance(result, dict) and isinstance(result.get("value"), dict):
            text = _value(result["value"])
            if text is not None and isinstance(result.get("from_name"), str):
                found[result["from_name"]] = text
    return found


def _value(value: dict[str, Any]) -> str | None:
    """Write choices, a rating or taxonomy paths as text; regions and other controls are none."""
    if "start" in value or "x" in value:
        return None
    if "taxonomy" in value and isinstance(value["taxonomy"], list):
        paths = [path if isinstance(path, list) else [path] for path in value["taxonomy"]]
        return SEPARATOR.join("/".join(cell(step) for step in path) for path in paths)
    for kind in ("choices", "rating"):
        if kind in value:
            chosen = value[kind]
            return (
                SEPARATOR.join(sorted(map(cell, chosen)))
                if isinstance(chosen, list)
                else cell(chosen)
            )
    return None


def _minimal(record: Record) -> Row:
    """Read a flat task, whose controls with several choices are objects."""
    opened = {
        name: _value(value) if isinstance(value, dict) and "choices" in value else value
        for name, value in record.items()
    }
    return flatten(opened)
