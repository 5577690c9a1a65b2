"""A folder of Parquet or JSON Lines files, as Hugging Face ``datasets`` and Argilla write them.

The column ``split`` tells the part that a file's name or folder stands for. Questions of Argilla
come as several answers (``label.responses`` with ``label.responses.status``, or a list of answers
with a status under ``label``): those submitted are settled by majority into ``label``; drafts and
suggestions are no labels.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.ingest import parquet
from training.ingest.records import Record, checked, flatten, read_records
from training.ingest.source import Source
from training.ingest.votes import settle
from triage.cells import SEPARATOR, cell
from triage.errors import ExportError
from triage.rows import Row

DEFAULTS = {"text": "text", "ids": ""}
"""No ids: those of one split come back in another."""
ENDINGS = (".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".json")
SPLITS = ("train", "validation", "valid", "dev", "test")
SUBMITTED = "submitted"
_NOTES = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})
_RESPONSES, _STATUS = ".responses", ".responses.status"


def data_files(folder: Path) -> list[Path]:
    """List the files that hold rows, by name; notes and hidden folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(ENDINGS)
        and path.name not in _NOTES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def read(source: Source) -> Iterator[Row]:
    """Yield the rows of all files.

    Raises:
        ExportError: When the folder has no such file, or as the readers of the files.
    """
    files = data_files(source.path) if source.path.is_dir() else [source.path]
    if not files:
        raise _empty(source.path)
    number = 0
    for path in files:
        split = _split(path, source.path)
        for record in _records(source, path):
            number += 1
            row = flatten(_settled(record))
            yield checked(source, number, {"split": split, **row})


def _records(source: Source, path: Path) -> Iterator[Record]:
    if path.name.lower().endswith(".parquet"):
        return parquet.read_records(source, path)
    return read_records(Source(path))


def _empty(folder: Path) -> ExportError:
    if any(folder.rglob("*.arrow")):
        return ExportError(
            f"{folder}: a folder of save_to_disk, whose .arrow files are not for exchange.",
            fix='Write it with datasets.load_from_disk("FOLDER").to_parquet("FILE.parquet").',
        )
    return ExportError(
        f"{folder}: no Parquet or JSON Lines file in it.", fix="Give the dataset's own folder."
    )


def _split(path: Path, folder: Path) -> str:
    """Read the split from the name of the file (``train-00000-of-00002``), else of its folder."""
    below = path.relative_to(folder).parts if folder.is_dir() else (path.name,)
    for part in reversed(below):
        word = part.lower().replace("_", "-").partition(".")[0].partition("-")[0]
        if word in SPLITS:
            return word
    return ""


def _settled(record: Record) -> Record:
    """Turn the answers of Argilla's annotators into one label a question."""
    settled: dict[str, Any] = dict(record)
    for name, value in record.items():
        if name.endswith(_RESPONSES):
            question = name.removesuffix(_RESPONSES)
            answers = value if isinstance(value, list) else []
            states = record.get(f"{question}{_STATUS}")
            told = states if isinstance(states, list) else [SUBMITTED] * len(answers)
            pairs = list(zip(answers, told, strict=False))
            settled[question] = settle([_answer(one) for one, state in pairs if state == SUBMITTED])
        elif _is_answers(value):
            done = [one for one in value if one.get("status") == SUBMITTED]
            settled[name] = settle([_answer(one["value"]) for one in done])
    return settled


def _is_answers(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"value", "status"} <= one.keys() for one in value)
    )


def _answer(value: object) -> str:
    return SEPARATOR.join(sorted(map(cell, value))) if isinstance(value, list) else cell(value)
