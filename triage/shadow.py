"""Let the challenger label a share of the messages that the champion answers, off their path.

What the challenger says answers nobody. One thread does its work, a few messages wait for it, and
where those are too many, or the challenger fails, nothing but a counter tells.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Full, Queue
from threading import Lock, Thread
from zlib import crc32

from triage.bundle.manifest import read_manifest
from triage.bundle.registry import CHALLENGER, Registry
from triage.bundle.store import load_bundle
from triage.bundle.watch import EVERY_S, AliasWatch
from triage.domain import Message, Options, TriageResult
from triage.live import same_encoders
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.storage.disagreements import Disagreement, disagreement_of
from triage.telemetry import Telemetry, place
from triage.text.language import LanguageIdentifier

CAPACITY = 256
"""Messages that may wait for the challenger."""
STOP_S = 2.0
"""Longest wait for a message in progress when the service stops."""
NOBODY = Path()
"""Stands for the folder of a challenger where none is named."""
HASHES = 2**32

Item = tuple[Message, TriageResult]


@dataclass(slots=True)
class Compared:
    """How the challenger labelled a task beside the champion."""

    messages: int = 0
    agreed: int = 0
    gained: float = 0.0
    """Sum of the challenger's confidence less the champion's."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A challenger beside the champion that it was compared with, since both stand."""

    bundle: str
    champion: str
    messages: int
    tasks: dict[str, Compared]


class Shadow:
    """Follows the alias ``challenger`` and scores with what it names.

    Args:
        settings: Share of messages, profile and encoders.
        registry: Whose alias.
        champion: Returns the pipeline that answers; a challenger shares its encoders where they
            are the same.
        telemetry: Counts, and hears once of each challenger that fails.
        record: Takes what the two label differently; returns at once.
        every_s: Time between two looks at the alias, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        champion: Callable[[], Pipeline],
        telemetry: Telemetry,
        record: Callable[[Disagreement], None],
        every_s: float = EVERY_S,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._champion = champion
        self._telemetry = telemetry
        self._record = record
        self._pipeline: Pipeline | None = None
        self._comparison: Comparison | None = None
        self._failed = False
        self._lock = Lock()
        self._queue: Queue[Item | None] = Queue(CAPACITY)
        self._thread = Thread(target=self._run, name="challenger", daemon=True)
        self._thread.start()
        self._watch = AliasWatch(
            self._named, NOBODY, self.follow, telemetry, every_s, alias=CHALLENGER
        )

    @property
    def fault(self) -> str | None:
        """Code of the error that keeps the named challenger from being loaded, if one does."""
        return self._watch.fault

    @property
    def pipeline(self) -> Pipeline | None:
        """The challenger, where one is loaded."""
        return self._pipeline

    def offer(self, message: Message, result: TriageResult) -> None:
        """Hand over an answered message; returns at once, whatever happens to it."""
        if self._pipeline is None or not self._chosen(result.id):
            return
        try:
            self._queue.put_nowait((message, result))
        except Full:
            self._telemetry.metrics.shadowed.labels("dropped").inc()

    def follow(self, folder: Path) -> None:
        """Score with another challenger from now on, or with none.

        Raises:
            TriageError: When the bundle cannot serve; then there is no challenger.
        """
        with self._lock:
            self._pipeline = self._comparison = None
        if folder == NOBODY:
            return
        loaded = self._load(folder)
        with self._lock:
            self._pipeline, self._failed = loaded, False
        self._telemetry.log.info("challenger_loaded", bundle=loaded.bundle.id, alias=CHALLENGER)

    def comparison(self) -> Comparison | None:
        """Return what came of it so far; None where there is no challenger."""
        with self._lock:
            if self._pipeline is None:
                return None
            found = self._comparison or self._fresh(self._pipeline, self._champion().bundle.id)
            return replace(found, tasks={task: replace(one) for task, one in found.tasks.items()})

    def close(self) -> None:
        """Stop; what waits is forgotten."""
        self._watch.close()
        with self._lock:
            self._pipeline = None
        with suppress(Full):
            # The thread finds no challenger, so it passes over all that waits within moments.
            self._queue.put(None, timeout=STOP_S)
        self._thread.join(STOP_S)

    def _named(self) -> Path:
        named = self._settings.shadow_share > 0 and CHALLENGER in self._registry.aliases()
        return self._registry.find(CHALLENGER) if named else NOBODY

    def _chosen(self, message_id: str) -> bool:
        """Choose by the id, so that all replicas and retries choose the same messages."""
        return crc32(message_id.encode()) < self._settings.shadow_share * HASHES

    def _load(self, folder: Path) -> Pipeline:
        settings = self._settings
        profile = settings.profile or read_manifest(folder).default_profile
        bundle = load_bundle(folder, settings.encoders, profile)
        champion = self._champion()
        if same_encoders(bundle, profile, champion):
            bundle = replace(bundle, encoders=champion.bundle.encoders)
        identifier = LanguageIdentifier(bundle.manifest.languages)
        return Pipeline(bundle, bundle.profile(profile), identifier, alias=CHALLENGER)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            pipeline = self._pipeline
            if pipeline is None:
                continue
            try:
                self._score(pipeline, *item)
            except Exception as error:  # noqa: BLE001 - a challenger may fail in any way it likes
                self._fail(pipeline, error)

    def _score(self, pipeline: Pipeline, message: Message, result: TriageResult) -> None:
        tasks = tuple(task for task in result.labels if task in pipeline.labeler.tasks)
        if not tasks:
            self._telemetry.metrics.shadowed.labels("no_task").inc()
            return
        theirs = pipeline.run([message], Options(suggestions=0, tasks=tasks))[0]
        with self._lock:
            if pipeline is self._pipeline:
                self._compare(pipeline, result, theirs)
        differing = disagreement_of(message, result, theirs)
        if differing:
            self._record(differing)
        self._telemetry.metrics.shadowed.labels("scored").inc()

    def _compare(self, pipeline: Pipeline, mine: TriageResult, theirs: TriageResult) -> None:
        now = self._comparison
        if now is None or now.champion != mine.model.bundle:
            now = self._fresh(pipeline, mine.model.bundle)
        for task, answer in theirs.labels.items():
            agreed = answer.top_label == mine.labels[task].top_label
            tally = now.tasks.setdefault(task, Compared())
            tally.messages += 1
            tally.agreed += agreed
            tally.gained += answer.confidence - mine.labels[task].confidence
            metrics = self._telemetry.metrics
            metrics.agreement.labels(metrics.task(task), "yes" if agreed else "no").inc()
        self._comparison = replace(now, messages=now.messages + 1)

    @staticmethod
    def _fresh(pipeline: Pipeline, champion: str) -> Comparison:
        return Comparison(pipeline.bundle.id, champion, 0, {})

    def _fail(self, pipeline: Pipeline, error: Exception) -> None:
        self._telemetry.metrics.shadowed.labels("failed").inc()
        if not self._failed:
            self._failed = True
            self._telemetry.log.error(
                "challenger_failed",
                bundle=pipeline.bundle.id,
                error=type(error).__name__,
                where=place(error),
            )
