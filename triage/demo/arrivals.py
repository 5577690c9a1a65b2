"""What customers of a made-up maker of smart homes write in a fortnight, and when."""

import json
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from triage.domain import Channel, Message
from triage.errors import ConfigError

INDUSTRIES = ("smart_home_maker", "electronics_shop", "security_alarms")
"""Sample messages of these could have been written to it."""
CATEGORIES = {"technical": "technical_support", "service": "service"}
NAMES: Mapping[str, Sequence[str]] = {
    "en": ("Amelia Stone", "Oliver Grant", "Priya Nair", "Jack Doyle", "Grace Miller"),
    "da": ("Anna Berg", "Mikkel Holm", "Sofie Lund", "Jens Krogh", "Freja Dahl"),
    "ro": ("Ioana Popa", "Andrei Stan", "Maria Dinu", "Radu Enache", "Elena Matei"),
    "zh": ("王芳", "李伟", "张敏", "刘洋", "陈静"),
}
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 14, 15, 16, 16, 15, 14, 13, 14, 13, 9, 5, 2)
"""How much is written in each hour of a day, as shares of the sum."""
WEEKEND = 0.45
"""What comes on a Saturday or Sunday, as a share of a working day."""
OUTAGE_BEFORE, OUTAGE_HOURS = timedelta(hours=5), 3.5
"""An outage of the maker's servers: how long ago it began, and how long people write of it."""
CHANNELS = get_args(Channel)
_SOMETIME = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with its moment, and what is true of it.

    Args:
        message: As a desk would send it.
        at: When it came in.
        truth: Labels, as far as they are known.
        article: Article that answers it; None where none does or nobody knows.
        outage: Whether it is about the outage.
    """

    message: Message
    at: datetime
    truth: Mapping[str, str] = field(default_factory=dict)
    article: str | None = None
    outage: bool = False


def arrivals(data: Path, end: datetime, days: int, seed: int) -> list[Arrival]:
    """List the messages of the days before a moment, in the order they came.

    Args:
        data: Folder of samples, questions and the outage.
        end: Nothing comes later.
        days: How many.
        seed: The same seed and end give the same messages.

    Raises:
        ConfigError: When the folder holds no samples, as that of an installed wheel.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    known = [*_samples(data / "samples"), *_questions(data / "questions")]
    if not known:
        raise ConfigError(
            f"{data}: no sample messages.", fix="Run it from a checkout, or set TRIAGE_DATA."
        )
    draw.shuffle(known)
    start = end - timedelta(days=days)
    found = [replace(one, at=_moment(start, end, draw)) for one in known]
    found += _outage(data / "demo" / "outage.toml", end, draw)
    found.sort(key=lambda one: one.at)
    return [_named(one, number, draw) for number, one in enumerate(found, 1)]


def _samples(folder: Path) -> Iterator[Arrival]:
    for part in ("train", "test"):
        for industry in INDUSTRIES:
            for row in _rows(folder / part / f"{industry}.jsonl"):
                message = Message(row["text"], subject=row["subject"], channel=row["channel"])
                truth = {task: row[task] for task in ("category", "priority", "sentiment")}
                yield _known(message, row["language"], truth)


def _questions(folder: Path) -> Iterator[Arrival]:
    for path in sorted(folder.glob("*.jsonl")):
        category = CATEGORIES.get(path.stem.rpartition("-")[2])
        for row in _rows(path):
            truth = {"category": category} if category else {}
            known = _known(Message(row["text"]), row["language"], truth)
            yield replace(known, article=row["article_id"])


def _known(message: Message, language: str, truth: Mapping[str, str]) -> Arrival:
    # The language stands in the message until the message gets its own way to say it.
    return Arrival(replace(message, language=language), _SOMETIME, truth)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _outage(path: Path, end: datetime, draw: random.Random) -> Iterator[Arrival]:
    if not path.is_file():
        return
    begin = end - OUTAGE_BEFORE
    truth = {"category": "technical_support", "priority": "high"}
    for language, said in tomllib.loads(path.read_text(encoding="utf-8")).items():
        pairs = [(one, other) for one in said["symptoms"] for other in said["questions"]]
        for symptom, question in draw.sample(pairs, len(pairs) // 2):
            # Most write at its beginning.
            after = timedelta(hours=OUTAGE_HOURS * draw.random() ** 1.6)
            channel = draw.choice(CHANNELS)
            subject = said["subject"] if channel in {"email", "web_form"} else ""
            space = "" if language == "zh" else " "
            text = f"{symptom}{space}{question}"
            message = Message(text, subject=subject, channel=channel, language=language)
            yield Arrival(message, begin + after, truth, "hub-offline-led-colours", outage=True)


def _moment(start: datetime, end: datetime, draw: random.Random) -> datetime:
    """Draw a moment by the rhythm of days and hours."""
    while True:
        day = start + timedelta(days=draw.randrange((end - start).days + 1))
        if day.weekday() >= 5 and draw.random() > WEEKEND:  # noqa: PLR2004 - Saturday
            continue
        hour = draw.choices(range(24), HOURS)[0]
        moment = day.replace(hour=hour, minute=draw.randrange(60), second=draw.randrange(60))
        if start <= moment < end:
            return moment


def _named(one: Arrival, number: int, draw: random.Random) -> Arrival:
    """Give a message an id, a channel and a customer; the language stays for the reader to find."""
    language = one.message.language or "en"
    message = replace(
        one.message,
        id=f"demo-{number:05d}",
        channel=one.message.channel or draw.choice(CHANNELS),
        language=None,
        customer_id=f"c{draw.randrange(4000):04d}",
        customer_name=draw.choice(NAMES.get(language, NAMES["en"])),
    )
    return replace(one, message=message)
