"""Labelled examples in memory, and how they are cut and fingerprinted."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Training rows as columns of equal length.

    Args:
        ids: Identifier of each row, unique.
        texts: Cleaned texts, as serving would clean them.
        languages: Language code that serving would find, which routes to an encoder.
        declared: Language code that figures are reported under: the export's own, else as found.
        labels: Task to labels; an empty string means the row does not answer that task.
        groups: Rows of one group stay on one side of every split.
        times: ISO 8601 dates, empty where the export has none.
        numbers: One-based row in the export, for messages to people.
        sources: Name of the file or public set each row came from.
        weights: Weight of each row in fitting, shape ``(n,)``.
        target: Rows that thresholds and temperatures are measured on, shape ``(n,)``.
        cells: Task to the values its column had before renaming; of whole exports only.
        channels: Channel that each row came by; none at all where the export does not tell.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    declared: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    groups: tuple[str, ...]
    times: tuple[str, ...]
    numbers: tuple[int, ...]
    sources: tuple[str, ...]
    weights: NDArray[np.float64]
    target: NDArray[np.bool_]
    cells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks in the order they were given."""
        return tuple(self.labels)

    def take(self, rows: Rows | NDArray[np.bool_]) -> "Examples":
        """Return the chosen rows, in the order given."""
        index = np.flatnonzero(rows) if rows.dtype == bool else rows

        def pick(values: Sequence[str]) -> tuple[str, ...]:
            return tuple(values[i] for i in index)

        return Examples(
            ids=pick(self.ids),
            texts=pick(self.texts),
            languages=pick(self.languages),
            declared=pick(self.declared),
            labels={task: pick(values) for task, values in self.labels.items()},
            groups=pick(self.groups),
            times=pick(self.times),
            numbers=tuple(self.numbers[i] for i in index),
            sources=pick(self.sources),
            weights=self.weights[index],
            target=self.target[index],
            channels=pick(self.channels) if self.channels else (),
        )

    def answered(self, task: str) -> NDArray[np.bool_]:
        """Tell which rows answer a task, shape ``(n,)``."""
        return np.asarray([bool(label) for label in self.labels[task]])

    def fingerprint(self) -> str:
        """Compute the SHA-256 of texts, languages and labels, in order."""
        digest = hashlib.sha256()
        for i, text in enumerate(self.texts):
            cells = [text, self.languages[i], *(self.labels[task][i] for task in self.tasks)]
            digest.update("\x1f".join(cells).encode("utf-8", "surrogatepass") + b"\x1e")
        return digest.hexdigest()


def join(parts: Sequence[Examples]) -> Examples:
    """Put examples one after the other; a task that a part lacks is left unanswered there."""
    tasks = list(dict.fromkeys(task for part in parts for task in part.tasks))
    labels = {
        task: tuple(label for part in parts for label in part.labels.get(task, ("",) * len(part)))
        for task in tasks
    }
    told = any(part.channels for part in parts)
    first = parts[0]
    return replace(
        first,
        ids=sum((part.ids for part in parts), ()),
        texts=sum((part.texts for part in parts), ()),
        languages=sum((part.languages for part in parts), ()),
        declared=sum((part.declared for part in parts), ()),
        labels=labels,
        groups=sum((part.groups for part in parts), ()),
        times=sum((part.times for part in parts), ()),
        numbers=sum((part.numbers for part in parts), ()),
        sources=sum((part.sources for part in parts), ()),
        weights=np.concatenate([part.weights for part in parts]),
        target=np.concatenate([part.target for part in parts]),
        cells={
            task: frozenset().union(*(part.cells.get(task, ()) for part in parts)) for task in tasks
        },
        channels=sum((part.channels or ("",) * len(part) for part in parts if told), ()),
    )
