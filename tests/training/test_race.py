"""A race keeps the winner, spares the others, and says why each of them left."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from training.budget import Budget
from training.candidates import Candidate
from training.race import ENOUGH, Pair, Race

PLAIN, WORDS, LOUD, WEAK = (Candidate(n, 10.0) for n in (0, 1, 4, 2))
FOLDS = [0, 1, 2, 3, 4]


@dataclass
class Table:
    """A ground whose qualities are known; a clock ticks with every fit."""

    known: dict[Candidate, float]
    error: float = 0.01
    at_once: int = 2
    rows: int = 100
    ran: set[Pair] = field(default_factory=set)
    forgotten: list[Candidate] = field(default_factory=list)

    def run(self, pairs: Sequence[Pair]) -> None:
        """Remember what ran."""
        self.ran.update(pairs)

    def forget(self, candidate: Candidate) -> None:
        """Remember what was let go of."""
        self.forgotten.append(candidate)

    def held(self, folds: Sequence[int]) -> int:
        """Every fold holds as many rows."""
        return self.rows * len(folds)

    def quality(self, candidate: Candidate, folds: Sequence[int]) -> float:
        """Look the quality up; every fold asked for was run."""
        assert {(candidate, fold) for fold in folds} <= self.ran
        return self.known[candidate]

    def noise(self, leader: Candidate, other: Candidate, folds: Sequence[int]) -> float:
        """Return the same error for every two."""
        assert self.known[leader] >= self.known[other]
        assert folds
        return self.error


def race(ground: Table, budget: Budget | None = None) -> Race:
    """Set up a race whose lines nobody reads."""
    return Race(ground, FOLDS, budget or Budget(), lambda _: None)


def after(fits: int, ground: Table) -> Budget:
    """Build a budget that is over once so many fits were made."""
    return Budget(fits, lambda: len(ground.ran))


def test_candidate_that_surely_trails_leaves_after_one_fold() -> None:
    """A gap beyond the noise ends it; the reason names the leader and the gap."""
    ground = Table({WORDS: 0.9, PLAIN: 0.89, LOUD: 0.5})
    run = race(ground)

    assert run.run([WORDS, PLAIN, LOUD]) == WORDS

    assert {fold for candidate, fold in ground.ran if candidate == LOUD} == {0}
    assert run.dropped == {
        LOUD: "trails dense + lexical x 1, C=10 by 0.400 after 1 fold: more than 2 standard errors"
    }
    assert ground.forgotten == [LOUD]
    assert {fold for candidate, fold in ground.ran if candidate == PLAIN} == set(FOLDS)


def test_field_is_halved_while_noise_explains_the_gaps() -> None:
    """Half of a large field goes on, however noisy the fold."""
    ground = Table({WORDS: 0.9, PLAIN: 0.89, WEAK: 0.88, LOUD: 0.87}, error=1.0)
    run = race(ground)

    assert run.run([LOUD, WEAK, PLAIN, WORDS]) == WORDS

    assert set(run.dropped) == {WEAK, LOUD}
    assert all("not in the better half" in reason for reason in run.dropped.values())


def test_ties_all_stay_and_the_simplest_wins() -> None:
    """What is equally good is never dropped, and simplicity decides."""
    ground = Table({WORDS: 0.9, PLAIN: 0.899, LOUD: 0.9, WEAK: 0.9}, error=0.0)
    run = race(ground)

    assert run.run([LOUD, WEAK, WORDS, PLAIN]) == PLAIN

    assert not run.dropped
    assert not run.cut


def test_race_ends_with_the_round_that_held_rows_enough() -> None:
    """Where folds are large, fewer of them decide; the winner still gets the others in the end."""
    two = Table({WORDS: 0.9, PLAIN: 0.89}, rows=ENOUGH // 2)
    one = Table({WORDS: 0.9, PLAIN: 0.89}, rows=ENOUGH)
    both = race(two), race(one)

    assert [run.run([PLAIN, WORDS]) for run in both] == [WORDS, WORDS]
    assert {fold for _, fold in two.ran} == {0, 1}
    assert {fold for _, fold in one.ran} == {0}

    both[0].finish(WORDS)

    assert {fold for candidate, fold in two.ran if candidate == WORDS} == set(FOLDS)


def test_budget_that_is_over_at_once_takes_the_most_promising() -> None:
    """Something is always taken, and all that was not tried is named."""
    ground = Table({WORDS: 0.9, PLAIN: 0.8})
    run = race(ground, after(0, ground))

    assert run.run([WORDS, PLAIN]) == WORDS

    assert run.cut
    assert run.untried == [WORDS, PLAIN]
    assert not ground.ran


def test_budget_that_ends_the_first_round_compares_what_ran() -> None:
    """Candidates that had no turn are named as untried; the best of the others is taken."""
    ground = Table({WORDS: 0.8, PLAIN: 0.9, LOUD: 1.0})
    run = race(ground, after(2, ground))

    assert run.run([WORDS, PLAIN, LOUD]) == PLAIN

    assert run.untried == [LOUD]
    assert run.cut


def test_budget_that_ends_a_later_round_falls_back_to_whole_ones() -> None:
    """Candidates are only compared on folds that all of them saw."""
    ground = Table({WORDS: 0.9, PLAIN: 0.89, LOUD: 0.88}, at_once=1)
    run = race(ground, after(4, ground))

    assert run.run([WORDS, PLAIN, LOUD]) == WORDS

    assert run.cut
    assert not run.untried


def test_winner_gets_the_folds_it_was_spared() -> None:
    """A lone winner still needs scores on every fold."""
    ground = Table({WORDS: 0.9, PLAIN: 0.1})
    run = race(ground)
    run.finish(run.run([WORDS, PLAIN]))

    assert {fold for candidate, fold in ground.ran if candidate == WORDS} == set(FOLDS)
    assert len(ground.ran) == 6


def test_challenge_that_the_budget_ends_changes_nothing() -> None:
    """A winner over all folds does not give way to what was seen on one."""
    ground = Table({PLAIN: 0.8, WORDS: 0.9, LOUD: 0.95})
    run = race(ground, after(6, ground))
    winner = run.run([PLAIN])
    run.finish(winner)

    assert run.challenge(winner, [WORDS, LOUD]) == PLAIN

    assert run.cut
    assert run.untried == [LOUD]
    assert PLAIN not in run.dropped


def test_table_keeps_the_value_over_the_most_folds() -> None:
    """A second race does not replace what all folds said by what one says."""
    ground = Table({PLAIN: 0.8, WORDS: 0.9}, error=0.0)
    run = race(ground)
    winner = run.run([PLAIN])
    run.finish(winner)
    ground.known[PLAIN] = 0.7

    assert run.challenge(winner, [WORDS]) == WORDS

    assert run.table == {PLAIN: 0.8, WORDS: 0.9}


def test_machine_does_not_decide_the_winner() -> None:
    """However many run at once, the same candidates see the same folds."""
    grounds = [Table({WORDS: 0.9, PLAIN: 0.89, LOUD: 0.7}, at_once=n) for n in (1, 3, 64)]

    winners = [race(ground).run([LOUD, PLAIN, WORDS]) for ground in grounds]

    assert len(set(winners)) == 1
    assert grounds[0].ran == grounds[1].ran == grounds[2].ran
