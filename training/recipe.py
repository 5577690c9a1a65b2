"""Read the recipe of the starter bundle and the public sets it names."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from training.datasets import Examples, join
from training.heldout import is_held_out
from triage.bundle.manifest import file_fingerprint
from triage.domain import Message
from triage.errors import ConfigError, ExportError
from triage.labeling.guard import GUARD, LABELS, REASONS
from triage.rows import Row, read_rows
from triage.text.clean import clean
from triage.text.language import LanguageIdentifier

RECIPE = Path(__file__).with_name("starter.toml")
DATASETS = "TRIAGE_DATASETS"
"""Variable that names the folder of the public sets."""
TASKS = ("category", "priority", "sentiment")
"""The shipped tasks, which every sample answers."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelMapping(_Part):
    """How one task is read from a column of a public set, and why."""

    column: str
    reason: str
    map: dict[str, str]
    default: str = ""
    skip: tuple[str, ...] = ()
    separator: str = ""

    def label(self, value: str) -> str:
        """Map a cell to a label; an empty string where it has none or two that disagree."""
        parts = value.split(self.separator) if self.separator else [value]
        if any(part in self.skip for part in parts):
            return ""
        labels = {self.map.get(part, self.default) for part in parts}
        return labels.pop() if len(labels) == 1 else ""


class PublicSet(_Part):
    """One public set: where it comes from, what may be taken of it, what its labels mean.

    ``cap`` bounds the rows that heads are fitted on, ``tuning_cap`` those that encoders are tuned
    on: a set with 77 intents or a test of its own stays out of the encoders, which others retrain.
    """

    name: str
    file: str
    repository: str
    commit: str
    licence: str
    sha256: str
    weight: float
    cap: int
    tuning_cap: int = 0
    tasks: dict[str, LabelMapping]
    text: str = "text"
    language: str = "en"
    language_column: str = ""

    def read(self, folder: Path, *, held_out: bool = False, cap: int | None = None) -> Examples:
        """Read the rows that may be trained on, at most ``cap`` of them, or those that never are.

        Raises:
            ExportError: When the file is missing or its bytes are others than the recipe names.
        """
        path = folder / self.file
        self._check(path)
        chosen: list[Row] = []
        for row in read_rows(path, (self.text, "id")):
            mine = is_held_out(self.name, row["id"], row.get("split")) == held_out
            if mine and any(part.label(row[part.column]) for part in self.tasks.values()):
                chosen.append(row)
        chosen.sort(key=lambda row: sha256(f"{self.name}:{row['id']}".encode()).digest())
        return self._examples(chosen if held_out else chosen[: self.cap if cap is None else cap])

    def _check(self, path: Path) -> None:
        if not path.is_file():
            raise ExportError(
                f"{path}: there is no such file.",
                fix="Point TRIAGE_DATASETS at the public sets, or build with --own-data-only.",
            )
        found = file_fingerprint(path)
        if found != self.sha256:
            raise ExportError(
                f"{path}: not the file the recipe names ({found[:12]}, not {self.sha256[:12]}).",
                fix="Fetch the commit that data/README.md names.",
            )

    def _examples(self, table: list[Row]) -> Examples:
        texts = [clean(Message(text=row[self.text])).text for row in table]
        codes = [
            row[self.language_column] if self.language_column else self.language for row in table
        ]
        ids = tuple(f"{self.name}:{row['id']}" for row in table)
        return Examples(
            ids=ids,
            texts=tuple(texts),
            languages=tuple(codes),
            declared=tuple(codes),
            labels={
                task: tuple(part.label(row[part.column]) for row in table)
                for task, part in self.tasks.items()
            },
            groups=ids,
            times=("",) * len(table),
            numbers=tuple(range(1, len(table) + 1)),
            sources=(self.name,) * len(table),
            weights=np.full(len(table), self.weight),
            target=np.zeros(len(table), bool),
        )


class Recipe(_Part):
    """The public sets of the starter bundle."""

    sets: tuple[PublicSet, ...]


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        ConfigError: When it is malformed.
    """
    try:
        with path.open("rb") as stream:
            return Recipe.model_validate(tomllib.load(stream))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}") from error


def read_guard(folder: Path, identifier: LanguageIdentifier, requests: Examples) -> Examples:
    """Read mail that is no request beside our own requests, as rows of the guard's task.

    Args:
        folder: Such as ``data/samples/guard``, one file per language.
        identifier: Finds the language as serving would.
        requests: Labelled messages, all of them in scope.

    Raises:
        ExportError: When the folder holds no file, a file is broken, or a kind is unknown.
    """
    table = _rows(folder, ("id", "text", "subject", "language", "kind"))
    for path, row in table:
        if row["kind"] not in REASONS:
            raise ExportError(f"{path.name}, {row['id']}: no kind {row['kind']!r}.", field="kind")
    others = _examples(table, identifier, {GUARD: [row["kind"] for _, row in table]}, "id")
    scoped = replace(requests, labels={GUARD: (LABELS[0],) * len(requests)})
    return join([scoped, others])


def read_samples(folder: Path, identifier: LanguageIdentifier, *, target: bool) -> Examples:
    """Read our own labelled messages, one file per industry; an industry is one group.

    Args:
        folder: Such as ``data/samples/train``.
        identifier: Finds the language as serving would.
        target: Whether thresholds are measured on these rows.

    Raises:
        ExportError: When the folder holds no file or a file is broken.
    """
    table = _rows(folder, ("id", "text", "subject", "industry", "language", *TASKS))
    labels = {task: [row[task] for _, row in table] for task in TASKS}
    return replace(
        _examples(table, identifier, labels, "industry"), target=np.full(len(table), target)
    )


def _rows(folder: Path, columns: Sequence[str]) -> list[tuple[Path, Row]]:
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise ExportError(f"{folder}: no .jsonl file.", fix="Restore data/samples.")
    return [(path, row) for path in files for row in read_rows(path, columns)]


def _examples(
    table: Sequence[tuple[Path, Row]],
    identifier: LanguageIdentifier,
    labels: Mapping[str, Sequence[str]],
    group: str,
) -> Examples:
    texts = [clean(Message(text=r["text"], subject=r["subject"])).text for _, r in table]
    return Examples(
        ids=tuple(row["id"] for _, row in table),
        texts=tuple(texts),
        languages=tuple(identifier.identify(text).code for text in texts),
        declared=tuple(row["language"] for _, row in table),
        labels={task: tuple(values) for task, values in labels.items()},
        groups=tuple(row[group] for _, row in table),
        times=("",) * len(table),
        numbers=tuple(range(1, len(table) + 1)),
        sources=tuple(path.name for path, _ in table),
        weights=np.ones(len(table)),
        target=np.ones(len(table), bool),
    )
