"""What made-up agents do with answers: correct labels, use, edit and reject suggestions."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.demo.arrivals import Arrival
from triage.domain import Suggestion, TriageResult
from triage.storage.feedback import Event, Feedback, Use

AGENTS = ("maja", "tomas", "ioana", "lin", "sam", "freja")
MINUTES: Mapping[str, float] = {"urgent": 20, "high": 75, "normal": 240, "low": 700}
"""Median time to a reply by priority."""
SPREAD = 0.7
OUTAGE_SLOWER = 2.5
RIGHT, LIKELY = (0.62, 0.28), (0.35, 0.2)
"""Chance that the right article, and that a sure one of whom nobody knows, is used and edited."""
SURE = 0.5
REJECTED = 0.4
"""Chance that a suggestion is rejected that is not used."""
CORRECTS = 0.85
"""Chance that a wrong label is corrected."""
ADDED = {
    "en": "Write back if that does not help, and I will look into it myself.",
    "da": "Skriv igen, hvis det ikke hjælper, så ser jeg selv på det.",
    "ro": "Scrieți-mi dacă nu ajută și mă ocup personal.",
    "zh": "如果还是不行，请回复我，我会亲自处理。",
}


@dataclass(frozen=True, slots=True)
class Handled:
    """What one agent did, and when."""

    feedback: Feedback
    at: datetime


def handle(arrival: Arrival, result: TriageResult, now: datetime, seed: int) -> Handled | None:
    """Work on a message as an agent would; None where nobody has got to it yet.

    Args:
        arrival: The message and what is true of it.
        result: What the service answered.
        now: Nothing was done later.
        seed: The same seed gives the same work on the same message.
    """
    draw = random.Random(f"{seed} {result.id}")  # noqa: S311 - no secret
    at = arrival.at + _delay(arrival, result, draw)
    if at > now:
        return None
    labels, final = _labels(arrival, result, draw)
    feedback = Feedback(
        message_id=result.id,
        agent=draw.choice(AGENTS),
        labels=labels or None,
        uses=_uses(arrival, result, draw),
        final=final or None,
        customer_name=arrival.message.customer_name,
    )
    return Handled(feedback, at)


def _delay(arrival: Arrival, result: TriageResult, draw: random.Random) -> timedelta:
    answered = result.labels.get("priority")
    priority = arrival.truth.get("priority") or (answered.top_label if answered else "normal")
    minutes = MINUTES.get(priority, MINUTES["normal"]) * draw.lognormvariate(0, SPREAD)
    return timedelta(minutes=minutes * (OUTAGE_SLOWER if arrival.outage else 1))


def _labels(
    arrival: Arrival, result: TriageResult, draw: random.Random
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what is corrected, and what the ticket is closed with."""
    corrected, final = {}, {}
    for task, answer in result.labels.items():
        truth = arrival.truth.get(task)
        right = truth if truth and draw.random() < CORRECTS else answer.top_label
        final[task] = right
        if right != answer.label:
            corrected[task] = right
    return corrected, final


def _uses(arrival: Arrival, result: TriageResult, draw: random.Random) -> tuple[Use, ...]:
    uses: list[Use] = []
    done = False
    for item in result.suggestions.items:
        event = "displayed" if done else _event(arrival, item, draw)
        done = done or event in {"used", "edited"}
        uses.append(Use(item.passage_id, event, _sent(item, event)))
    return tuple(uses)


def _event(arrival: Arrival, item: Suggestion, draw: random.Random) -> Event:
    if arrival.article:
        chances = RIGHT if item.article_id == arrival.article else (0.0, 0.0)
    else:
        chances = LIKELY if item.confidence >= SURE else (0.0, 0.05)
    used, edited = chances
    found = draw.random()
    if found < used:
        return "used"
    if found < used + edited:
        return "edited"
    return "rejected" if draw.random() < REJECTED else "displayed"


def _sent(item: Suggestion, event: Event) -> str | None:
    reply = item.reply or item.answer
    if event == "used":
        return reply
    return f"{reply}\n\n{ADDED.get(item.language, ADDED['en'])}" if event == "edited" else None
