"""Whether fine-tuning wins: tuned and untuned vectors under the same heads, on held rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from training.agreement import labelled as by_head
from training.datasets import Examples, Rows
from training.finetuning.pairs import Labelled, labelled
from training.split import cluster, folds
from training.tuning.loop import Log
from triage.encoders.base import Vectors

FOLDS = 3
ENOUGH_HELD = 1_000
"""Held rows after which no further fold is tuned for."""
NOISE = 0.05
"""Chance, of the one-sided sign test on rows that one side alone has right, up to which a
difference counts (McNemar 1947)."""
TRIED_STEPS = 3
FEWEST_STEPS = 8
"""Steps below which a tuning is not worth its export."""
PATIENCE = 1.5
"""Times the budget after which a fine-tuning is given up: its steps were planned to fit, so the
machine has become slower since."""


class OutOfTimeError(Exception):
    """The budget of a fine-tuning is spent; the untuned encoder is kept."""


class Tunable(Protocol):
    """A model that is tuned from its untuned weights each time."""

    def tune(self, lessons: Labelled, steps: int, log: Log, tick: Callable[[], None]) -> None:
        """Take so many steps on messages; ``tick`` is called before each."""

    def rows(self, texts: Sequence[str]) -> Vectors:
        """Encode texts as the model is now into unit rows, shape ``(n, dim)``."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Time that a fine-tuning may take, tuning and trial together.

    Args:
        seconds: How long.
        clock: Tells the time in seconds.
        begun: When it started.
    """

    seconds: float
    clock: Callable[[], float]
    begun: float

    def left(self) -> float:
        """Tell how many seconds are left."""
        return self.begun + self.seconds - self.clock()

    def tick(self) -> None:
        """Do nothing while there is time.

        Raises:
            OutOfTimeError: When the budget was overdrawn by half.
        """
        if self.clock() - self.begun > PATIENCE * self.seconds:
            raise OutOfTimeError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the trial found.

    Attributes:
        reason: Why nothing was compared; empty when it was.
        steps: Steps of the full tuning.
        planned: Steps that it would take with enough time.
        tasks: Task to its figures: held rows, both accuracies, rows that one side alone has right.
    """

    reason: str = ""
    steps: int = 0
    planned: int = 0
    tasks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def wins(self) -> bool:
        """Tell whether some task gains beyond noise, and none loses beyond it."""
        counts = [(int(one["fixed"]), int(one["broken"])) for one in self.tasks.values()]
        return any(_beyond(more, less) for more, less in counts) and not any(
            _beyond(less, more) for more, less in counts
        )

    def content(self) -> dict[str, Any]:
        """Return what ``meta.json``, ``metrics.json`` and the card record."""
        return {
            "kept": "tuned" if self.wins() else "untuned",
            "reason": self.reason,
            "steps": self.steps,
            "planned_steps": self.planned,
            "tasks": {task: dict(figures) for task, figures in self.tasks.items()},
        }

    def describe(self) -> str:
        """Say in one line which encoder is kept, and why."""
        if self.reason:
            return f"the untuned encoder is kept: {self.reason}"
        figures = "; ".join(
            f"{task} {one['untuned']:.3f} untuned, {one['tuned']:.3f} tuned, of {one['rows']:.0f}"
            for task, one in self.tasks.items()
        )
        kept = "tuned encoder is kept" if self.wins() else "gain is not beyond noise, untuned kept"
        return f"accuracy on held training rows: {figures}: {kept}"


def plan(
    tuner: Tunable, lessons: Labelled, planned: int, shares: float, budget: Budget
) -> tuple[int, float]:
    """Halve the steps until they fit the budget, by the time that three steps take here.

    Halving makes the result depend on the machine's speed as little as a budget allows.

    Args:
        tuner: The model.
        lessons: All messages.
        planned: Steps of a full tuning when time does not matter.
        shares: Full tunings to come, parts of one counted as parts.
        budget: The time there is.

    Returns:
        The steps of the full tuning, 0 when none fits, and the seconds a step takes.
    """
    begun = budget.clock()
    tuner.tune(lessons, TRIED_STEPS, lambda _: None, budget.tick)
    each = (budget.clock() - begun) / TRIED_STEPS
    steps = planned
    while steps >= FEWEST_STEPS and steps * shares * each > budget.left():
        steps //= 2
    return (steps if steps >= FEWEST_STEPS else 0), each


def trial(
    examples: Examples,
    untuned: Vectors,
    tuner: Tunable,
    steps_of: Callable[[int], int],
    budget: Budget,
    seed: int,
    log: Log,
) -> Verdict:
    """Tune on two folds of three and compare on the third, until enough rows have been held.

    Args:
        examples: Training rows with texts, ``n`` of them.
        untuned: Their vectors from the encoder that serves without fine-tuning, ``(n, dim)``.
        tuner: The model to tune.
        steps_of: Steps of a full tuning on so many messages.
        budget: The time there is for the trial and for the tuning after it.
        seed: Seed of the folds.
        log: Takes lines of progress.

    Raises:
        ExportError: When the rows form one group.
    """
    joint = ["\x1f".join(values) for values in zip(*examples.labels.values(), strict=True)]
    fold = folds(joint, cluster(examples), FOLDS, seed)
    turns = _turns(fold)
    planned = steps_of(len(examples))
    shares = 1 + sum(float(np.mean(fold != turn)) for turn in turns)
    steps, each = plan(tuner, labelled(examples), planned, shares, budget)
    if not steps:
        asked = FEWEST_STEPS * shares * each
        return Verdict(
            f"a tuning with its trial takes {asked:.0f} seconds or more here, and the budget has "
            f"{budget.seconds:.0f}",
            planned=planned,
        )
    if steps < planned:
        log(f"{steps} steps instead of {planned}, to keep the budget")
    right: dict[str, list[NDArray[np.bool_]]] = {task: [] for task in examples.tasks}
    for number, turn in enumerate(turns, start=1):
        seen = fold != turn
        log(f"trial {number} of {len(turns)}: {seen.sum()} rows to tune on, {(~seen).sum()} held")
        part = max(1, round(steps * float(np.mean(seen))))
        tuner.tune(labelled(examples.take(seen)), part, log, budget.tick)
        tuned = tuner.rows(examples.texts)
        for task in examples.tasks:
            right[task] += _right(examples, task, seen, untuned, tuned)
    figures = {task: _figures(np.hstack(found)) for task, found in right.items() if found}
    reason = "" if figures else "no task has two labels to tune on and a row to hold"
    return Verdict(reason, steps, planned, figures)


def _turns(fold: Rows) -> list[int]:
    """Choose the folds that are held in turn: all, or as many as hold enough rows."""
    turns, held = [], 0
    for number in np.unique(fold):
        if held < ENOUGH_HELD:
            turns.append(int(number))
            held += int((fold == number).sum())
    return turns


def _right(
    examples: Examples, task: str, seen: NDArray[np.bool_], *sides: Vectors
) -> list[NDArray[np.bool_]]:
    """Tell which held rows each side labels right: one array ``(sides, held)``, if any."""
    answered = examples.answered(task)
    fitted, held = np.flatnonzero(seen & answered), np.flatnonzero(~seen & answered)
    labels = np.asarray(examples.labels[task])
    known = np.unique(labels[fitted])
    if len(known) < 2 or not len(held):  # noqa: PLR2004 - one label needs no head
        return []
    given = [by_head(rows[fitted], list(labels[fitted]), rows[held])[0] for rows in sides]
    return [np.stack([known[side] == labels[held] for side in given])]


def _figures(right: NDArray[np.bool_]) -> dict[str, float]:
    untuned, tuned = right
    return {
        "rows": len(untuned),
        "untuned": float(untuned.mean()),
        "tuned": float(tuned.mean()),
        "fixed": int((tuned & ~untuned).sum()),
        "broken": int((untuned & ~tuned).sum()),
    }


def _beyond(more: int, less: int) -> bool:
    """Tell whether one side is right alone so much oftener that chance does not explain it."""
    if not more:
        return False
    return float(binomtest(more, more + less, 0.5, alternative="greater").pvalue) < NOISE
