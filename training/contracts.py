"""Precision contracts and costs that somebody wrote down for a run: the file of ``--config``."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.config import AUTOMATE_PRECISION, SUGGEST_PRECISION, FitConfig, Precision
from triage.errors import ConfigError
from triage.labeling.taxonomy import CostSpec, TaskSpec, Taxonomy, priced

Share = Annotated[float, Field(gt=0, lt=1, strict=True)]
ALLOWED = {
    "precision": "A precision is a number between 0 and 1. [precision] takes suggest, automate and "
    "a table a task; [precision.TASK] takes suggest, automate, labels and languages.",
    "costs": "A cost is a finite number above 0. [costs.TASK] takes by_hand, wrong, missed "
    "(LABEL = COST), when (TRUE.GIVEN = COST), and per_step where labels have an order.",
}


class _Task(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    suggest: Share | None = None
    automate: Share | None = None
    labels: dict[str, Share] = {}
    languages: dict[str, Share] = {}


class _Precision(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, _Task] = Field(init=False)

    suggest: Share = SUGGEST_PRECISION
    automate: Share = AUTOMATE_PRECISION


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: _Precision = _Precision()
    costs: dict[str, CostSpec] = {}


def load_contracts(path: Path) -> tuple[Precision, Mapping[str, CostSpec]]:
    """Read the precision that decisions must keep, and the costs of mistakes by task.

    What stands under ``[precision]`` itself are defaults, kept where the rows can; what stands
    under a task is a contract, and a run that cannot keep it fails.

    Raises:
        ConfigError: When the file is missing, is no TOML, or a part of it is malformed.
    """
    try:
        with path.open("rb") as stream:
            content = _File.model_validate(tomllib.load(stream))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file.", fix="Check the path.") from error
    except OSError as error:
        raise ConfigError(f"{path}: not readable ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}.") from error
    except ValidationError as error:
        raise _told(path, error) from error
    return _precision(content.precision), content.costs


def _told(path: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    section = str(first["loc"][0]) if first["loc"] else ""
    where = ".".join(map(str, first["loc"]))
    return ConfigError(
        f"{path.name}: {where}: {first['msg']}.",
        fix=ALLOWED.get(section, f"The sections are: {', '.join(ALLOWED)}."),
        field=where,
    )


def _precision(part: _Precision) -> Precision:
    tasks = part.__pydantic_extra__
    return Precision(
        suggest=part.suggest,
        automate=part.automate,
        suggest_of={task: own.suggest for task, own in tasks.items() if own.suggest is not None},
        automate_of={task: own.automate for task, own in tasks.items() if own.automate is not None},
        labels={task: own.labels for task, own in tasks.items() if own.labels},
        languages={task: own.languages for task, own in tasks.items() if own.languages},
    )


def agreed(config: FitConfig, taxonomy: Taxonomy) -> Taxonomy:
    """Return the taxonomy with the costs of a run, after checking what its contracts name.

    Costs of the run take the place of those that the taxonomy has for the same task.

    Raises:
        ConfigError: When a contract or a cost names a task or a label that there is not.
    """
    for task in config.precision.tasks:
        _check("precision", task, config.precision.labels.get(task, {}), taxonomy)
    for task, spec in config.costs.items():
        _check("costs", task, dict.fromkeys(spec.labels), taxonomy)
    tasks = {
        task: _costly(task, known, config.costs[task]) if task in config.costs else known
        for task, known in taxonomy.tasks.items()
    }
    return taxonomy.model_copy(update={"tasks": tasks})


def _costly(task: str, known: TaskSpec, costs: CostSpec) -> TaskSpec:
    try:
        spelt = priced(costs, tuple(known.labels), ordinal=known.ordinal)
    except ValueError as error:
        raise ConfigError(
            f"costs.{task}: {error}.",
            fix=f"Give the order, from least to most, with --ordinal {task}=LABEL,LABEL.",
            field=f"costs.{task}.per_step",
        ) from error
    return known.model_copy(update={"costs": spelt, "miss_cost": {}})


def _check(section: str, task: str, labels: Mapping[str, object], taxonomy: Taxonomy) -> None:
    where = f"{section}.{task}"
    if task not in taxonomy.tasks:
        raise ConfigError(
            f"{where}: this run has no task {task}.",
            fix=f"Its tasks are: {', '.join(taxonomy.tasks)}.",
            field=where,
        )
    known = taxonomy.tasks[task].labels
    strange = [label for label in labels if label not in known]
    if strange:
        raise ConfigError(
            f"{where}: task {task} has no label {strange[0]}.",
            fix=f"Its labels are: {', '.join(known)}.",
            field=where,
        )
