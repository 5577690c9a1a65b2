"""Simulated journals: what came when, what it was answered, and what agents did with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert

from triage.insights.frame import HOUR_S
from triage.insights.seasons import hour_of_week
from triage.storage.engine import transaction
from triage.storage.tables import decisions, feedback

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
END = NOW.timestamp()
WEEKDAYS = np.array([1.3, 1.2, 1.1, 1.0, 1.0, 0.5, 0.4])
OUTAGE = {
    "en": (
        "The hub has been offline since this morning and nothing works",
        "My hub shows a red light and will not connect",
        "Is there an outage? The hub is offline and the app says no connection",
        "Your servers seem to be down, my hub cannot connect",
    ),
    "da": (
        "Hubben har været offline siden i morges, og intet virker",
        "Min hub lyser rødt og vil ikke oprette forbindelse",
        "Er der driftsforstyrrelser? Hubben er offline",
        "Jeres servere er vist nede, min hub kan ikke forbinde",
    ),
    "ro": (
        "Hub-ul este offline de azi dimineață și nu merge nimic",
        "Hub-ul meu are lumina roșie și nu se conectează",
        "Este o pană? Hub offline, aplicația spune fără conexiune",
        "Serverele voastre par căzute, hub-ul nu se conectează",
    ),
    "zh": (
        "中枢从今天早上开始离线，什么都用不了",
        "我的中枢亮红灯，无法连接",
        "是不是服务器故障？中枢离线",
        "你们的服务器好像宕机了，中枢连不上",
    ),
}
"""What customers write in four languages when one thing fails."""


@dataclass(frozen=True)
class Said:
    """One message with the answer it got and what was done with that."""

    at: float
    text: str | None = "where is my parcel"
    language: str = "en"
    channel: str | None = "email"
    brand: str | None = None
    labels: dict[str, str] = field(default_factory=lambda: {"category": "service"})
    decision: str = "suggest"
    passages: tuple[str, ...] = ()
    done: tuple[tuple[str, str, float], ...] = ()
    """Passage, event, and hours after the message."""
    said: dict[str, str] = field(default_factory=dict)
    final: dict[str, str] = field(default_factory=dict)


def fill(engine: Engine, said: Sequence[Said], bundle: str = "starter") -> None:
    """Write messages and what was done with them, numbered from 1 behind what is there."""
    with transaction(engine, write=True) as connection:
        first = (connection.exec_driver_sql("SELECT max(number) FROM decisions").scalar() or 0) + 1
        for start in range(0, len(said), 5_000):
            part = said[start : start + 5_000]
            rows = [_decision(first + start + at, one, bundle) for at, one in enumerate(part)]
            connection.execute(insert(decisions), rows)
            told = [
                row for at, one in enumerate(part) for row in _feedback(first + start + at, one)
            ]
            if told:
                connection.execute(insert(feedback), told)


def moments(seed: int, per_day: float, days: int = 29) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw moments with the shape of a day and a week, and days that are busier than others."""
    rng = np.random.default_rng(seed)
    hours = np.arange(int(END // HOUR_S) - 24 * days, int(END // HOUR_S))
    place = hour_of_week(hours * HOUR_S)
    weight = WEEKDAYS[place // 24] * (1 + 0.9 * np.sin((place % 24 - 8) / 24 * 2 * np.pi))
    busy = rng.gamma(20, 1 / 20, size=days + 1)[(hours - hours[0]) // 24]
    counts = rng.poisson(per_day / 24 * weight / weight.mean() * busy)
    return np.sort(np.repeat(hours, counts) * HOUR_S + rng.uniform(0, HOUR_S, counts.sum()))


def outage(seed: int, count: int, hours: float = 5.0) -> list[Said]:
    """Draw messages of an outage in the newest hours, in all four languages."""
    rng = np.random.default_rng(seed)
    all_ = [(code, text) for code, texts in OUTAGE.items() for text in texts]
    chosen = [all_[at] for at in rng.integers(0, len(all_), count)]
    return [
        Said(END - rng.uniform(0, hours * HOUR_S), text, code, labels={"category": "technical"})
        for code, text in chosen
    ]


def by_time(said: Iterable[Said]) -> list[Said]:
    """Order messages as they came."""
    return sorted(said, key=lambda one: one.at)


def _decision(number: int, one: Said, bundle: str) -> dict[str, Any]:
    return {
        "number": number,
        "message_id": f"m{number}",
        "decided_at": datetime.fromtimestamp(one.at, UTC),
        "bundle": bundle,
        "alias": "champion",
        "profile": "tiny",
        "language": one.language,
        "channel": one.channel,
        "requester": None,
        "brand": one.brand,
        "labels": {
            task: {
                "label": label if one.decision != "abstain" else None,
                "top_label": label,
                "confidence": 0.9,
                "decision": one.decision,
                "reason": None,
            }
            for task, label in one.labels.items()
        },
        "suggestions": [
            {"article_id": passage.rpartition("/")[0], "passage_id": passage, "confidence": 0.8}
            for passage in one.passages
        ],
        "no_suggestion_reason": None if one.passages else "nothing_above_threshold",
        "text_kept": "none" if one.text is None else "redacted",
        "text": one.text,
        "timings_ms": {"total": 1.0},
    }


def _feedback(number: int, one: Said) -> list[dict[str, Any]]:
    rows = [
        _row(number, one, hours, [{"passage_id": passage, "event": event, "edit_distance": None,
                                   "sent_text": None}])
        for passage, event, hours in one.done
    ]  # fmt: skip
    if one.said or one.final:
        rows.append(_row(number, one, 8.0, [], one.said, one.final))
    return rows


def _row(
    number: int,
    one: Said,
    hours: float,
    uses: list[dict[str, Any]],
    labels: dict[str, str] | None = None,
    final: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "receipt": f"r{number}",
        "decision": number,
        "message_id": f"m{number}",
        "received_at": datetime.fromtimestamp(one.at + hours * HOUR_S, UTC),
        "brand": one.brand,
        "requester": None,
        "agent": "a1",
        "labels": labels or {},
        "final": final or {},
        "suggestions": uses,
        "text_kept": "redacted",
    }
