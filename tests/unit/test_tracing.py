"""Spans of requests and steps, with nothing in them that a message holds."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from triage.errors import ConfigError
from triage.tracing import NS, STEPS, Request, Tracing

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TIMINGS = {"clean": 1.0, "encode": 2.0, "label": 3.0, "suggest": 4.0, "total": 10.0}
DONE = Request("0f8fad5b-d9cb-469f-a165-70867728950e", "POST", "/v1/classify", 200, 0.02)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Keep spans."""
    return InMemorySpanExporter()


@pytest.fixture
def counts() -> Counter[str]:
    """Count spans."""
    return Counter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter, counts: Counter[str]) -> Tracing:
    """Make spans that are kept."""

    def count(outcome: str, number: int) -> None:
        counts[outcome] += number

    return Tracing.through(exporter, count)


def spans(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """Return the finished spans by name."""
    return {span.name: span for span in exporter.get_finished_spans()}


def test_request_has_its_steps_one_after_the_other(
    tracing: Tracing, exporter: InMemorySpanExporter, counts: Counter[str]
) -> None:
    """Each step is as long as it took, and hangs under the request."""
    opened = tracing.begin(f"00-{TRACE}-{PARENT}-01")
    tracing.steps(TIMINGS)
    tracing.end(opened, DONE)
    tracing.close()
    found = spans(exporter)
    root = found["POST /v1/classify"]

    assert set(found) == {"POST /v1/classify", *STEPS}
    assert counts == {"sent": 5}
    assert root.parent is not None
    assert f"{root.context.trace_id:032x}" == TRACE
    assert f"{root.parent.span_id:016x}" == PARENT
    assert dict(root.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/classify",
        "http.response.status_code": 200,
        "triage.request_id": DONE.request_id,
    }
    before = None
    for step in STEPS:
        span = found[step]
        assert span.parent is not None
        assert span.parent.span_id == root.context.span_id
        assert not span.attributes
        assert (span.end_time or 0) - (span.start_time or 0) == TIMINGS[step] * NS / 1000
        assert before in (None, span.start_time)
        before = span.end_time


def test_steps_outside_a_request_leave_no_span(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """A pipeline that is used without a server is not traced, nor is what follows a request."""
    tracing.steps(TIMINGS)
    tracing.end(tracing.begin(None), DONE)
    tracing.steps(TIMINGS)
    tracing.close()

    assert set(spans(exporter)) == {"POST /v1/classify"}


def test_unsampled_trace_is_respected(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    """A caller that does not record its trace gets no spans from us."""
    tracing.end(tracing.begin(f"00-{TRACE}-{PARENT}-00"), DONE)
    tracing.close()

    assert not exporter.get_finished_spans()


def test_stepping_clock_gives_no_negative_span(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """The clock tells when a request began, and never how long it took."""
    now = datetime.now(UTC)
    for hours in (-1, 1):
        with time_machine.travel(now, tick=False) as clock:
            opened = tracing.begin(None)
            clock.shift(timedelta(hours=hours))
            tracing.steps(TIMINGS)
            tracing.end(opened, DONE)
    tracing.close()
    found = exporter.get_finished_spans()

    assert len(found) == 10
    for span in found:
        assert 0 < (span.end_time or 0) - (span.start_time or 0) < NS


class Standing(SpanExporter):
    """A collector that takes nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Refuse."""
        return SpanExportResult.FAILURE if spans else SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Do nothing."""


def test_lost_spans_are_counted(counts: Counter[str]) -> None:
    """A collector that is not there costs spans, and the operator sees how many."""

    def count(outcome: str, number: int) -> None:
        counts[outcome] += number

    tracing = Tracing.through(Standing(), count)
    tracing.end(tracing.begin(None), DONE)
    tracing.close()

    assert counts == {"lost": 1}


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets the endpoint without the extra is told what to install."""
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ConfigError, match=r"triage\[otel\]") as caught:
        Tracing.to("http://localhost:4318/v1/traces", lambda _outcome, _count: None)
    assert caught.value.field == "TRIAGE_OTLP_ENDPOINT"


def test_nothing_is_imported_unless_asked_for() -> None:
    """A server without the setting neither needs nor loads OpenTelemetry."""
    code = (
        "import sys; import triage.api.app, triage.tracing; "
        "sys.exit('opentelemetry.sdk' in sys.modules or 'opentelemetry.exporter' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
