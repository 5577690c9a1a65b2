"""The tasks and labels that a bundle answers, with the words that explain them."""

import operator
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from triage.errors import ConfigError

Costs: TypeAlias = NDArray[np.float64]
"""What missing each label of a task costs, in the order of the labels, shape ``(labels,)``."""
EQUAL = 1.0
"""Cost of missing a label that ``miss_cost`` does not name."""


class LabelSpec(BaseModel):
    """What one label means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class TaskSpec(BaseModel):
    """One labelling question and its answers; ``ordinal`` labels stand from least to most.

    ``miss_cost`` says what it costs to miss a label where it is the true one; others cost one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    ordinal: bool = False
    labels: dict[str, LabelSpec]
    # Left out where empty: bundles without costs keep the bytes and the fingerprint they had.
    miss_cost: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]] = Field(
        default={}, exclude_if=operator.not_
    )

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
        strange = [label for label in value if label not in labels]
        if strange:
            raise ValueError(f"there is no label {strange[0]}; its labels are: {', '.join(labels)}")
        return value


class Taxonomy(BaseModel):
    """A versioned set of tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = "1"
    tasks: dict[str, TaskSpec] = Field(min_length=1)

    def labels(self, task: str) -> tuple[str, ...]:
        """List the labels of a task in their order."""
        return tuple(self.tasks[task].labels)

    def costs(self, task: str) -> Costs:
        """Return what missing each label of a task costs, shape ``(labels,)``."""
        spec = self.tasks[task]
        return np.asarray([spec.miss_cost.get(label, EQUAL) for label in spec.labels], np.float64)

    def all_costs(self) -> dict[str, Costs]:
        """Return the costs of every task."""
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
