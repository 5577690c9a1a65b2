"""Simulated agents who handle messages over time, with tastes that are known.

Agents read suggestions from the top and stop at the first that they use; fewer look at each place
further down. Sometimes they use what is wrong, and they seldom bother to reject. What they would
use is known, so rankings can be measured on what is right instead of on what was clicked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from triage.suggest.verdicts import Event, Handled

START = datetime(2026, 7, 1, 8, tzinfo=UTC)
POISONER = "poisoner"
LOOKS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""Chance that an agent who got so far looks at each place."""
OPENINGS = ("", "", "Hi, ", "Hello, ", "Hey there, ", "Good morning. ")
CLOSINGS = ("", "", " Thanks!", " Please help.", " Regards, Kim", " It is order {number}.")


@dataclass(frozen=True, slots=True)
class Topic:
    """A question that customers send, and the article that answers it; None where none does."""

    text: str
    language: str
    article: str | None


@dataclass(frozen=True, slots=True)
class World:
    """How many messages come, who handles them, and how carefully.

    Args:
        messages: Number of messages.
        days: Time over which they come evenly.
        agents: How many agents handle them in turn by chance.
        shown: Suggestions displayed at most.
        use: Chance that an agent uses a right suggestion looked at.
        slip: Chance that one uses a wrong one.
        reject: Chance that one rejects a wrong one.
        late: Share of the questions that nobody asks before the last ``test_share`` of the time.
        test_share: That share.
        seed: Of all chances.
    """

    messages: int = 3_000
    days: float = 90.0
    agents: int = 8
    shown: int = 3
    use: float = 0.9
    slip: float = 0.03
    reject: float = 0.2
    late: float = 0.3
    test_share: float = 0.3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Simulated:
    """A handled message with the article that is right for it; ``new`` is of no earlier time."""

    handled: Handled
    right: str | None
    new: bool = False


Display = Callable[[Topic, datetime], Sequence[str]]
"""Returns the articles suggested for a message at a moment, best first."""


def simulate(topics: Sequence[Topic], display: Display, world: World) -> list[Simulated]:
    """Let agents handle messages; those that were shown nothing leave no feedback.

    Common questions come more often than rare ones (Zipf). Each comes in slightly other words.
    """
    rng = Random(world.seed)  # noqa: S311 - the chances of a simulation
    order = list(topics)
    rng.shuffle(order)
    new = [rng.random() < world.late for _ in order]
    chances = [1 / (rank + 10) for rank in range(len(order))]
    early = [0.0 if late else chance for late, chance in zip(new, chances, strict=True)]
    out = []
    for number in range(1, world.messages + 1):
        is_late = number > world.messages * (1 - world.test_share)
        place = rng.choices(range(len(order)), chances if is_late else early)[0]
        topic = order[place]
        at = START + timedelta(days=world.days * number / world.messages)
        said = replace(topic, text=_said(topic.text, rng))
        articles = list(display(said, at))[: world.shown]
        agent = f"agent-{rng.randrange(world.agents)}"
        shown = handle(articles, topic.article, world, rng)
        handled = Handled(number, agent, at, topic.language, said.text, shown)
        out.append(Simulated(handled, topic.article, new[place]))
    return out


def handle(
    articles: Sequence[str], right: str | None, world: World, rng: Random
) -> tuple[tuple[str, Event], ...]:
    """Let one agent read suggestions from the top."""
    events: list[Event] = ["displayed"] * len(articles)
    for place, article in enumerate(articles):
        if rng.random() > LOOKS[min(place, len(LOOKS) - 1)]:
            break
        if rng.random() < (world.use if article == right else world.slip):
            events[place] = "edited" if rng.random() < 0.3 else "used"  # noqa: PLR2004 - share edited
            break
        if article != right and rng.random() < world.reject:
            events[place] = "rejected"
    return tuple(zip(articles, events, strict=True))


def poison(clean: Sequence[Simulated], wrong: str, share: float, seed: int = 1) -> list[Simulated]:
    """Add one agent who handles a share of all messages again, to push one wrong article.

    They use it wherever it is displayed, and reject all else that is: what was not displayed takes
    no feedback.
    """
    rng = Random(seed)  # noqa: S311 - the chances of a simulation
    out = list(clean)
    for number, one in enumerate(rng.sample(list(clean), round(share * len(clean))), 1_000_000):
        shown: tuple[tuple[str, Event], ...] = tuple(
            (name, "used" if name == wrong else "rejected") for name, _ in one.handled.shown
        )
        handled = replace(one.handled, message=number, agent=POISONER, shown=shown)
        out.append(replace(one, handled=handled))
    return sorted(out, key=lambda one: one.handled.at)


def _said(text: str, rng: Random) -> str:
    opening, closing = rng.choice(OPENINGS), rng.choice(CLOSINGS)
    return f"{opening}{text}{closing.format(number=rng.randrange(10**6))}"
