"""The tasks and labels that a bundle answers, with the words that explain them."""

import operator
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from triage.errors import ConfigError
from triage.labeling.costs import EQUAL, Costs

Cost = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]


class LabelSpec(BaseModel):
    """What one label means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class CostSpec(BaseModel):
    """What the mistakes of a task cost, and what a person's labelling costs.

    Args:
        by_hand: Cost of a person's labelling; nothing dearer is automated.
        wrong: Cost of a mistake that neither of the others names.
        missed: True label to the cost of any other label given.
        when: True label to {label given: cost}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_hand: Cost | None = None
    wrong: Cost = EQUAL
    missed: dict[str, Cost] = {}
    when: dict[str, dict[str, Cost]] = {}

    @field_validator("when")
    @classmethod
    def _mistakes_only(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        right = [label for label, given in value.items() if label in given]
        if right:
            raise ValueError(f"{right[0]}.{right[0]}: a right label costs nothing; leave it out")
        return value

    @property
    def labels(self) -> tuple[str, ...]:
        """List the labels that it names."""
        given = (label for row in self.when.values() for label in row)
        return tuple(dict.fromkeys([*self.missed, *self.when, *given]))

    def subset(self, labels: Collection[str]) -> "CostSpec":
        """Return the costs among these labels."""
        missed = {label: cost for label, cost in self.missed.items() if label in labels}
        when = {
            label: {given: cost for given, cost in row.items() if given in labels}
            for label, row in self.when.items()
            if label in labels
        }
        return self.model_copy(update={"missed": missed, "when": when})


class TaskSpec(BaseModel):
    """One labelling question and its answers; ``ordinal`` labels stand from least to most.

    ``miss_cost`` says what it costs to miss a label where it is the true one; others cost one. It
    is short for ``costs`` with ``missed`` alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    ordinal: bool = False
    labels: dict[str, LabelSpec]
    # Left out where empty: bundles without costs keep the bytes and the fingerprint they had.
    miss_cost: dict[str, Cost] = Field(default={}, exclude_if=operator.not_)
    costs: CostSpec | None = Field(default=None, exclude_if=operator.not_)

    @field_validator("labels")
    @classmethod
    def _two_or_more(cls, value: dict[str, LabelSpec]) -> dict[str, LabelSpec]:
        if len(value) < 2:  # noqa: PLR2004 - a question with one answer is none
            raise ValueError("needs at least two labels")
        return value

    @field_validator("miss_cost")
    @classmethod
    def _of_labels(cls, value: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        labels = info.data.get("labels", value)  # labels that are wrong themselves are missing
        _known(value, labels)
        return value

    @field_validator("costs")
    @classmethod
    def _among_labels(cls, value: CostSpec | None, info: ValidationInfo) -> CostSpec | None:
        if value is not None:
            _known(value.labels, info.data.get("labels", value.labels))
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> "TaskSpec":
        if self.miss_cost and self.costs:
            raise ValueError("miss_cost and costs are both given; say it all in costs")
        return self

    def matrix(self) -> Costs:
        """Return the cost matrix, in the order of the labels."""
        spec = self.costs or CostSpec(missed=self.miss_cost)
        place = {label: column for column, label in enumerate(self.labels)}
        missed = np.asarray([spec.missed.get(label, spec.wrong) for label in place], np.float64)
        true = [label for label in place if spec.when.get(label)]
        given = [label for label in place if any(label in spec.when[row] for row in true)]
        extra = [
            [spec.when[row].get(label, missed[place[row]]) - missed[place[row]] for label in given]
            for row in true
        ]
        return Costs(
            missed,
            spec.by_hand,
            spec.wrong,
            np.asarray([place[label] for label in true], np.int64),
            np.asarray([place[label] for label in given], np.int64),
            np.asarray(extra, np.float64).reshape(len(true), len(given)),
        )


def _known(names: Iterable[str], labels: Collection[str]) -> None:
    strange = [label for label in names if label not in labels]
    if strange:
        raise ValueError(f"there is no label {strange[0]}; its labels are: {', '.join(labels)}")


class Taxonomy(BaseModel):
    """A versioned set of tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = "1"
    tasks: dict[str, TaskSpec] = Field(min_length=1)

    def labels(self, task: str) -> tuple[str, ...]:
        """List the labels of a task in their order."""
        return tuple(self.tasks[task].labels)

    def costs(self, task: str) -> Costs:
        """Return the cost matrix of a task, in the order of its labels."""
        return self.tasks[task].matrix()

    def all_costs(self) -> dict[str, Costs]:
        """Return the cost matrix of every task."""
        return {task: self.costs(task) for task in self.tasks}

    def subset(self, names: Mapping[str, tuple[str, ...]]) -> "Taxonomy":
        """Return a taxonomy of exactly these tasks and labels, keeping descriptions it has."""
        tasks: dict[str, TaskSpec] = {}
        for task, labels in names.items():
            known = self.tasks.get(task)
            if known is None:
                tasks[task] = TaskSpec(labels={label: LabelSpec() for label in labels})
                continue
            tasks[task] = TaskSpec(
                description=known.description,
                ordinal=known.ordinal,
                labels={label: known.labels.get(label, LabelSpec()) for label in labels},
                miss_cost={k: cost for k, cost in known.miss_cost.items() if k in labels},
                costs=known.costs.subset(labels) if known.costs else None,
            )
        return Taxonomy(version=self.version, tasks=tasks)


def load_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy from a TOML file.

    Raises:
        ConfigError: When the file is missing, is no TOML, or a task or label is malformed.
    """
    try:
        with path.open("rb") as stream:
            return Taxonomy.model_validate(tomllib.load(stream))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such taxonomy.", fix="Check the path.") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: not readable ({error.strerror}).", fix="Name a file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path.name}: {where}: {first['msg']}.",
            fix="See data/taxonomy.toml for the shape of a taxonomy.",
            field=where,
        ) from error
