"""How long the steps of a run take: on the clock, and of the processor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time

Seconds = dict[str, float]


@dataclass(slots=True)
class Stopwatch:
    """Adds up the seconds of named steps.

    Processor time is that of all threads of this process: it stays what it is where others use
    the machine too.

    Attributes:
        wall: Step to seconds on the clock.
        busy: Step to seconds of the processor.
    """

    wall: Seconds = field(default_factory=dict)
    busy: Seconds = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done inside, and add it to what the step took before."""
        begun, worked = perf_counter(), process_time()
        try:
            yield
        finally:
            _add(self.wall, name, perf_counter() - begun)
            _add(self.busy, name, process_time() - worked)

    def also(self, other: "Stopwatch") -> None:
        """Add what another one measured."""
        for mine, others in ((self.wall, other.wall), (self.busy, other.busy)):
            for name, seconds in others.items():
                _add(mine, name, seconds)

    def told(self) -> dict[str, Seconds]:
        """Return both kinds of seconds with their totals, as ``metrics.json`` keeps them."""
        return {
            "seconds": {**self.wall, "total": sum(self.wall.values())},
            "cpu_seconds": {**self.busy, "total": sum(self.busy.values())},
        }


def _add(seconds: Seconds, name: str, more: float) -> None:
    seconds[name] = seconds.get(name, 0.0) + more
