"""What the service tells about itself: log lines with an allow-list of keys, and metrics.

A key that is not listed here is dropped, so no log line can carry a customer's text by accident;
metric labels come from fixed sets for the same reason.
"""

import sys
from collections.abc import Sequence
from functools import partial
from typing import TextIO

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

KEYS = frozenset(
    {
        "event", "level", "timestamp",
        "request_id", "key", "method", "route", "status", "duration_ms", "code",
        "bundle", "alias", "profile", "host", "port",
        "articles", "passages", "seconds",
        "error", "where", "reason", "count",
    }
)  # fmt: skip
"""Keys that a log line may have."""
MAX_VALUE = 300
"""Longest value in a log line, in characters."""
METRICS_TYPE = CONTENT_TYPE_LATEST
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SECONDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry, buckets=_SECONDS)
        self.requests = counter("triage_requests", "Requests.", ("method", "route", "status"))
        self.seconds = histogram(
            "triage_request_seconds", "Time from request to answer.", ("route",)
        )
        self.steps = histogram("triage_step_seconds", "Time of one message in a step.", ("step",))
        self.decisions = counter("triage_decisions", "Decisions made.", ("task", "decision"))
        self.suggested = counter(
            "triage_suggested", "Messages by what was suggested.", ("outcome",)
        )
        self.overloaded = counter("triage_overloaded", "Requests without a turn.", ("reason",))
        self.in_flight = gauge("triage_in_flight", "Requests that wait or run.")
        self.journal_rows = counter("triage_journal_rows", "Rows made durable.")
        self.journal_lost = counter("triage_journal_lost", "Rows not recorded.", ("reason",))
        self.journal_waiting = gauge("triage_journal_waiting", "Rows that wait for the writer.")
        self.bundle = gauge("triage_bundle_info", "What answers.", ("bundle", "profile"))
        self.bundle_moves = counter(
            "triage_bundle_moves", "Moves of the alias by what came of them.", ("outcome",)
        )

    def render(self) -> bytes:
        """Write all metrics in the Prometheus text format."""
        return generate_latest(self.registry)


class Telemetry:
    """A logger and the metrics of one service.

    Args:
        level: Least level logged: debug, info, warning or error.
        stream: Where JSON lines go; standard error if left out.
    """

    def __init__(self, level: str = "info", stream: TextIO | None = None) -> None:
        self.metrics = Metrics()
        self.log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            structlog.PrintLogger(stream or sys.stderr),
            processors=_PROCESSORS,
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        )


def place(error: BaseException) -> str:
    """Name the line of code that raised an error, never its message."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"


def _allowed_only(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: _short(value) for key, value in event.items() if key in KEYS}


def _short(value: object) -> object:
    return value if isinstance(value, bool | int | float | None) else str(value)[:MAX_VALUE]


_PROCESSORS: Sequence[structlog.typing.Processor] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _allowed_only,
    structlog.processors.JSONRenderer(ensure_ascii=False),
)
