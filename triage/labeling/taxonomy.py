"""The tasks and labels that a bundle answers, with the words that explain them."""

import operator
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
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

MOST_STEPS = 100
"""Labels of an order whose pairs are priced one by one."""
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
        per_step: Cost of a mistake for each step between the true label and the one given, where
            labels have an order; ``when`` still overrules it for the pairs it names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_hand: Cost | None = None
    wrong: Cost = EQUAL
    missed: dict[str, Cost] = {}
    when: dict[str, dict[str, Cost]] = {}
    # A task turns it into ``when``: bundles never hold it, so that every reader of them decides so.
    per_step: Cost | None = Field(default=None, exclude_if=operator.not_)

    @field_validator("when")
    @classmethod
    def _mistakes_only(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        right = [label for label, given in value.items() if label in given]
        if right:
            raise ValueError(f"{right[0]}.{right[0]}: a right label costs nothing; leave it out")
        return value

    @model_validator(mode="after")
    def _one_price(self) -> "CostSpec":
        if self.per_step and (self.missed or "wrong" in self.model_fields_set):
            raise ValueError("per_step prices every mistake; leave out wrong and missed")
        return self

    def spelt_out(self, labels: Sequence[str]) -> "CostSpec":
        """Return the costs with every pair of the ordered labels named, where steps are priced."""
        if self.per_step is None:
            return self
        steps = {
            true: {given: self.per_step * abs(i - j) for j, given in enumerate(labels) if i != j}
            for i, true in enumerate(labels)
        }
        when = {true: {**row, **self.when.get(true, {})} for true, row in steps.items()}
        return CostSpec(by_hand=self.by_hand, wrong=self.per_step, when=when)

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
        if value is None or "labels" not in info.data:
            return value
        _known(value.labels, info.data["labels"])
        return priced(value, tuple(info.data["labels"]), ordinal=info.data.get("ordinal", False))

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


def priced(costs: CostSpec, labels: Sequence[str], *, ordinal: bool) -> CostSpec:
    """Return the costs as a task of these labels holds them.

    Raises:
        ValueError: When steps are priced and the labels have no order, or too many for all pairs.
    """
    if costs.per_step is None:
        return costs
    if not ordinal:
        raise ValueError("per_step needs labels that have an order: ordinal = true")
    if len(labels) > MOST_STEPS:
        raise ValueError(f"per_step takes at most {MOST_STEPS} labels, not {len(labels)}")
    return costs.spelt_out(labels)


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
