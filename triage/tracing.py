"""Spans of requests and of their steps, sent over OTLP; nothing of it is imported unless asked for.

A span holds what a log line holds: method, route template, status, ids and times. No body, header,
path or error message ever gets into one.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from http import HTTPStatus
from time import time_ns
from typing import TYPE_CHECKING, Self

from triage import __version__
from triage.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

STEPS = ("clean", "encode", "label", "suggest")
"""Steps in the order they are taken."""
CLOSE_MS = 2_000
"""Longest wait for the last spans when the service stops, in milliseconds."""
EXPORT_S = 5.0
"""Longest time for one export; a collector that stands still must not keep threads."""
NS = 1_000_000_000
NS_PER_MS = 1_000_000

Count = Callable[[str, int], None]
"""Hears ``sent`` or ``lost`` with a number of spans."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a span tells of a request that has been answered."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Open:
    """The span of a request in progress."""

    span: "Span"
    begun_ns: int
    token: "Token[Context | None]"


_PARENT: ContextVar["Context | None"] = ContextVar("triage_span", default=None)
"""The span that steps hang under; threads that work for a request get a copy of its context."""


class Tracing:
    """Makes the spans of one service.

    Args:
        provider: Where finished spans go.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("triage", __version__)

    @classmethod
    def to(cls, endpoint: str, count: Count) -> Self:
        """Send spans to an OTLP collector over HTTP, in the background.

        Args:
            endpoint: Full URL, such as ``http://collector:4318/v1/traces``.
            count: Hears of spans sent and lost.

        Raises:
            ConfigError: When the libraries of the extra ``otel`` are missing.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            raise ConfigError(
                "TRIAGE_OTLP_ENDPOINT is set, and OpenTelemetry is not installed.",
                fix="Install the extra: pip install 'triage[otel]'; or leave the setting out.",
                field="TRIAGE_OTLP_ENDPOINT",
            ) from error
        return cls.through(OTLPSpanExporter(endpoint, timeout=EXPORT_S), count)

    @classmethod
    def through(cls, exporter: "SpanExporter", count: Count) -> Self:
        """Send spans through an exporter, in the background."""
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        _quiet()
        about = Resource.create({SERVICE_NAME: "triage", SERVICE_VERSION: __version__})
        provider = TracerProvider(resource=about, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(_counted(exporter, count)))
        return cls(provider)

    def begin(self, traceparent: str | None) -> Open:
        """Open the span of a request, under the caller's trace if there is one."""
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {"traceparent": traceparent} if traceparent else {}
        parent = TraceContextTextMapPropagator().extract(carrier, Context())
        begun = time_ns()
        span = self._tracer.start_span("request", parent, SpanKind.SERVER, start_time=begun)
        return Open(span, begun, _PARENT.set(set_span_in_context(span, parent)))

    def end(self, opened: Open, request: Request) -> None:
        """Close the span of a request, as long as the request took whatever the clock did."""
        from opentelemetry.trace import StatusCode

        _PARENT.reset(opened.token)
        span = opened.span
        span.update_name(f"{request.method} {request.route}")
        span.set_attributes(
            {
                "http.request.method": request.method,
                "http.route": request.route,
                "http.response.status_code": request.status,
                "triage.request_id": request.request_id,
            }
        )
        if request.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        span.end(opened.begun_ns + int(request.seconds * NS))

    def steps(self, timings_ms: Mapping[str, float]) -> None:
        """Hang the steps of a message under the request in progress, the last one ending now."""
        parent = _PARENT.get()
        if parent is None:
            return
        at = time_ns() - int(sum(timings_ms.get(step, 0.0) for step in STEPS) * NS_PER_MS)
        for step in STEPS:
            span = self._tracer.start_span(step, parent, start_time=at)
            at += int(timings_ms.get(step, 0.0) * NS_PER_MS)
            span.end(at)

    def close(self) -> None:
        """Send what is left, and stop."""
        self._provider.force_flush(CLOSE_MS)
        self._provider.shutdown()


def _quiet() -> None:
    """Keep the library's own words, which may hold a response of the collector, out of the log."""
    import logging

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)


def _counted(exporter: "SpanExporter", count: Count) -> "SpanExporter":
    """Count what an exporter sends and loses."""
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Counted(SpanExporter):
        """An exporter that is counted."""

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            """Send spans."""
            done = exporter.export(spans)
            count("sent" if done is SpanExportResult.SUCCESS else "lost", len(spans))
            return done

        def shutdown(self) -> None:
            """Stop."""
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = CLOSE_MS) -> bool:
            """Send what waits."""
            return exporter.force_flush(timeout_millis)

    return Counted()
