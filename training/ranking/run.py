"""From feedback to a ranker and the verdict on it."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from training.ranking.cases import Cases, find_cases, split_by_time
from training.ranking.learning import contrary_agents, fit_ranker, history_of
from training.ranking.measuring import Change, Gate, breaches, by_history, compare, measure
from triage.errors import ConfigError
from triage.storage.uses import Uses
from triage.suggest.calibrator import RetrievalCalibrator
from triage.suggest.history import History, Ranker
from triage.suggest.index import PassageIndex
from triage.suggest.verdicts import Handled

TEST_SHARE = 0.3
MOST_ROWS = 50_000
"""Rows of feedback read: ten for each message that is looked at."""
ALL_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """A ranker with what it was measured to change.

    Args:
        ranker: Fitted on the earlier feedback.
        history: What it remembered at the end of that.
        change: Over the later feedback, from what answers now.
        beside_search: The same from search alone, where another ranker answers now.
        refused: Every rule it breaks; empty where it may be put in use.
        rows: Cases it was fitted and measured on, and agents left out of both.
        days: First and last day of them.
        fingerprint: SHA-256 of them.
    """

    ranker: Ranker
    history: History
    change: Change
    beside_search: Change
    refused: Sequence[str]
    rows: dict[str, int]
    days: tuple[str, str]
    fingerprint: str

    def told(self) -> dict[str, object]:
        """Return all of it that a file may hold: figures, no text and no name."""
        return {
            "change": asdict(self.change),
            "beside_search": asdict(self.beside_search),
            "refused": list(self.refused),
            "rows": self.rows,
            "days": list(self.days),
            "data_fingerprint": self.fingerprint,
        }


def learn(
    cases: Cases,
    encoders: str,
    threshold: float,
    champion: Ranker | None = None,
    gate: Gate | None = None,
    test_share: float = TEST_SHARE,
) -> Learnt:
    """Fit a ranker on the earlier cases and compare it on the later ones with what answers now.

    What is remembered ends where the later cases begin: they meet nothing of their own time.

    Args:
        cases: In the order of time.
        encoders: Fingerprint of the embedder that made their vectors.
        threshold: Confidence below which nothing is suggested.
        champion: The ranker that answers now; search alone where None, or of other encoders.
        gate: What must be kept; the usual where None.
        test_share: Share of the cases, the latest, to measure on.

    Raises:
        ConfigError: When there is too little to fit on.
    """
    earlier, later = split_by_time(cases, test_share)
    if not len(earlier) or not len(later):
        raise ConfigError(
            f"{len(cases)} messages with judged suggestions are too few to learn from.",
            fix="Send feedback with what agents use and reject, and try again in some weeks.",
        )
    agents = contrary_agents(earlier, encoders)
    earlier, later = earlier.without(agents), later.without(agents)
    ranker = fit_ranker(earlier, encoders)
    history = history_of(earlier, ranker)
    search = measure(later, by_history(None), threshold)
    after = measure(later, by_history(history), threshold)
    beside_search = change = compare(later, search, after)
    if champion and champion.encoders == encoders:
        then = by_history(history_of(earlier, champion))
        change = compare(later, measure(later, then, threshold), after)
    first, last = cases.items[0].handled.at, cases.items[-1].handled.at
    return Learnt(
        ranker=ranker,
        history=history,
        change=change,
        beside_search=beside_search,
        refused=breaches(gate or Gate(), change),
        rows={"train": len(earlier), "test": len(later), "agents_left_out": len(agents)},
        days=(first.date().isoformat(), last.date().isoformat()),
        fingerprint=fingerprint_of([case.handled for case in cases.items]),
    )


def read_cases(
    uses: Uses,
    index: PassageIndex,
    calibrator: RetrievalCalibrator,
    advance: Callable[[int], None] = lambda _: None,
) -> Cases:
    """Read the feedback of a store and search today's articles with its messages.

    Raises:
        ConfigError: When there is none, or the journal kept no text of it.
        StoreError: When the store cannot be read.
    """
    handled = uses.read(ALL_TIME, most=MOST_ROWS)
    if not handled:
        raise ConfigError(
            "The store holds no feedback on suggestions that could be learnt from.",
            fix="Send POST /v1/feedback with what agents use and reject.",
        )
    cases = find_cases(handled, index, calibrator, advance)
    if not len(cases):
        raise ConfigError(
            "The journal keeps no texts: messages cannot be compared.",
            fix="Set TRIAGE_STORE_TEXT=redacted and let it fill again.",
            field="TRIAGE_STORE_TEXT",
        )
    return cases


def fingerprint_of(handled: Sequence[Handled]) -> str:
    """Compute the SHA-256 of what agents did; no text goes in."""
    rows = [(one.message, one.agent, one.at.isoformat(), one.shown) for one in handled]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
