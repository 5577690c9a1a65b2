"""Ground floor of training: what a run is asked to do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from triage.errors import ConfigError, InputError

TEST_SHARE = 0.2
FOLDS = 5
SUGGEST_PRECISION = 0.80
AUTOMATE_PRECISION = 0.95
BOUND = 0.95
"""Level of the one-sided Clopper-Pearson bound behind every threshold."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of an export hold what.

    Args:
        text: Column of the message; empty where the format brings its own.
        labels: Task to column.
        subject: Column of the subject, if any. Of this and the optional columns below, an empty
            name turns off what a format brings.
        language: Column of the language code; detected where absent.
        time: Column of an ISO 8601 date; splits go by time where given.
        group: Column of the requester or scenario; a group stays on one side of every split.
        content_type: Column telling ``text/plain`` or ``text/html``.
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
    ids: str = "id"
    renames: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    format: str | None = None

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that every row must have."""
        optional = (self.subject, self.language, self.time, self.group, self.content_type)
        return (self.text, *self.labels.values(), *(name for name in optional if name))


@dataclass(frozen=True, slots=True)
class Precision:
    """Precision that decisions must keep.

    Args:
        suggest: For suggestions, of every task.
        automate: For automatic decisions, of every task that has no contract of its own.
        automate_of: Contracts that somebody asked for, by task; one that cannot be kept fails.
    """

    suggest: float = SUGGEST_PRECISION
    automate: float = AUTOMATE_PRECISION
    automate_of: Mapping[str, float] = field(default_factory=dict)

    def of(self, task: str) -> float:
        """Return the precision that automatic decisions of a task must keep."""
        return self.automate_of.get(task, self.automate)


@dataclass(frozen=True, slots=True)
class FitConfig:
    """One training run."""

    exports: tuple[Path, ...]
    columns: Columns
    encoder: str = "twin"
    test: Path | None = None
    taxonomy: Path | None = None
    out: Path | None = None
    base: str | None = None
    only: bool = False
    seed: int = 0
    test_share: float = TEST_SHARE
    folds: int = FOLDS
    precision: Precision = Precision()
    jobs: int = -1
    finetune: float | None = None
    """Seconds that fine-tuning the encoder may take; None leaves it out."""


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
