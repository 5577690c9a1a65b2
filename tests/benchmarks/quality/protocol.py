"""What every system is asked, and how it is timed.

The standard library alone: peers run this in environments of their own.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from statistics import median
from time import perf_counter, process_time
from typing import Any

TIMED, WARM_UP = 100, 5
"""Messages that are predicted one by one for the time of one, and those before the clock starts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One part of one set, as every system gets it.

    Args:
        texts: Cleaned messages to train on.
        labels: Their labels.
        test: Cleaned messages to label.
        outside: Messages that no label fits, to be told from those of ``test``.
        seed: Seed of what a system draws.
        model: Folder of all-MiniLM-L6-v2 in full precision.
    """

    texts: list[str]
    labels: list[str]
    test: list[str]
    outside: list[str]
    seed: int
    model: str

    @classmethod
    def read(cls, path: Path) -> "Question":
        """Read what ``write`` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """Write it for a system that runs in a process of its own."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Given:
    """Labels given to some messages.

    Args:
        labels: The top label of each.
        scores: Name of a score to its value for each message; ``confidence`` is the probability of
            the top label, ``logit`` the largest score before probabilities are made of it.
    """

    labels: list[str]
    scores: Mapping[str, list[float]] = field(default_factory=dict)


Predict = Callable[[Sequence[str]], Given]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A system that has been trained, with what there is to tell of how."""

    predict: Predict
    notes: Mapping[str, Any] = field(default_factory=dict)


def answer(
    fit: Callable[[], Fitted], question: Question, packages: Sequence[str]
) -> dict[str, Any]:
    """Train a system, let it label the test messages, and time both.

    Processor seconds count every thread of this process; wall seconds say little on a machine that
    others use.
    """
    load = os.getloadavg()[0]
    wall, processor = perf_counter(), process_time()
    fitted = fit()
    seconds = {"train_cpu": process_time() - processor, "train_wall": perf_counter() - wall}
    given = fitted.predict(question.test)
    outside = fitted.predict(question.outside) if question.outside else Given([])
    return {
        "labels": given.labels,
        "scores": {name: _rounded(values) for name, values in given.scores.items()},
        "outside": {name: _rounded(values) for name, values in outside.scores.items()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "predict_ms": _one_by_one(fitted.predict, question.test),
        "notes": dict(fitted.notes),
        "versions": versions(packages),
        "load": load,
    }


def versions(packages: Sequence[str]) -> dict[str, str]:
    """List the versions of Python and of those packages that are installed."""
    found = {"python": python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _one_by_one(predict: Predict, texts: Sequence[str]) -> dict[str, float]:
    """Measure the median milliseconds of one message, by the processor and by the wall clock."""
    taken: dict[str, list[float]] = {"cpu": [], "wall": []}
    for text in texts[:WARM_UP]:
        predict([text])
    for text in texts[:TIMED]:
        wall, processor = perf_counter(), process_time()
        predict([text])
        taken["cpu"].append(1e3 * (process_time() - processor))
        taken["wall"].append(1e3 * (perf_counter() - wall))
    return {name: round(median(values), 3) for name, values in taken.items()}


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(value), 6) for value in values]
