"""What the service tells about itself: log lines with an allow-list of keys, metrics, spans.

A key that is not listed here is dropped, so no log line can carry a customer's text by accident;
metric labels come from fixed sets for the same reason, and no metric has more than 200 series.
"""

import json
import sys
from datetime import UTC, datetime
from functools import cache, partial
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING, TextIO

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

if TYPE_CHECKING:
    from triage.tracing import Tracing

KEYS = frozenset(
    {
        "event", "level", "timestamp",
        "request_id", "trace_id", "key", "method", "route", "status", "duration_ms", "code",
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
MAX_TASKS = 60
"""Tasks that metrics tell apart; three decisions each keep a metric below 200 series."""
OTHER = "other"
"""Label of all that is not told apart."""
_REQUEST_SECONDS = (0.002, 0.01, 0.05, 0.25, 1.0)
"""Few, as every route has each of them."""
_SECONDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class FewNames:
    """Passes the first names on and calls all later ones ``other``.

    Args:
        limit: Names that are told apart.
    """

    def __init__(self, limit: int = MAX_TASKS) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        """Return the name, or ``other`` where there are too many already."""
        if name in self._known:
            return name
        if len(self._known) >= self._limit:
            return OTHER
        self._known.add(name)
        return name


class Metrics:
    """Counters of one service, in a registry of their own.

    ``request_of`` and the like return the series of some labels as ``labels`` does, and remember
    it: looking all of them up took as long as reading a request.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.task = FewNames()
        self.requests = counter("triage_requests", "Requests.", ("method", "route", "status"))
        self.seconds = histogram(
            "triage_request_seconds",
            "Time from request to answer.",
            ("route",),
            buckets=_REQUEST_SECONDS,
        )
        self.steps = histogram(
            "triage_step_seconds", "Time of one message in a step.", ("step",), buckets=_SECONDS
        )
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
            "triage_bundle_moves", "Moves of aliases by what came of them.", ("alias", "outcome")
        )
        self.shadowed = counter(
            "triage_shadow_messages", "Messages for the challenger.", ("outcome",)
        )
        self.agreement = counter(
            "triage_shadow_agreement", "Top labels beside the challenger's.", ("task", "agree")
        )
        self.log_lost = counter("triage_log_lines_lost", "Log lines that could not be written.")
        self.spans = counter("triage_spans", "Spans by what came of them.", ("outcome",))
        self._remember()

    def _remember(self) -> None:
        self.request_of = cache(self.requests.labels)
        self.seconds_of = cache(self.seconds.labels)
        self.step_of = cache(self.steps.labels)
        self.decision_of = cache(self.decisions.labels)
        self.suggested_of = cache(self.suggested.labels)

    def count_spans(self, outcome: str, count: int) -> None:
        """Count spans that were sent or lost."""
        self.spans.labels(outcome).inc(count)

    def render(self) -> bytes:
        """Write all metrics in the Prometheus text format."""
        return generate_latest(self.registry)


class Telemetry:
    """A logger, the metrics and, if wanted, the spans of one service.

    Args:
        level: Least level logged: debug, info, warning or error.
        stream: Where JSON lines go; standard error if left out.
    """

    def __init__(self, level: str = "info", stream: TextIO | None = None) -> None:
        self.metrics = Metrics()
        self.tracing: Tracing | None = None
        # Bound once; otherwise each line would be.
        self.log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            _Lines(stream or sys.stderr, self.metrics),
            processors=(_line,),
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        ).bind()


class _Lines(structlog.WriteLogger):
    """Writes lines, and goes on where they cannot be written.

    A full disk behind the log must end no request, and not the thread that writes the journal.
    """

    def __init__(self, stream: TextIO, metrics: Metrics) -> None:
        super().__init__(stream)
        self._metrics = metrics

    def msg(self, message: str) -> None:
        """Write a line, or count it lost."""
        try:
            super().msg(message)
        except (OSError, ValueError):
            self._metrics.log_lost.inc()

    debug = info = warning = error = msg


def place(error: BaseException) -> str:
    """Name the line of code that raised an error, never its message."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"


def _line(_logger: object, method: str, event: structlog.typing.EventDict) -> str:
    """Write a line of JSON in one step; a chain of processors took longer than all they do."""
    event["level"] = method
    event["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    shown = [f'"{key}": {_json(value)}' for key, value in event.items() if key in KEYS]
    return f"{{{', '.join(shown)}}}"


def _json(value: object) -> str:
    """Write a value, cut where it is long; plain text and numbers have a short way."""
    if type(value) is str:
        return encode_basestring(value[:MAX_VALUE])
    if type(value) is int or (type(value) is float and isfinite(value)):
        return repr(value)
    plain = isinstance(value, bool | int | float | None)
    return _ENCODER.encode(value if plain else str(value)[:MAX_VALUE])


_ENCODER = json.JSONEncoder(ensure_ascii=False)
"""Kept, since making one for each value takes as long as its line."""
