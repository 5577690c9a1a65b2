"""What is asked of our own servers, and whether a run reached it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.serving.figures import Figures, Spread, Values, best, joined, ratio, spread
from tests.benchmarks.serving.run import CONNECTIONS
from tests.benchmarks.serving.servers import OURS

Found = Sequence[Spread | None]
ALL = " / ".join(map(str, CONNECTIONS)) + " connections"
BOTH = " / ".join(OURS)
MOST = 64
BARE = 1.3
KEPT = 1.2
"""Served requests keep their p99 where it grows by no more than noise makes it grow."""
NAMES = {"constant": "the constant route", "naive": "the naive service", "infinity": "infinity-emb"}


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on figures of a run, all of which must keep it.

    Args:
        title: What is measured.
        of: What the figures are, in their order.
        find: Reads the figures.
        bound: What is asked; None where there is an ambition alone.
        ambition: What is wished beyond it.
        least: Whether the bounds are lower ones.
        digits: Shown.
    """

    title: str
    of: str
    find: Callable[[Figures], Found]
    bound: float | None
    ambition: float | None = None
    least: bool = True
    digits: int = 2

    def verdict(self, found: Found) -> str:
        """Judge by the worst of the medians."""
        if any(one is None for one in found):
            return "not measured"
        middles = [one.middle for one in found if one]
        worst = min(middles) if self.least else max(middles)
        if self.ambition is not None and self._kept(worst, self.ambition):
            return "ambition reached"
        if self.bound is None:
            return "ambition missed"
        return "reached" if self._kept(worst, self.bound) else "**missed**"

    def _kept(self, value: float, bound: float) -> bool:
        return value >= bound if self.least else value <= bound


def targets() -> list[Target]:
    """List what is asked, in the order of the table."""
    one, many, start, memory = (
        *("1 connection", f"{BOTH}, {MOST} connections"),
        *("start to first answer over naive", "peak resident memory over naive"),
    )
    return [
        *_rates(),
        Target("p50 of tiny over the constant route's", one, _p50_tiny, 6, least=False),
        Target(
            f"p50 of twin over {BARE} bare ONNX Runtime calls and the constant route",
            *(one, _p50_twin, 1),
            least=False,
        ),
        Target("p99 over p50", many, _tail, 3, least=False),
        Target("lost or refused", many, _gone, 0, least=False, digits=0),
        Target("p99 of refusals at twice the capacity, ms", BOTH, _refusals, 50, least=False),
        Target(
            f"p99 of served ones at twice the capacity, over that at {MOST} connections",
            *(BOTH, _served, KEPT),
            least=False,
        ),
        Target(start, "tiny", _started("tiny"), 1 / 4, 1 / 10, least=False),
        Target(start, "twin", _started("twin"), 1 / 4, least=False),
        Target(memory, "tiny", _resident("tiny"), 1 / 3, 1 / 4, least=False),
        Target(memory, "twin", _resident("twin"), 1 / 3, least=False),
        Target("requests/s of two servers over one", BOTH, _two, 1.7),
    ]


def _rates() -> Iterator[Target]:
    asked: tuple[tuple[str, str, float | None, float], ...] = (
        ("tiny", "constant", 0.25, 0.35),
        ("tiny", "naive", 20, 30),
        ("tiny", "infinity", None, 25),
        ("twin", "naive", 6, 9),
        ("twin", "infinity", 3.5, 6),
    )
    for server, rival, bound, ambition in asked:
        title = f"requests per CPU-second, {server} over {NAMES[rival]}"
        digits = 2 if rival == "constant" else 1
        yield Target(title, ALL, _over(server, rival), bound, ambition, digits=digits)


def judged(figures: Figures) -> list[tuple[Target, Found, str]]:
    """Judge every target."""
    found = [(target, target.find(figures)) for target in targets()]
    return [(target, values, target.verdict(values)) for target, values in found]


def rate(figures: Figures, server: str, step: str) -> Values:
    """Return requests per CPU-second; of infinity-emb those of its better number format."""
    own = figures.values(server, step, "per_cpu_s")
    if server != "infinity":
        return own
    return best(own, figures.values("infinity-bf16", step, "per_cpu_s"))


def _over(server: str, rival: str) -> Callable[[Figures], Found]:
    return lambda figures: [
        ratio(rate(figures, server, step), rate(figures, rival, step))
        for step in (f"mix-{count}" for count in CONNECTIONS)
    ]


def _p50(figures: Figures, server: str) -> Values:
    return figures.values(server, "mix-1", "p50_ms")


def _p50_tiny(figures: Figures) -> Found:
    return [ratio(_p50(figures, "tiny"), _p50(figures, "constant"))]


def _p50_twin(figures: Figures) -> Found:
    allowed = joined(figures.values("bare", "call", "mix"), _p50(figures, "constant"), BARE)
    return [ratio(_p50(figures, "twin"), allowed)]


def _tail(figures: Figures) -> Found:
    step = f"mix-{MOST}"
    return [
        ratio(figures.values(name, step, "p99_ms"), figures.values(name, step, "p50_ms"))
        for name in OURS
    ]


def _gone(figures: Figures) -> Found:
    step = f"mix-{MOST}"
    return [
        spread(joined(figures.values(name, step, "lost"), figures.values(name, step, "refused"), 1))
        for name in OURS
    ]


def _refusals(figures: Figures) -> Found:
    return [figures.over(name, "flood", "refused_p99_ms") for name in OURS]


def _served(figures: Figures) -> Found:
    return [
        ratio(
            figures.values(name, "flood", "served_p99_ms"),
            figures.values(name, f"mix-{MOST}", "p99_ms"),
        )
        for name in OURS
    ]


def _started(server: str) -> Callable[[Figures], Found]:
    return lambda figures: [
        ratio(
            figures.values(server, "start", "start_s"), figures.values("naive", "start", "start_s")
        )
    ]


def _resident(server: str) -> Callable[[Figures], Found]:
    return lambda figures: [
        ratio(figures.most(server, "peak_mb"), figures.most("naive", "peak_mb"))
    ]


def _two(figures: Figures) -> Found:
    return [
        ratio(
            figures.values("pair", f"two-{name}", "per_s"),
            figures.values("pair", f"one-{name}", "per_s"),
        )
        for name in OURS
    ]
