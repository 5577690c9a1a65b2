"""Ground floor of training: what a run is asked to do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.members import column_of, member_of
from triage.errors import ConfigError, InputError
from triage.labeling.taxonomy import CostSpec

TEST_SHARE = 0.2
CALIBRATION_SHARE = 0.15
FOLDS = 5
AGENT_CAP = 0.10
"""Largest share of the corrections, and of the confirmations, that one agent contributes."""
SUGGEST_PRECISION = 0.80
AUTOMATE_PRECISION = 0.95
BOUND = 0.95
"""Level of the one-sided Clopper-Pearson bound behind the thresholds of suggestions."""
AUTOMATE_BOUND = 0.99
"""The same for automatic decisions: the rows on which a contract is checked scatter too, so that at
0.95 it was seen kept in 88 % of 200 random splits, at 0.99 in 95 % (``contract.py``)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of an export hold what.

    Args:
        text: Column of the message; empty where the format brings its own.
        labels: Task to column; ``COLUMN|LABEL`` asks whether its cells list the label.
        subject: Column of the subject, if any. Of this and the optional columns below, an empty
            name turns off what a format brings.
        language: Column of the language code; detected where absent.
        time: Column of an ISO 8601 date; splits go by time where given.
        group: Column of the requester or scenario; a group stays on one side of every split.
        content_type: Column telling ``text/plain`` or ``text/html``.
        channel: Column of the channel, for figures by channel.
        ids: Column of the row's identifier; the row number where the export has none.
        renames: Task to {value in the export: label}.
        format: Name of the exports' format; found from name and content where None.
    """

    text: str
    labels: Mapping[str, str]
    subject: str | None = None
    language: str | None = None
    time: str | None = None
    group: str | None = None
    content_type: str | None = None
    channel: str | None = None
    ids: str = "id"
    renames: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    format: str | None = None

    def __post_init__(self) -> None:
        """Refuse to rename what stands beside others in a cell."""
        renamed = [task for task in self.members if task in self.renames]
        if renamed:
            raise InputError(
                f"--map {renamed[0]}: the cells of this task list several labels, and a whole cell "
                "is what --map renames.",
                fix="List the label as the export writes it.",
                field="--map",
            )

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that every row must have."""
        optional = (
            *(self.subject, self.language, self.time, self.group, self.content_type),
            self.channel,
        )
        return (self.text, *self.cells, *(name for name in optional if name))

    @property
    def cells(self) -> tuple[str, ...]:
        """Columns that labels are read from, each once."""
        return tuple(dict.fromkeys(map(column_of, self.labels.values())))

    @property
    def members(self) -> tuple[str, ...]:
        """Tasks that ask whether a cell lists a label."""
        return tuple(task for task, place in self.labels.items() if member_of(place))


@dataclass(frozen=True, slots=True)
class Precision:
    """Precision that decisions must keep.

    The first two are defaults, left out where the rows cannot support them. The others are
    contracts that somebody asked for; one that cannot be kept fails.

    Args:
        suggest: For suggestions, of every task without a contract of its own.
        automate: For automatic decisions, of every task without a contract of its own.
        suggest_of: Contracts on suggestions, by task.
        automate_of: Contracts on automatic decisions, by task.
        labels: Contracts on automatic decisions for a label, by task and label given.
        languages: Contracts on automatic decisions in a language, by task and code.
        apart: Tasks of yes and no in which each answer keeps the precision for itself: with a
            common cut a rare ``yes`` would hide behind the many ``no``.
    """

    suggest: float = SUGGEST_PRECISION
    automate: float = AUTOMATE_PRECISION
    suggest_of: Mapping[str, float] = field(default_factory=dict)
    automate_of: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    languages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()

    @property
    def tasks(self) -> tuple[str, ...]:
        """List the tasks that have a contract."""
        parts = (self.suggest_of, self.automate_of, self.labels, self.languages)
        return tuple(dict.fromkeys(task for part in parts for task in part))

    def of(self, task: str) -> float:
        """Return the precision that automatic decisions of a task must keep."""
        return self.automate_of.get(task, self.automate)

    def suggested(self, task: str) -> float:
        """Return the precision that suggestions of a task must keep."""
        return self.suggest_of.get(task, self.suggest)


@dataclass(frozen=True, slots=True)
class SplitConfig:
    """How rows are parted.

    Args:
        by: What decides; found from the rows where None: dates where there are any, else groups.
        test_share: Share of the rows that is held back for the test.
        calibration_share: Share of the rows, the newest before the test, that confidences are
            measured on where dates decide; elsewhere they are measured out of fold.

    Raises:
        ConfigError: When a share is not between 0 and 1, or both leave nothing to train on.
    """

    by: Literal["time", "group", "random"] | None = None
    test_share: float = TEST_SHARE
    calibration_share: float = CALIBRATION_SHARE

    def __post_init__(self) -> None:
        """Refuse shares that cannot be cut."""
        for name, share in (("test", self.test_share), ("calibration", self.calibration_share)):
            if not 0 < share < 1:
                raise ConfigError(
                    f"--{name}-share must be above 0 and below 1, not {share:g}.",
                    field=f"--{name}-share",
                )
        if self.test_share + self.calibration_share >= 1:
            raise ConfigError(
                f"--test-share {self.test_share:g} and --calibration-share "
                f"{self.calibration_share:g} leave nothing to train on.",
                fix="Together they must stay below 1.",
                field="--test-share",
            )


@dataclass(frozen=True, slots=True)
class FitConfig:
    """One training run.

    Args:
        encoder: The encoder to fit with, or the first of those to compare.
        rivals: Further encoders; the best by cross-validation is taken.
        budget: Seconds that the search for candidates may take; no limit where None.
        warm_start: Whether the last fits start from the champion's heads.
        feedback: Store whose feedback is learnt too.
        agent_cap: Largest share of what is learnt from feedback that rests on one agent.
        without_agents: Agents whose labels are not heard at all.
        orders: Task to its labels from least to most, where the run says that they have an order.
    """

    exports: tuple[Path, ...]
    columns: Columns
    encoder: str = "twin"
    test: Path | None = None
    taxonomy: Path | None = None
    corrections: Path | None = None
    out: Path | None = None
    base: str | None = None
    only: bool = False
    seed: int = 0
    split: SplitConfig = SplitConfig()
    folds: int = FOLDS
    precision: Precision = Precision()
    costs: Mapping[str, CostSpec] = field(default_factory=dict)
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    jobs: int = -1
    rivals: tuple[str, ...] = ()
    budget: float | None = None
    warm_start: bool = False
    feedback: Path | None = None
    agent_cap: float = AGENT_CAP
    without_agents: tuple[str, ...] = ()
    finetune: float | None = None
    """Seconds that fine-tuning the encoder may take; None leaves it out."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Encoders to compare, each once."""
        return tuple(dict.fromkeys((self.encoder, *self.rivals)))


def parse_pairs(option: str, values: list[str]) -> dict[str, str]:
    """Read ``TASK=COLUMN`` options.

    Raises:
        InputError: When a value has no ``=``, an empty side, or a task twice.
    """
    pairs: dict[str, str] = {}
    for value in values:
        task, sign, column = value.partition("=")
        if not (sign and task and column) or task in pairs or task.startswith("_"):
            raise InputError(
                f"{option} {value}: not of the form TASK=COLUMN, a task given twice, or one named "
                "with _ in front.",
                fix=f"For example: {option} category=Ticket_Type",
                field=option,
            )
        pairs[task] = column
    return pairs


def parse_renames(values: list[str], tasks: Collection[str]) -> dict[str, dict[str, str]]:
    """Read ``TASK:VALUE=LABEL`` options.

    Raises:
        InputError: When a value is not of that form or its task is none of those given.
    """
    renames: dict[str, dict[str, str]] = {}
    for value in values:
        task, colon, rest = value.partition(":")
        old, sign, new = rest.rpartition("=")
        if not (colon and sign and task and old and new):
            raise InputError(
                f"--map {value}: not of the form TASK:VALUE=LABEL.",
                fix="For example: --map priority:P1=urgent",
                field="--map",
            )
        if task not in tasks:
            raise InputError(
                f"--map {value}: no --label gives the task {task!r}.",
                fix=f"The tasks are: {', '.join(tasks)}.",
                field="--map",
            )
        renames.setdefault(task, {})[old] = new
    return renames


def at_least(least: int, **numbers: int) -> None:
    """Refuse numbers of a recipe that are too small to work with.

    Raises:
        ConfigError: When one of them is below the least; it is named.
    """
    for name, number in numbers.items():
        if number < least:
            raise ConfigError(f"{name} must be at least {least}, not {number}.", field=name)
