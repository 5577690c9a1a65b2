"""What agents and desks say about labels, settled into one label a message and task.

What a ticket was closed with goes before what agents clicked, a majority of agents before one of
them, and where agents contradict each other without a majority nothing is learnt. No agent may
contribute more than a share of what is learnt, so that one who is careless, or is not who they
claim to be, cannot turn a head.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from training.config import AGENT_CAP

FLOOR = 10
"""Labels of each that any agent may contribute: a small desk has few agents."""
ROUNDS = 200
Kind = Literal["final", "agreed", "single"]
WEIGHTS: Mapping[Kind, float] = {"final": 1.0, "agreed": 1.0, "single": 0.5}
"""Weight of a row in fitting by where its label came from; a row of an export weighs 1."""
NAMELESS = ""
"""Stands for all feedback without an agent, which counts as one agent together."""

Place = tuple[int, str]
"""Number of a decision, and a task."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One label that somebody set.

    Args:
        place: What it is about.
        label: The label.
        agent: The desk's id of the agent; None where none is known.
        final: Whether the ticket was closed with it.
        guessed: The label that the service had found likeliest.
    """

    place: Place
    label: str
    agent: str | None
    final: bool
    guessed: str


@dataclass(frozen=True, slots=True)
class Settled:
    """One label that may be learnt.

    Args:
        label: The label.
        kind: Where it came from.
        charged: The one agent it rests on; None where several say so, or the desk alone.
        corrects: Whether the service had found another label likeliest.
    """

    label: str
    kind: Kind
    charged: str | None
    corrects: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Labels that rest on one agent alone: how many there are, and how many may be learnt."""

    agent: str
    given: int
    kept: int


@dataclass(frozen=True, slots=True)
class Dissent:
    """Labels of one agent that others judged too, and those that they overruled."""

    agent: str
    judged: int
    overruled: int


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """What may be learnt from feedback, and what may not.

    Args:
        labels: By decision and task.
        contradictions: Where agents disagree and nobody decides.
        capped: Agents of whom some labels were left out, the largest first.
        dissent: Agents who were overruled, the most often first.
        opinions: Labels that were set.
        agents: Agents who set them.
    """

    labels: Mapping[Place, Settled] = field(default_factory=dict)
    contradictions: frozenset[Place] = frozenset()
    capped: tuple[Share, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    opinions: int = 0
    agents: int = 0


def settle(opinions: Sequence[Opinion], cap: float = AGENT_CAP, seed: int = 0) -> Settlement:
    """Settle on labels.

    Args:
        opinions: In the order they came in; of one agent about one place the last counts.
        cap: Largest share of one agent, of corrections and of confirmations each.
        seed: Chooses which labels of an agent who is over the cap are kept.
    """
    by_place: dict[Place, list[Opinion]] = defaultdict(list)
    for one in opinions:
        by_place[one.place].append(one)
    tally = _Tally()
    labels, open_ = {}, []
    for place, found in by_place.items():
        label = tally.settled(found)
        if label is None:
            open_.append(place)
        else:
            labels[place] = label
    kept, capped = _capped(labels, cap, seed)
    names = {one.agent or NAMELESS for one in opinions if one.agent or not one.final}
    return Settlement(kept, frozenset(open_), capped, tally.dissent(), len(opinions), len(names))


class _Tally:
    """Settles one place after the other, counting who was overruled."""

    def __init__(self) -> None:
        self._judged: Counter[str] = Counter()
        self._overruled: Counter[str] = Counter()

    def settled(self, found: Sequence[Opinion]) -> Settled | None:
        """Return what may be learnt about one place; None where agents contradict each other."""
        clicks = {one.agent or NAMELESS: one.label for one in found if not one.final}
        final = next((one for one in reversed(found) if one.final), None)
        guessed = found[-1].guessed
        if final is not None:
            self._judge(clicks, final.label, final.agent)
            backers = {agent for agent, label in clicks.items() if label == final.label}
            charged = _charged(final.agent, backers)
            return Settled(final.label, "final", charged, final.label != guessed)
        ((label, votes),) = Counter(clicks.values()).most_common(1)
        if votes * 2 <= len(clicks):
            return None
        self._judge(clicks, label, None)
        if votes > 1:
            return Settled(label, "agreed", None, label != guessed)
        return Settled(label, "single", next(iter(clicks)), label != guessed)

    def dissent(self) -> tuple[Dissent, ...]:
        """List who was overruled."""
        return tuple(
            Dissent(agent, self._judged[agent], count)
            for agent, count in self._overruled.most_common()
            if count
        )

    def _judge(self, clicks: Mapping[str, str], label: str, author: str | None) -> None:
        for agent, given in clicks.items():
            if agent != author and (len(clicks) > 1 or given != label):
                self._judged[agent] += 1
                self._overruled[agent] += given != label


def _charged(author: str | None, backers: set[str]) -> str | None:
    """Tell on whom a final label rests: one that only echoes a single click is that agent's."""
    if author is None:
        return next(iter(backers)) if len(backers) == 1 else None
    return author if backers <= {author} else None


def _capped(
    labels: Mapping[Place, Settled], cap: float, seed: int
) -> tuple[dict[Place, Settled], tuple[Share, ...]]:
    """Leave out labels of agents beyond their share; what rests on nobody alone stays whole."""
    kept = dict(labels)
    given: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for corrects in (True, False):
        places: dict[str, list[Place]] = defaultdict(list)
        free = 0
        for place, one in labels.items():
            if one.corrects is corrects and one.charged is not None:
                places[one.charged].append(place)
            else:
                free += one.corrects is corrects
        most = allowance([len(mine) for mine in places.values()], free, cap)
        for agent, mine in places.items():
            given[agent] += len(mine)
            for place in _ordered(mine, seed)[most:]:
                gone[agent] += 1
                del kept[place]
    shares = (Share(agent, given[agent], given[agent] - lost) for agent, lost in gone.items())
    return kept, tuple(sorted(shares, key=lambda share: (share.kept - share.given, share.agent)))


def allowance(counts: Iterable[int], free: int, cap: float) -> int:
    """Return how many labels each agent may contribute, so that nobody passes their share.

    The share is of what is kept in the end, not of what was given: whoever gives more does not
    raise their own bound. This is the largest number that satisfies its own condition, found from
    above.

    Args:
        counts: Labels of each agent.
        free: Labels that rest on no single agent.
        cap: The share.
    """
    counts = list(counts)
    most = float(max(counts, default=0))
    for _ in range(ROUNDS):
        next_ = min(most, cap * (free + sum(min(count, most) for count in counts)))
        if most - next_ < 0.5:  # noqa: PLR2004 - less than one label
            break
        most = next_
    return max(FLOOR, int(most + 1e-9))


def _ordered(places: Sequence[Place], seed: int) -> list[Place]:
    """Order places by chance that nobody who sends feedback can foresee or choose."""
    return sorted(places, key=lambda place: sha256(f"{seed}:{place}".encode()).digest())
