"""The gate: rules that a bundle must keep before it may answer, and the figures they look at."""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage.bundle.manifest import METRICS, read_json
from triage.errors import ConfigError, CorruptBundleError

Rule = Literal["seal", "golden", "profile", "answers", "f1", "ece", "latency"]
WAIVABLE: tuple[Rule, ...] = ("answers", "f1", "ece", "latency")
"""Rules that a person may set aside with a reason; a bundle that is not whole never passes."""
POINTS = 100


class Gate(BaseModel):
    """Bounds of the rules; see the README for the file they are read from."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    max_f1_drop: float = Field(0.02, ge=0, le=1)
    min_support: int = Field(1, ge=1)
    max_ece: float = Field(0.10, ge=0, le=1)
    max_latency_ms: float = Field(50.0, gt=0)


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class LabelFigures(_Figures):
    """F1 of a label over ``support`` rows that have it."""

    f1: float
    support: float


class TaskFigures(_Figures):
    """What is known of one task in one profile."""

    ece: float
    per_label: dict[str, LabelFigures]


class Figures(_Figures):
    """What is known of a bundle: its recorded test metrics, or measured on a labelled file.

    ``profiles`` is profile to task to figures, ``latency_ms`` profile to the medians of encoding
    one message and of scoring it. ``test_fingerprint`` names the rows; figures of different rows
    are not comparable.
    """

    profiles: dict[str, dict[str, TaskFigures]]
    latency_ms: dict[str, dict[str, float]] = {}
    test_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is broken, and how."""

    rule: Rule
    text: str


@dataclass(frozen=True, slots=True)
class Sides:
    """Champion and challenger as the rules see them.

    Args:
        challenger: Figures of the bundle to promote.
        champion: Figures of the bundle that answers; None where nothing can be compared.
        labels: Task to the labels that the challenger answers.
        answered: Task to the labels that the champion answers.
        unchanged: Tasks whose head is the champion's own: their F1 cannot have moved.
    """

    challenger: Figures
    champion: Figures | None
    labels: Mapping[str, Collection[str]]
    answered: Mapping[str, Collection[str]]
    unchanged: Collection[str]


def load_gate(path: Path | None) -> Gate:
    """Read the bounds from the table ``[gate]`` of a TOML file; the usual ones without a file.

    Raises:
        ConfigError: When the file cannot be read, or holds what is no bound.
    """
    if path is None:
        return Gate()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Gate.model_validate(content.get("gate", {}))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}: gate.{name}: {first['msg']}.",
            fix=f"Known are: {', '.join(Gate.model_fields)}.",
            field="TRIAGE_GATE",
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: the gate cannot be read as TOML.",
            fix="Write a table [gate] with its bounds, or leave the file out.",
            field="TRIAGE_GATE",
        ) from error


def recorded(folder: Path) -> Figures:
    """Read the test metrics that a bundle recorded when it was made.

    Raises:
        CorruptBundleError: When they are missing or have another shape.
    """
    try:
        return Figures.model_validate(read_json(folder / METRICS))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise CorruptBundleError(
            f"{folder / METRICS}: {place} is not what it should be."
        ) from error


def judge(gate: Gate, sides: Sides) -> list[Breach]:
    """List all rules that the figures break."""
    rules: tuple[Callable[[Gate, Sides], Iterator[Breach]], ...] = (_answers, _f1, _ece, _latency)
    return [breach for rule in rules for breach in rule(gate, sides)]


def _answers(_gate: Gate, sides: Sides) -> Iterator[Breach]:
    """Whoever built on a task or label of the champion must go on getting it."""
    for task, labels in sides.answered.items():
        if task not in sides.labels:
            told = f"task {task} is no longer answered (fit over the champion's encoders keeps it)"
            yield Breach("answers", told)
            continue
        lost = [label for label in labels if label not in sides.labels[task]]
        if lost:
            yield Breach("answers", f"task {task} loses the labels {', '.join(lost)}")


def _f1(gate: Gate, sides: Sides) -> Iterator[Breach]:
    shared = [
        task for task in sides.answered if task in sides.labels and task not in sides.unchanged
    ]
    old, new = sides.champion, sides.challenger
    for profile, task in ((p, t) for p in new.profiles for t in shared):
        before = old.profiles.get(profile, {}).get(task) if old else None
        after = new.profiles[profile].get(task)
        if old and profile not in old.profiles:
            continue
        if before is None or after is None or not _same_rows(old, new):
            yield Breach(
                "f1",
                f"task {task} ({profile}): champion and challenger were not measured on the same "
                "rows; give triage-train promote a labelled file that neither was trained on",
            )
            continue
        for label, was in before.per_label.items():
            now = after.per_label.get(label)
            if now is None or max(was.support, now.support) < gate.min_support:
                continue
            if was.f1 - now.f1 > gate.max_f1_drop:
                yield Breach(
                    "f1",
                    f"{task}={label} ({profile}): F1 falls by {(was.f1 - now.f1) * POINTS:.1f} "
                    f"points, {was.f1:.3f} to {now.f1:.3f}, over {now.support:.0f} rows; "
                    f"{gate.max_f1_drop * POINTS:g} are allowed",
                )


def _same_rows(old: Figures | None, new: Figures) -> bool:
    return old is not None and new.test_fingerprint in {old.test_fingerprint} - {None}


def _ece(gate: Gate, sides: Sides) -> Iterator[Breach]:
    for profile, tasks in sides.challenger.profiles.items():
        for task, figures in tasks.items():
            if not figures.ece <= gate.max_ece:
                yield Breach(
                    "ece",
                    f"task {task} ({profile}): ECE {figures.ece:.3f}; {gate.max_ece:g} is allowed",
                )


def _latency(gate: Gate, sides: Sides) -> Iterator[Breach]:
    for profile in sides.challenger.profiles:
        taken = sum(sides.challenger.latency_ms.get(profile, {"unknown": float("inf")}).values())
        if not taken <= gate.max_latency_ms:
            shown = "was not measured" if taken == float("inf") else f"is {taken:.1f} ms a message"
            yield Breach(
                "latency", f"latency ({profile}) {shown}; {gate.max_latency_ms:g} ms are allowed"
            )
