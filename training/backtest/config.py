"""Ground floor of a backtest: what it is asked to do, and what is assumed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from training.config import FitConfig
from triage.errors import InputError
from triage.labeling.costs import EQUAL
from triage.labeling.taxonomy import CostSpec, TaskSpec, Taxonomy

FIRST_WINDOW = 500
"""Labelled rows before the first period scored; with fewer, few cuts can be supported."""
_DAYS = re.compile(r"([1-9]\d{0,3})d")


@dataclass(frozen=True, slots=True)
class Minutes:
    """What decisions are assumed to be worth, in minutes of an agent.

    Args:
        saved: By an automatic decision that is right.
        lost: By an automatic decision that is wrong.
        suggested: Saved by a suggestion that is right; a wrong one is taken to cost nothing.
    """

    saved: float = 2.0
    lost: float = 5.0
    suggested: float = 0.5

    def sentence(self) -> str:
        """State the assumption."""
        return (
            f"Assumed, not measured: a right automatic decision saves {self.saved:g} minutes, a "
            f"wrong one loses {self.lost:g}, a right suggestion saves {self.suggested:g}; a wrong "
            "suggestion and an abstention neither save nor lose anything."
        )


MINUTES = Minutes()
"""The assumption where nothing else is said; every output states it."""


@dataclass(frozen=True, slots=True)
class ErrorCosts:
    """What an error of one task costs.

    Args:
        miss: True label to the cost of missing it, whatever was given instead.
        pairs: True and given label to the cost of that error, before ``miss``.
    """

    miss: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def of(self, true: str, given: str) -> float:
        """Return what giving a label costs where another is true; 0 where it is right."""
        if true == given:
            return 0.0
        return self.pairs.get((true, given), self.miss.get(true, EQUAL))

    def sentence(self, task: str) -> str:
        """State the costs."""
        parts = [f"{true} given as {given} {cost:g}" for (true, given), cost in self.pairs.items()]
        parts += [f"missing {true} {cost:g}" for true, cost in self.miss.items()]
        named = f"{', '.join(parts)}; any other error" if parts else "each error"
        return f"Cost of errors in {task}: {named} {EQUAL:g}."


@dataclass(frozen=True, slots=True)
class BacktestConfig:
    """One backtest.

    Args:
        fit: What every step is fitted with; its contracts are what is promised.
        every: ``month``, ``week`` or a number of days such as ``30d``.
        time_format: How dates are written, as ``strptime`` reads them; ISO 8601 where None.
        first_window: Labelled rows that a task needs before the first period it is scored in.
        minutes: What decisions are assumed to be worth.
        costs: ``TASK:TRUE=COST`` and ``TASK:TRUE:GIVEN=COST``, as they were given.
        bundle: Score this bundle and retrain nothing.
        profile: Profile to score; the default one where None.
    """

    fit: FitConfig
    every: str = "month"
    time_format: str | None = None
    first_window: int = FIRST_WINDOW
    minutes: Minutes = MINUTES
    costs: tuple[str, ...] = ()
    bundle: str | None = None
    profile: str | None = None


def days_of(every: str) -> int | None:
    """Read ``--every``: a number of days, or None for the calendar's months and weeks.

    Raises:
        InputError: When it is none of these.
    """
    if every in {"month", "week"}:
        return None
    found = _DAYS.fullmatch(every)
    if not found:
        raise InputError(
            f"--every {every}: neither month, week nor a number of days.",
            fix="For example: --every 30d",
            field="--every",
        )
    return int(found.group(1))


def error_costs(
    values: Sequence[str], labels: Mapping[str, Sequence[str]], taxonomy: Taxonomy | None
) -> dict[str, ErrorCosts]:
    """Join the costs of a taxonomy with those that options give, by task.

    Args:
        values: ``TASK:TRUE=COST`` and ``TASK:TRUE:GIVEN=COST``.
        labels: Task to the labels that exist.
        taxonomy: Its costs hold where no option says otherwise.

    Raises:
        InputError: When a value is malformed, or names a task or label that does not exist.
    """
    known = taxonomy.tasks if taxonomy else {}
    specs = {task: _spec(known[task]) if task in known else CostSpec() for task in labels}
    miss = {task: _missed(spec, labels[task]) for task, spec in specs.items()}
    pairs = {
        task: {(true, given): c for true, row in spec.when.items() for given, c in row.items()}
        for task, spec in specs.items()
    }
    for value in values:
        task, true, given, cost = _cost(value, labels)
        if given is None:
            miss[task][true] = cost
        else:
            pairs[task][true, given] = cost
    return {task: ErrorCosts(miss[task], pairs[task]) for task in labels}


def _spec(task: TaskSpec) -> CostSpec:
    return task.costs or CostSpec(missed=task.miss_cost)


def _missed(spec: CostSpec, labels: Sequence[str]) -> dict[str, float]:
    """List the costs of missing a label, all of them where one that nobody named is unusual."""
    if spec.wrong == EQUAL:
        return dict(spec.missed)
    return {label: spec.missed.get(label, spec.wrong) for label in labels}


def _cost(value: str, labels: Mapping[str, Sequence[str]]) -> tuple[str, str, str | None, float]:
    named, _, number = value.rpartition("=")
    task, _, rest = named.partition(":")
    try:
        cost = float(number)
    except ValueError:
        cost = -1.0
    if task not in labels or not rest or not 0 <= cost < float("inf"):
        raise InputError(
            f"--cost {value}: not of the form TASK:TRUE=COST or TASK:TRUE:GIVEN=COST with a task "
            "of --label and a cost of 0 or more.",
            fix="For example: --cost priority:urgent=5 --cost priority:urgent:low=10",
            field="--cost",
        )
    true, given = _pair(value, rest, labels[task])
    return task, true, given, cost


def _pair(value: str, rest: str, labels: Sequence[str]) -> tuple[str, str | None]:
    """Part ``TRUE:GIVEN``; labels may hold colons themselves."""
    if rest in labels:
        return rest, None
    pieces = rest.split(":")
    for at, true in enumerate(accumulate(pieces[:-1], "{}:{}".format), start=1):
        given = ":".join(pieces[at:])
        if true in labels and given in labels:
            return true, given
    raise InputError(
        f"--cost {value}: {rest!r} is no label, nor two of them with a colon between.",
        fix=f"The labels are: {', '.join(labels[:20])}.",
        field="--cost",
    )
