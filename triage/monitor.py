"""What is watched of every answer: counters, spans, drift, and the challenger beside it."""

from collections.abc import Callable

from triage.bundle.baseline import read_baseline
from triage.bundle.registry import Registry
from triage.domain import Message, TriageResult
from triage.drift import Drift
from triage.live import Live
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.shadow import Shadow
from triage.storage.disagreements import Disagreement, add_disagreement
from triage.storage.work import Work, Writer
from triage.telemetry import Telemetry
from triage.tracing import Tracing

MS = 1000.0


def trace_if_wanted(settings: Settings, telemetry: Telemetry) -> None:
    """Send spans where the settings say so.

    Raises:
        ConfigError: When spans are wanted and OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint and telemetry.tracing is None:
        telemetry.tracing = Tracing.to(settings.otlp_endpoint, telemetry.metrics.count_spans)


class Monitor:
    """Sees every answer after it is made, and changes none.

    Args:
        settings: Share of messages for the challenger.
        registry: Whose challenger.
        champion: Returns the pipeline that answers.
        telemetry: Counts, and gets spans if it has where to send them.
        writer: Records where the challenger labels otherwise; nothing waits for it.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        champion: Callable[[], Pipeline],
        telemetry: Telemetry,
        writer: Writer,
    ) -> None:
        self._telemetry = telemetry
        self._drift = Drift(telemetry.metrics.registry)

        def record(found: Disagreement) -> None:
            writer.submit(Work(lambda connection: add_disagreement(connection, found)))

        self.shadow = Shadow(settings, registry, champion, telemetry, record)

    def begin(self, live: Live) -> None:
        """Watch another bundle from now on."""
        model, gauge = live.pipeline.model, self._telemetry.metrics.bundle
        gauge.clear()
        gauge.labels(model.bundle, model.profile).set(1)
        self._drift.begin(read_baseline(live.folder))

    def saw(self, message: Message, result: TriageResult) -> None:
        """Take note of an answer."""
        metrics = self._telemetry.metrics
        for task, answer in result.labels.items():
            metrics.decision_of(metrics.task(task), answer.decision).inc()
        for step, ms in result.timings_ms.items():
            metrics.step_of(step).observe(ms / MS)
        metrics.suggested_of(result.suggestions.no_suggestion_reason or "suggested").inc()
        if self._telemetry.tracing:
            self._telemetry.tracing.steps(result.timings_ms)
        self._drift.add(message, result)
        self.shadow.offer(message, result)

    def close(self) -> None:
        """Stop scoring, and send the last spans."""
        self.shadow.close()
        if self._telemetry.tracing:
            self._telemetry.tracing.close()
