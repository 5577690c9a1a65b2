"""A race of candidates over folds: those that cannot win leave, and the reason is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from training.budget import Budget
from training.candidates import Candidate

TIE = 0.003
"""Gain in macro-F1 below which the simpler candidate is taken."""
SURELY = 2.0
"""A candidate that trails by more than so many standard errors leaves."""
FINALISTS = 2
"""So many candidates are never halved away."""
ENOUGH = 3_000
"""Held rows after which a race is decided. Three candidates that were left after two folds of
banking77 (3,200 rows) ended within 0.001 of one another after five, for nine more fits."""
Pair = tuple[Candidate, int]
"""A candidate and the number of a fold."""
Tell = Callable[[str], None]


class Ground(Protocol):
    """Where candidates run."""

    @property
    def at_once(self) -> int:
        """Number of pairs that run side by side."""

    def run(self, pairs: Sequence[Pair]) -> None:
        """Fit candidates without a fold and score it; what was run before is kept."""

    def forget(self, candidate: Candidate) -> None:
        """Let go of what only a winner needs."""

    def held(self, folds: Sequence[int]) -> int:
        """Count the rows that folds compare candidates on."""

    def quality(self, candidate: Candidate, folds: Sequence[int]) -> float:
        """Return the macro-F1 of a candidate over folds that it was run on."""

    def noise(self, leader: Candidate, other: Candidate, folds: Sequence[int]) -> float:
        """Return the standard error of the difference of two candidates over the same folds."""


@dataclass(slots=True)
class Race:
    """One race, or several after one another, and what came of them.

    Args:
        ground: Where candidates run.
        folds: Numbers of the folds.
        budget: No pair is begun once it is over.
        tell: Takes one line a round.

    Attributes:
        table: Candidate to its macro-F1 on the folds it was compared on.
        dropped: Candidate to the reason it left.
        untried: Candidates that the budget left no time for.
        cut: Whether the budget ended a race.
    """

    ground: Ground
    folds: Sequence[int]
    budget: Budget
    tell: Tell
    table: dict[Candidate, float] = field(default_factory=dict)
    dropped: dict[Candidate, str] = field(default_factory=dict)
    untried: list[Candidate] = field(default_factory=list)
    cut: bool = False
    _folds: dict[Candidate, int] = field(default_factory=dict)

    def run(self, entrants: Sequence[Candidate]) -> Candidate:
        """Race candidates, the most promising first, and return the best.

        One fold, one more, then the rest unless those held rows enough: the rounds do not depend
        on the machine, so that every machine finds the same winner. Where the budget ends a round,
        the last whole one decides; in the first, those that ran.
        """
        alive = list(entrants)
        seen: list[int] = []
        for group in (self.folds[:1], self.folds[1:2], self.folds[2:]):
            decided = seen and (len(alive) == 1 or self.ground.held(seen) >= ENOUGH)
            if not group or decided:
                break
            ran = self._round(alive, group)
            if len(ran) < len(alive):
                if seen:
                    break
                self.untried += [one for one in alive[len(ran) :] if one not in self.table]
                alive = ran or alive[:1]
            seen = [*seen, *group] if ran else seen
            if self.cut:
                break
            alive = self._thin(alive, seen)
        return self._best(alive, seen)

    def challenge(self, winner: Candidate, others: Sequence[Candidate]) -> Candidate:
        """Race a winner against others; it stays where the budget ends the race."""
        better = self.run([winner, *others])
        if self.cut:
            self.dropped.pop(winner, None)
            return winner
        return better

    def finish(self, candidate: Candidate) -> None:
        """Run the folds that a winner was spared, whatever the budget says."""
        self.ground.run([(candidate, fold) for fold in self.folds])
        self._look([candidate], self.folds)

    def _round(self, alive: Sequence[Candidate], group: Sequence[int]) -> list[Candidate]:
        """Run candidates on folds; return those that ran on all of them."""
        width = max(1, self.ground.at_once // len(group))
        ran: list[Candidate] = []
        for start in range(0, len(alive), width):
            if self.budget.over:
                self.cut = True
                break
            some = alive[start : start + width]
            self.ground.run([(candidate, fold) for candidate in some for fold in group])
            ran += some
        return ran

    def _thin(self, alive: Sequence[Candidate], seen: Sequence[int]) -> list[Candidate]:
        """Drop the candidates that cannot win any more."""
        found = self._look(alive, seen)
        ranked = sorted(alive, key=lambda candidate: -found[candidate])
        leader, half = ranked[0], max(FINALISTS, (len(alive) + 1) // 2)
        kept = [leader]
        for place, candidate in enumerate(ranked[1:], start=1):
            gap = found[leader] - found[candidate]
            noise = self.ground.noise(leader, candidate, seen)
            sure = gap > SURELY * noise
            if gap > TIE and (sure or place >= half):
                why = f"more than {SURELY:g} standard errors" if sure else "not in the better half"
                trails = f"trails {leader.describe()} by {gap:.3f} after {_folds(seen)}: {why}"
                self.dropped[candidate] = trails
                self.ground.forget(candidate)
            else:
                kept.append(candidate)
        self.tell(
            f"  {_folds(seen)}: {len(kept)} of {len(alive)} candidates left, best "
            f"{leader.describe()} with macro-F1 {found[leader]:.3f}"
        )
        return [candidate for candidate in alive if candidate in kept]

    def _look(self, some: Sequence[Candidate], seen: Sequence[int]) -> dict[Candidate, float]:
        """Measure candidates on folds; the table keeps the value over the most of them."""
        found = {candidate: self.ground.quality(candidate, seen) for candidate in some}
        for candidate, value in found.items():
            if len(seen) >= self._folds.get(candidate, 0):
                self.table[candidate], self._folds[candidate] = value, len(seen)
        return found

    def _best(self, alive: Sequence[Candidate], seen: Sequence[int]) -> Candidate:
        if not seen:
            return alive[0]
        found = self._look(alive, seen)
        best = max(found.values())
        return min(candidate for candidate, value in found.items() if value >= best - TIE)


def _folds(seen: Sequence[int]) -> str:
    return "1 fold" if len(seen) == 1 else f"{len(seen)} folds"
