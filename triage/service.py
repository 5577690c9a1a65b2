"""The running service: one pipeline over one knowledge base, with a journal beside it."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, perf_counter
from typing import Self
from uuid import uuid4

from triage.bundle.registry import Registry
from triage.bundle.watch import AliasWatch
from triage.domain import Article, Language, Message, Options, Suggestions, TriageResult
from triage.errors import StoreError, TooLargeError
from triage.knowledge.importer import import_articles, read_articles
from triage.knowledge.refresh import ArticleWatch
from triage.labeling.decision import too_short
from triage.live import Live, Question, open_live
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.storage.repositories import Entry
from triage.storage.store import Store
from triage.storage.writer import GroupWriter
from triage.telemetry import Telemetry
from triage.text.clean import clean
from triage.text.limits import MAX_TEXT, check_limits
from triage.text.redact import redact

MS = 1000.0
SHORT_TEXT = 2_000
"""Most characters of a message that is answered on the event loop."""
DURABLE_S = 5.0
"""Longest wait for a decision to be on the disk."""
LINGER_S = 0.05
"""How long a decision waits for others before it is written; no answer waits for it."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What works. Labelling goes on without the store; only the journal and imports need it."""

    serving: bool
    store: bool


class Service:
    """Answers messages and questions, and records what was decided.

    Args:
        settings: What the operator chose.
        live: What answers at first; replaced when the alias that it came from moves.
        store: Owned by the service from here on.
        telemetry: Logger and metrics.
    """

    def __init__(self, settings: Settings, live: Live, store: Store, telemetry: Telemetry) -> None:
        self.settings = settings
        self.registry = Registry(settings.home, settings.models)
        self.telemetry = telemetry
        self._live = live
        self._store = store
        journal = store.journal(settings.store_text, lambda text: redact(text).text)
        self._writer = GroupWriter(journal.append, telemetry, linger_s=LINGER_S)
        self._articles = self._watched(live)
        self._closed = False
        self._swap = Lock()
        self._watch = self._followed()
        self._show(live)

    @classmethod
    def open(cls, settings: Settings, telemetry: Telemetry | None = None) -> Self:
        """Load the bundle, open the store, and index its articles.

        An empty store takes in the articles of ``settings.data`` first.

        Raises:
            BundleError: When the bundle is missing, corrupt, or has no such profile.
            StoreError: When the store cannot be opened.
            ArticleError: When an article cannot be used; names the file and the fix.
            ConfigError: When the canned responses are broken.
        """
        begun = perf_counter()
        telemetry = telemetry or Telemetry(settings.log_level)
        registry = Registry(settings.home, settings.models)
        folder, alias = registry.find(settings.bundle), registry.alias_of(settings.bundle)
        store = Store.open(settings.store_url)

        def articles() -> Sequence[Article]:
            return _articles(settings, store, telemetry)

        try:
            live = open_live(settings, folder, alias, articles, telemetry)
        except BaseException:
            store.close()
            raise
        telemetry.log.info(
            "service_loaded",
            bundle=live.pipeline.bundle.id,
            profile=live.pipeline.profile.name,
            seconds=round(perf_counter() - begun, 2),
        )
        return cls(settings, live, store, telemetry)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that answers now."""
        return self._live.pipeline

    @property
    def bundle_fault(self) -> str | None:
        """Code of the error that keeps the service from following its alias, if one does."""
        return self._watch.fault if self._watch else None

    def follow(self, folder: Path) -> None:
        """Answer from another bundle from now on; requests in progress end on the old one.

        Raises:
            TriageError: When the bundle cannot serve; then nothing changes.
        """
        begun = perf_counter()
        alias = self._live.pipeline.model.alias
        listed = self._store.articles.list_articles
        live = open_live(self.settings, folder, alias, listed, self.telemetry, self._live)
        with self._swap:
            if self._closed:
                return
            old, self._articles = self._articles, self._watched(live)
            self._live = live
        self._show(live)
        if old:
            old.close()
        self.telemetry.log.info(
            "bundle_followed",
            bundle=live.pipeline.bundle.id,
            alias=alias,
            seconds=round(perf_counter() - begun, 2),
        )

    def is_short(self, message: Message, options: Options) -> bool:
        """Tell whether answering takes about a millisecond at most, by what it depends on."""
        small = len(message.text) + len(message.subject) <= SHORT_TEXT
        plain = message.content_type == "text/plain" and not options.explain
        return small and plain and self._live.is_quick

    def classify(
        self, messages: Sequence[Message], options: Options, *, durable: bool = False
    ) -> list[TriageResult]:
        """Answer messages in order and hand the decisions to the journal.

        A message without an id gets one. The answer does not wait for the journal, unless it is
        asked to be durable.

        Raises:
            TooLargeError: When a part of a message is too long; then none is answered.
            InputError: When a part holds what is no text.
            UnknownTaskError: When a task is asked for that the bundle does not have.
            StoreError: When a decision that must be durable cannot be recorded.
        """
        for message in messages:
            check_limits(message)
        named = [one if one.id else replace(one, id=uuid4().hex) for one in messages]
        results = self._live.pipeline.run(named, options)
        now = datetime.now(UTC)
        written = []
        for message, result in zip(named, results, strict=True):
            written.append(self._writer.submit(Entry(message, result, now)))
            self._count(result)
        if durable:
            _wait(written)
        return results

    def suggest(self, question: Question) -> tuple[Suggestions, Language]:
        """Search the knowledge base with a question, in whatever language it is.

        Raises:
            TooLargeError: When the question is too long.
            InputError: When it holds what is no text.
        """
        if len(question.text) > MAX_TEXT:
            raise TooLargeError(
                f"question has {len(question.text)} characters; {MAX_TEXT} are allowed.",
                fix="Ask in fewer words.",
                field="question",
            )
        message = Message(text=question.text, language=question.language)
        check_limits(message)
        text = clean(message).text
        live = self._live
        language = live.pipeline.identifier.identify(text, question.language)
        if too_short(text) or not language.supported:
            return Suggestions((), "abstained"), language
        if live.knowledge is None:
            return Suggestions((), "empty_knowledge_base"), language
        encoders, profile = live.pipeline.bundle.encoders, live.pipeline.profile
        vector = encoders.encode([text], [language.code], profile)[0]
        found = live.knowledge.answer(question, text, language, vector)
        self.telemetry.metrics.suggested.labels(found.no_suggestion_reason or "suggested").inc()
        return found, language

    def readiness(self) -> Readiness:
        """Tell what works; a failed journal heals with the next row that is written."""
        try:
            self._store.check()
        except StoreError:
            return Readiness(serving=not self._closed, store=False)
        return Readiness(serving=not self._closed, store=not self._writer.failing)

    def close(self) -> None:
        """Write what the journal still waits for, and close the store."""
        if self._watch:
            self._watch.close()
        with self._swap:
            self._closed = True
        if self._articles:
            self._articles.close()
        self._writer.close()
        self._store.close()

    def _watched(self, live: Live) -> ArticleWatch | None:
        if live.knowledge is None:
            return None
        return ArticleWatch(self._store.articles, live.knowledge.suggester, self.telemetry)

    def _followed(self) -> AliasWatch | None:
        """Follow an alias; a bundle named by id or folder stays whatever is promoted."""
        name = self._live.pipeline.model.alias
        if not name:
            return None
        find = partial(self.registry.find, name)
        return AliasWatch(find, self._live.folder, self.follow, self.telemetry)

    def _show(self, live: Live) -> None:
        model, gauge = live.pipeline.model, self.telemetry.metrics.bundle
        gauge.clear()
        gauge.labels(model.bundle, model.profile).set(1)

    def _count(self, result: TriageResult) -> None:
        metrics = self.telemetry.metrics
        for task, answer in result.labels.items():
            metrics.decisions.labels(task, answer.decision).inc()
        for step, ms in result.timings_ms.items():
            metrics.steps.labels(step).observe(ms / MS)
        metrics.suggested.labels(result.suggestions.no_suggestion_reason or "suggested").inc()


def _wait(written: Sequence[Future[None]]) -> None:
    """Wait until rows are on the disk."""
    end = monotonic() + DURABLE_S
    for future in written:
        try:
            future.result(max(0.0, end - monotonic()))
        except TimeoutError:
            raise StoreError(
                f"The decision was not recorded within {DURABLE_S:g} seconds.",
                fix="Ask again later; it may be recorded yet.",
            ) from None


def _articles(settings: Settings, store: Store, telemetry: Telemetry) -> tuple[Article, ...]:
    """List the stored articles; a store without any takes in the shipped ones."""
    stored = store.articles.list_articles()
    folder = settings.data / "articles"
    if stored or not folder.is_dir():
        return stored
    report = import_articles(read_articles(folder), store.articles)
    telemetry.log.info("articles_imported", articles=report.added)
    return store.articles.list_articles()
