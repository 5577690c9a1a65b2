"""What we ask of our own systems, and whether the run reached it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.benchmarks.quality.figures import LARGE, LARGE_BOUND, Figures

BASELINE = "minilm_lr"
Key = tuple[str, bool]
"""A set, and whether there are few examples a label."""
Measured = Mapping[Key, Mapping[str, Figures]]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach, or a margin over the baseline of the same run that is worth as much.

    Args:
        key: Set and size.
        system: One of ours.
        figure: ``accuracy`` or ``auroc``, the latter of the largest score before probabilities.
        reach: Least figure.
        orientation: What the baseline had on the official split, which the figure was set by.
    """

    key: Key
    system: str
    figure: str
    reach: float
    orientation: float

    @property
    def margin(self) -> float:
        """Return the least margin over the baseline."""
        return round(self.reach - self.orientation, 4)


TARGETS = (
    Target(("banking77", False), "static", "accuracy", 0.925, 0.930),
    Target(("banking77", False), "minilm", "accuracy", 0.940, 0.930),
    Target(("banking77", False), "packaged", "accuracy", 0.940, 0.930),
    Target(("banking77", False), "finetuned", "accuracy", 0.945, 0.930),
    Target(("banking77", True), "minilm", "accuracy", 0.860, 0.851),
    Target(("banking77", True), "packaged", "accuracy", 0.860, 0.851),
    Target(("banking77", True), "finetuned", "accuracy", 0.880, 0.851),
    Target(("clinc150", False), "minilm", "accuracy", 0.965, 0.955),
    Target(("clinc150", False), "minilm", "auroc", 0.980, 0.972),
    Target(("clinc150", False), "packaged", "accuracy", 0.965, 0.955),
    Target(("clinc150", False), "packaged", "auroc", 0.980, 0.972),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target came to; ``reached`` is None where something was not measured."""

    target: Target
    value: float | None = None
    over: float | None = None

    @property
    def reached(self) -> str:
        """Say which of the two readings holds."""
        absolute = self.value is not None and self.value >= self.target.reach
        relative = self.over is not None and round(self.over, 4) >= self.target.margin
        if self.value is None:
            return "not measured"
        if absolute and relative:
            return "reached, both ways"
        if absolute or relative:
            return "reached, figure" if absolute else "reached, margin"
        return "**missed**"


def verdicts(measured: Measured) -> Iterator[Verdict]:
    """Judge every target."""
    for target in TARGETS:
        systems = measured.get(target.key, {})
        value = _value(systems.get(target.system), target.figure)
        base = _value(systems.get(BASELINE), target.figure)
        yield Verdict(target, value, value - base if value is not None and base else None)


def calibrated(figures: Figures, rows: int) -> str:
    """Say whether the calibration error is within its bound: a fixed one, or that of chance."""
    if figures.ece is None or figures.chance is None:
        return ""
    bound = LARGE_BOUND if rows >= LARGE else figures.chance
    return "reached" if figures.ece <= bound else "**missed**"


def _value(figures: Figures | None, name: str) -> float | None:
    if figures is None:
        return None
    return figures.accuracy if name == "accuracy" else figures.auroc.get("logit")
