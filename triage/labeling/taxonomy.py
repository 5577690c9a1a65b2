"""The tasks and labels that a bundle answers, with the words that explain them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from triage.errors import ConfigError


class LabelSpec(BaseModel):
    """What one label means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class TaskSpec(BaseModel):
    """One labelling question and its answers; ``ordinal`` labels stand from least to most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    ordinal: bool = False
    labels: dict[str, LabelSpec]

    @field_validator("labels")
    @classmethod
    def _two_or_more(cls, value: dict[str, LabelSpec]) -> dict[str, LabelSpec]:
        if len(value) < 2:  # noqa: PLR2004 - a question with one answer is none
            raise ValueError("needs at least two labels")
        return value


class Taxonomy(BaseModel):
    """A versioned set of tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = "1"
    tasks: dict[str, TaskSpec] = Field(min_length=1)

    def labels(self, task: str) -> tuple[str, ...]:
        """List the labels of a task in their order."""
        return tuple(self.tasks[task].labels)

    def subset(self, names: Mapping[str, tuple[str, ...]]) -> "Taxonomy":
        """Return a taxonomy of exactly these tasks and labels, keeping descriptions it has."""
        tasks: dict[str, TaskSpec] = {}
        for task, labels in names.items():
            known = self.tasks.get(task)
            specs = {
                label: known.labels.get(label, LabelSpec()) if known else LabelSpec()
                for label in labels
            }
            tasks[task] = TaskSpec(
                description=known.description if known else "",
                ordinal=known.ordinal if known else False,
                labels=specs,
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
