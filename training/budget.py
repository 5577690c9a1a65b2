"""How long a search may take."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from triage.errors import InputError

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_PART = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)")
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Budget:
    """A moment after which no further candidate is begun.

    Args:
        until: Reading of the clock; infinite where time does not matter.
        clock: Seconds since some moment.
    """

    until: float = math.inf
    clock: Clock = monotonic

    @property
    def over(self) -> bool:
        """Tell whether the time has passed."""
        return self.until < math.inf and self.clock() >= self.until

    @property
    def left(self) -> float | None:
        """Return the seconds that are left; None where time does not matter."""
        return None if self.until == math.inf else max(0.0, self.until - self.clock())

    def share(self, parts: int) -> "Budget":
        """Return the budget of the next of so many parts: an equal share of what is left."""
        if self.until == math.inf:
            return self
        now = self.clock()
        return Budget(now + max(0.0, self.until - now) / parts, self.clock)


def starting_now(seconds: float | None, clock: Clock = monotonic) -> Budget:
    """Start the clock of a budget; None is without end."""
    return Budget(math.inf if seconds is None else clock() + seconds, clock)


def parse_budget(text: str) -> float:
    """Read a length of time: ``90``, ``90s``, ``10m``, ``1.5h`` or ``1h30m``; return seconds.

    Raises:
        InputError: When it is none, or not above zero.
    """
    cleaned = text.strip().lower()
    cleaned += "s" if re.fullmatch(r"\d+(\.\d+)?", cleaned) else ""
    parts = _PART.findall(cleaned)
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != cleaned or not 0 < seconds < math.inf:
        raise InputError(
            f"--budget {text}: no length of time above zero.",
            fix="For example: --budget 10m, 90s or 1h30m",
            field="--budget",
        )
    return seconds
