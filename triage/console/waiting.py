"""Which message waits most dearly.

A message of priority ``p`` is to be answered within the target ``T(p)``. Waiting for ``age`` it has
used up the share ``age / T(p)`` of that time; at 1 the target is missed. The priority is known with
a confidence ``c`` only, and what else it may be is not kept, so the rest of the probability is
taken for the priority in the middle:

    dearness = age * (c / T(top priority) + (1 - c) / T(normal))

An agent's own label is certain (``c = 1``). Without a priority the target in the middle counts.
What is dearest comes first; messages that are handled wait no more and stand behind all others,
the newest first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.access.keys import read_span
from triage.errors import ConfigError, InputError
from triage.storage.inbox import Item

FIELD = "TRIAGE_RESPONSE_TARGETS"
PRIORITY = "priority"
MIDDLE = "normal"
OPEN, HANDLED, ALL = STATES = ("open", "handled", "all")


@dataclass(frozen=True, slots=True)
class Targets:
    """Longest wait for an answer by priority; a desk may have priorities of its own."""

    spans: Mapping[str, timedelta]

    @property
    def middle(self) -> timedelta:
        """The target where the priority is not known."""
        known = sorted(self.spans.values())
        return self.spans.get(MIDDLE, known[len(known) // 2])

    def of(self, priority: str | None) -> timedelta:
        """Return the target of a priority."""
        return self.spans.get(priority or "", self.middle)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the queue.

    Args:
        item: The message and what became of it.
        labels: Its labels as agents left them, by task; None where it has none.
        age: How long it has waited.
        target: How long it may wait, by its likeliest priority.
        dearness: Share of the target used up, as expected.
    """

    item: Item
    labels: Mapping[str, str | None]
    age: timedelta
    target: timedelta
    dearness: float

    @property
    def handled(self) -> bool:
        """Whether an agent is done with it."""
        return self.item.outcome is not None and self.item.outcome.handled

    @property
    def late(self) -> bool:
        """Whether it waits for longer than it may."""
        return not self.handled and self.age > self.target


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an agent wants to see; empty fields want everything."""

    state: str = OPEN
    label: str = ""
    language: str = ""
    channel: str = ""
    decision: str = ""
    search: str = ""

    def takes(self, one: Waiting) -> bool:
        """Tell whether a message is wanted."""
        recorded = one.item.recorded
        task, _, label = self.label.partition(":")
        decided = {str(answer["decision"]) for answer in recorded.labels.values()}
        return (
            (self.state == ALL or one.handled == (self.state == HANDLED))
            and (not self.label or one.labels.get(task) == label)
            and self.language in {"", recorded.language}
            and self.channel in {"", recorded.channel or "none"}
            and (not self.decision or self.decision in decided)
            and self._found_in(f"{recorded.text or ''} {recorded.message_id}".casefold())
        )

    def _found_in(self, text: str) -> bool:
        return all(word in text for word in self.search.casefold().split())


def read_targets(text: str) -> Targets:
    """Read targets such as ``urgent=15m, normal=8h``.

    Raises:
        ConfigError: When they are none.
    """
    spans = {}
    for part in re.split(r"[,\s]+", text.strip()):
        name, _, span = part.partition("=")
        try:
            spans[name] = read_span(span, FIELD)
        except InputError as error:
            raise ConfigError(
                f"{FIELD}: {part!r} is no target.",
                fix="Write such as urgent=15m, high=1h, normal=8h, low=1d.",
                field=FIELD,
            ) from error
    return Targets(spans)


def queue(items: Sequence[Item], targets: Targets, now: datetime, wanted: Wanted) -> list[Waiting]:
    """Return the wanted messages, the one that waits most dearly first."""
    found = [one for one in (waiting(item, targets, now) for item in items) if wanted.takes(one)]
    return sorted(found, key=lambda one: (one.handled, -one.dearness, -one.item.recorded.number))


def waiting(item: Item, targets: Targets, now: datetime) -> Waiting:
    """Work out how dearly a message waits."""
    labels = _labels(item)
    age = max(timedelta(0), now - item.recorded.decided_at)
    answer = item.recorded.labels.get(PRIORITY)
    set_by_agent = item.outcome.labels.get(PRIORITY) if item.outcome else None
    likeliest = set_by_agent or (str(answer["top_label"] or "") if answer else "")
    sure = 1.0 if set_by_agent else float(answer["confidence"]) if answer else 0.0
    if item.outcome and item.outcome.handled:
        return Waiting(item, labels, age, targets.of(likeliest), 0.0)
    dearness = sure * (age / targets.of(likeliest)) + (1 - sure) * (age / targets.middle)
    return Waiting(item, labels, age, targets.of(likeliest), dearness)


def _labels(item: Item) -> dict[str, str | None]:
    shown = {task: answer["label"] for task, answer in item.recorded.labels.items()}
    return {**shown, **(item.outcome.labels if item.outcome else {})}
