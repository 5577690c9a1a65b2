"""What a source gave: articles, what is wrong, and what was left out on purpose."""

from dataclasses import dataclass, field
from typing import NamedTuple

from triage.knowledge.faults import Fault, Placed


class Skip(NamedTuple):
    """Something that is no article by rule, where it stands and by which rule."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a source holds, each thing in one of three lists."""

    placed: list[Placed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
