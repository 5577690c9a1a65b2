"""The labelled messages that the harness asks about; none of them was trained on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from training.datasets import join
from training.heldout import SETS_WITH_OWN_SPLIT
from training.recipe import RECIPE, TASKS, PublicSet, load_recipe
from triage.domain import Channel, Message
from triage.rows import read_rows

MEASURED = Path(__file__).parents[1] / "public_sets.toml"
WRITTEN = Path(__file__).parents[1] / "data"
SHORT, LONG = 60, 300
_WORD = re.compile(r"\w+")
_IDEOGRAPHS = ("\u3400", "\u9fff")
_IDEOGRAPH_LETTERS = 3
"""A Chinese character says about as much as three Latin letters."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message with what people say of it; ``language`` is the writer's, not the one found."""

    message: Message
    language: str
    labels: Mapping[str, str]

    @property
    def length(self) -> str:
        """Length bucket of subject and text, in characters; a Chinese one counts as three."""
        low, high = _IDEOGRAPHS
        text = self.message.subject + self.message.text
        size = sum(_IDEOGRAPH_LETTERS if low <= char <= high else 1 for char in text)
        return "short" if size < SHORT else "long" if size > LONG else "medium"


def own_cases(folder: Path) -> tuple[Case, ...]:
    """Read our own labelled messages, such as ``data/samples/test``."""
    cases = []
    for path in sorted(folder.glob("*.jsonl")):
        for row in read_rows(path, ("id", "text", "language", "channel", *TASKS)):
            message = Message(
                text=row["text"],
                id=row["id"],
                subject=row["subject"],
                channel=cast("Channel", row["channel"]),
            )
            cases.append(Case(message, row["language"], {task: row[task] for task in TASKS}))
    return tuple(cases)


def written_cases(path: Path) -> tuple[Case, ...]:
    """Read messages that have a language and no label."""
    return tuple(
        Case(
            Message(text=row["text"], id=row["id"], subject=row.get("subject", "")),
            row["language"],
            {},
        )
        for row in read_rows(path, ("id", "language", "text"))
    )


def measured_sets() -> tuple[PublicSet, ...]:
    """List every public set with its mapping: those trained on in part, then those never."""
    return (*load_recipe(RECIPE).sets, *load_recipe(MEASURED).sets)


@dataclass(frozen=True, slots=True)
class PublicCases:
    """Rows of a public set that no training may see.

    Args:
        cases: The rows.
        repeats: Whether the same words, capitals and punctuation aside, were trained on.
    """

    cases: tuple[Case, ...]
    repeats: tuple[bool, ...]


def public_cases(part: PublicSet, folder: Path, languages: frozenset[str]) -> PublicCases:
    """Read the held-out rows of a public set, in the languages given.

    A set that is never trained on (its weight is 0) gives ``cap`` rows more.

    Raises:
        ExportError: When the file is missing or is not the one the mapping names.
    """
    rows = part.read(folder, held_out=True)
    trained: set[str] = set()
    if part.weight:
        trained = {_words(text) for text in part.read(folder).texts}
    elif part.cap and part.name not in SETS_WITH_OWN_SPLIT:
        rows = join([rows, part.read(folder)])
    codes = [code.partition("-")[0] for code in rows.declared]
    kept = [i for i, code in enumerate(codes) if code in languages]
    cases = tuple(
        Case(
            Message(text=rows.texts[i], id=rows.ids[i]),
            codes[i],
            {task: labels[i] for task, labels in rows.labels.items() if labels[i]},
        )
        for i in kept
    )
    return PublicCases(cases, tuple(_words(rows.texts[i]) in trained for i in kept))


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
