"""What the encoders are tuned on: our own messages with labels, and the answers they call for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets import Examples, join
from training.heldout import is_calibration
from training.recipe import TASKS, read_guard, read_samples
from triage.errors import ExportError
from triage.labeling.guard import GUARD, LABELS
from triage.rows import Row, read_rows
from triage.text.language import LanguageIdentifier

PUBLIC_WEIGHT = 0.5
"""Weight of a label that was mapped from a public set, beside one of our own."""
UNKNOWN = -1
"""Column of a task that a message does not answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The help-centre article that a message calls for.

    Args:
        own: Its title and, where it is written, its text, in the message's language; never empty.
        english: Its English title.
        rivals: Titles of the other articles of that industry, in the message's language.
    """

    own: tuple[str, ...]
    english: str
    rivals: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Messages of some languages with what each shall be pulled to.

    Args:
        texts: The cleaned messages.
        languages: Their language codes.
        labels: Column of the label of each task, the guard's last, ``UNKNOWN`` without one, shape
            ``(n, tasks)``.
        sizes: Number of labels of each task.
        answers: What answers each message; None where nothing is known to.
        weights: Weight of each message's labels, shape ``(n,)``.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    labels: NDArray[np.int64]
    sizes: tuple[int, ...]
    answers: tuple["Answers | None", ...]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.texts)


def read_lessons(
    data: Path,
    languages: Sequence[str],
    labels: Mapping[str, Sequence[str]],
    public: Sequence[Examples] = (),
) -> Lessons:
    """Read the messages to tune on, those that are no request among them.

    What is kept for calibration stays out (``training.heldout.is_calibration``).

    Args:
        data: Folder with ``samples/train``, ``samples/guard`` and ``samples/answers``.
        languages: Languages of the encoder.
        labels: Each of ``TASKS`` to its labels in order.
        public: Rows of public sets that may be tuned on.

    Raises:
        ExportError: When a file is missing or broken, a label is unknown, or nothing is left.
    """
    identifier = LanguageIdentifier(("en", "da", "ro", "zh"))
    requests = read_samples(data / "samples" / "train", identifier, target=True)
    guarded = read_guard(data / "samples" / "guard", identifier, requests)
    own = replace(
        requests, labels={**requests.labels, GUARD: guarded.labels[GUARD][: len(requests)]}
    )
    others = guarded.take(np.arange(len(requests), len(guarded)))
    examples = join([own, others, *public])
    chosen = [
        i
        for i, (language, group) in enumerate(zip(examples.declared, examples.groups, strict=True))
        if language in languages and not is_calibration(group)
    ]
    if not chosen:
        raise ExportError("No message to tune on.", fix="Restore data/samples.")
    part = examples.take(np.asarray(chosen, np.int64))
    ours = np.arange(len(examples)) < len(own) + len(others)
    known = read_answers(data / "samples" / "answers")
    every = {**{task: tuple(labels[task]) for task in TASKS}, GUARD: LABELS}
    return Lessons(
        texts=part.texts,
        languages=part.declared,
        labels=_columns(part, every),
        sizes=tuple(len(names) for names in every.values()),
        answers=tuple(
            known.get((_scenario(identity, language), language))
            for identity, language in zip(part.ids, part.declared, strict=True)
        ),
        weights=np.where(ours[chosen], 1.0, PUBLIC_WEIGHT).astype(np.float32),
    )


def read_answers(folder: Path) -> dict[tuple[str, str], Answers]:
    """Read the articles that scenarios call for, by scenario and language; one file an industry.

    Raises:
        ExportError: When there is no file, a file is broken, or an article lacks its title or its
            English one.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise ExportError(f"{folder}: no .jsonl file.", fix="Restore data/samples.")
    found: dict[tuple[str, str], Answers] = {}
    for path in files:
        rows = list(read_rows(path, ("scenario_id", "language", "title", "text")))
        english = {row["scenario_id"]: row["title"] for row in rows if row["language"] == "en"}
        for number, row in enumerate(rows, start=1):
            title = english.get(row["scenario_id"], "")
            if not (title.strip() and row["title"].strip()):
                raise ExportError(
                    f"{path.name}, row {number}: no title, or none in English.",
                    fix="Give every scenario a title in English and in each language it has.",
                    field="title",
                    row=number,
                )
            own = tuple(text for text in (row["title"], row["text"]) if text)
            found[row["scenario_id"], row["language"]] = Answers(own, title, _rivals(rows, row))
    return found


def _rivals(rows: Sequence[Row], mine: Row) -> tuple[str, ...]:
    return tuple(
        row["title"]
        for row in rows
        if row["language"] == mine["language"] and row["scenario_id"] != mine["scenario_id"]
    )


def _scenario(identity: str, language: str) -> str:
    # The last mark of the language counts: an industry's own name may hold one as well.
    return identity.rpartition(f"-{language}")[0]


def _columns(part: Examples, labels: Mapping[str, Sequence[str]]) -> NDArray[np.int64]:
    columns = np.full((len(part), len(labels)), UNKNOWN, np.int64)
    for place, (task, names) in enumerate(labels.items()):
        rank = {"": UNKNOWN} | {label: column for column, label in enumerate(names)}
        strange = sorted(set(part.labels[task]) - set(rank))
        if strange:
            raise ExportError(
                f"{task}: no label {strange[0]!r}.",
                fix=f"The labels are: {', '.join(names)}.",
                field=task,
            )
        columns[:, place] = [rank[label] for label in part.labels[task]]
    return columns
