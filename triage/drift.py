"""Notice when messages come to look otherwise than those that the bundle was trained on.

Each message costs one append; everything is computed when the metrics are read.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from triage.bundle.baseline import Baseline, Shares, bucket, stability
from triage.domain import Message, TriageResult

WINDOW = 2_000
"""Messages that are compared, the newest."""
LEAST = 200
"""Fewer messages tell nothing: chance alone gives them an index like that of a real change."""
MAX_TASKS = 60
INPUTS = ("language", "length", "channel")
LABELLED = frozenset({None, "low_confidence"})
"""Reasons of answers whose top label is one of the bundle's own."""


class Given(NamedTuple):
    """What is kept of an answer."""

    label: str
    confidence: float
    abstained: bool
    labelled: bool


class Seen(NamedTuple):
    """What is kept of a message: no text, and no id."""

    language: str
    length: str
    channel: str | None
    answers: Mapping[str, Given]


class Drift(Collector):
    """Compares the newest messages with the baseline of the bundle that answers.

    Args:
        registry: Gets the gauges.
        window: Messages that are compared.
        least: Messages from which on anything is said.
    """

    def __init__(
        self, registry: CollectorRegistry, window: int = WINDOW, least: int = LEAST
    ) -> None:
        self._baseline = Baseline()
        self._least = least
        self._seen: deque[Seen] = deque(maxlen=window)
        self._lock = Lock()
        registry.register(self)

    def begin(self, baseline: Baseline) -> None:
        """Compare with another baseline, from the next message on."""
        with self._lock:
            self._baseline = baseline
            self._seen.clear()

    def add(self, message: Message, result: TriageResult) -> None:
        """Take a message into the window."""
        length = bucket(len(result.cleaned_text))
        answers = {
            task: Given(
                one.top_label, one.confidence, one.decision == "abstain", one.reason in LABELLED
            )
            for task, one in result.labels.items()
        }
        seen = Seen(result.language.code, length, message.channel, answers)
        with self._lock:
            self._seen.append(seen)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Compute the gauges."""
        with self._lock:
            seen, baseline = list(self._seen), self._baseline
        count = GaugeMetricFamily(
            "triage_recent_messages", "Messages that the gauges of recent messages are made of."
        )
        count.add_metric((), len(seen))
        enough = len(seen) >= self._least
        answers = _by_task(seen) if enough else {}
        yield count
        yield self._inputs(seen if enough else [], baseline)
        yield self._labels(answers, baseline)
        yield from _means(answers)

    def _inputs(self, seen: list[Seen], baseline: Baseline) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "triage_drift_input",
            "Population stability index of an input against the training rows.",
            labels=("input",),
        )
        for name in INPUTS:
            shares: Shares = getattr(baseline, name)
            counts = Counter(value for one in seen if (value := getattr(one, name)) is not None)
            if shares and counts.total() >= self._least:
                family.add_metric((name,), stability(shares, counts))
        return family

    def _labels(self, answers: Mapping[str, list[Given]], baseline: Baseline) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "triage_drift_labels",
            "Population stability index of a task's labels against the training rows.",
            labels=("task",),
        )
        for task, given in answers.items():
            counts = Counter(one.label for one in given if one.labelled)
            if task in baseline.labels and counts.total() >= self._least:
                family.add_metric((task,), stability(baseline.labels[task], counts))
        return family


def _by_task(seen: list[Seen]) -> dict[str, list[Given]]:
    tasks = sorted({task for one in seen for task in one.answers})[:MAX_TASKS]
    return {task: [one.answers[task] for one in seen if task in one.answers] for task in tasks}


def _means(answers: Mapping[str, list[Given]]) -> Iterator[GaugeMetricFamily]:
    confidence = GaugeMetricFamily(
        "triage_recent_confidence", "Mean confidence of recent messages.", labels=("task",)
    )
    abstained = GaugeMetricFamily(
        "triage_recent_abstained", "Share of recent messages without a label.", labels=("task",)
    )
    for task, given in answers.items():
        confidence.add_metric((task,), sum(one.confidence for one in given) / len(given))
        without = sum(one.abstained for one in given)
        abstained.add_metric((task,), without / len(given))
    yield confidence
    yield abstained
