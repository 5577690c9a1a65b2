"""The running service: one pipeline over one knowledge base, with a journal beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, perf_counter
from typing import Self

from triage.access.keyring import Keyring
from triage.bundle.registry import Registry
from triage.bundle.watch import AliasWatch
from triage.domain import (
    Article,
    Language,
    Message,
    Options,
    Origin,
    Readiness,
    Suggestions,
    TriageResult,
)
from triage.errors import StoreError, TooLargeError
from triage.knowledge.importer import import_articles, read_articles
from triage.knowledge_watch import KnowledgeWatch
from triage.labeling.decision import too_short
from triage.live import Former, Live, Question, open_live
from triage.memory import settle
from triage.monitor import Monitor, trace_if_wanted
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.storage import erasure
from triage.storage.articles import ArticleRepository
from triage.storage.journal import Entry, new_id
from triage.storage.store import Store
from triage.storage.sweep import Sweep
from triage.storage.work import open_writer, wait_for
from triage.storage.writer import DRAIN_S
from triage.suggest.voice.voices import Voices
from triage.telemetry import Telemetry
from triage.text.clean import clean
from triage.text.limits import MAX_TEXT, check_limits
from triage.text.redact import redact
from triage.writes.labels import known_labels
from triage.writes.opened import open_writes

LINGER_S = 0.05
"""How long a decision waits for others before it is written; no answer waits for it."""
LAST_S = 1.0
"""What the journal gets at least for its last rows, however late it is."""


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
        self.keyring = Keyring(store.keys, telemetry)
        self._live = live
        self._former = Former()
        self.store = store
        journal = store.journal(settings.store_text, lambda text: redact(text).text)
        self._writer = open_writer(store.engine, journal, telemetry, LINGER_S)
        self.writes = open_writes(
            store, journal, self._writer, self._labels, settings.home, telemetry
        )
        self._sweep = Sweep(self._writer, settings.retention_days, telemetry)
        self._knowledge = self._watched(live, None)
        self._closed = False
        self._stop_by: float | None = None
        self._swap = Lock()
        self.monitor = Monitor(
            settings, self.registry, lambda: self.pipeline, telemetry, self._writer
        )
        self.monitor.begin(live)
        self._watch = self._followed()

    @classmethod
    def open(cls, settings: Settings, telemetry: Telemetry | None = None) -> Self:
        """Load the bundle, open the store, and index its articles.

        An empty store takes in the articles of ``settings.data`` first.

        Raises:
            BundleError: When the bundle is missing, corrupt, or has no such profile.
            StoreError: When the store cannot be opened.
            ArticleError: When an article cannot be used; names the file and the fix.
            ConfigError: When the canned responses are broken, or spans are to be sent and
                OpenTelemetry is not installed.
        """
        begun = perf_counter()
        telemetry = telemetry or Telemetry(settings.log_level)
        trace_if_wanted(settings, telemetry)
        registry = Registry(settings.home, settings.models)
        folder, alias = registry.find(settings.bundle), registry.alias_of(settings.bundle)
        store = Store.open(settings.store_url)

        def articles() -> Sequence[Article]:
            return known_articles(settings, store, telemetry)

        try:
            erasure.catch_up(store.engine, settings.home / erasure.FILE)
            live = open_live(settings, folder, alias, articles, telemetry, measured=store.waits.of)
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
    def articles(self) -> ArticleRepository:
        """The articles of the store."""
        return self.store.articles

    @property
    def voices(self) -> Voices:
        """The canned text of drafts, and the responses that agents pick from."""
        return self._live.voices

    @property
    def bundle_fault(self) -> str | None:
        """Code of the error that keeps the service from following its alias, if one does."""
        return self._watch.fault if self._watch else None

    def follow(self, folder: Path) -> None:
        """Answer from another bundle from now on; requests in progress end on the old one.

        Raises:
            TriageError: When the bundle cannot serve; then nothing changes.
        """
        begun, alias = perf_counter(), self._live.pipeline.model.alias
        listed, known = self.store.articles.list_articles, self.store.waits.of
        before = (self._live, *self._former.listed())
        live = open_live(self.settings, folder, alias, listed, self.telemetry, before, known)
        with self._swap:
            if self._closed:
                return
            old, self._knowledge = self._knowledge, self._watched(live, self._knowledge)
            self._former.put(self._live)
            self._live = live
        self.monitor.begin(live)
        if old:
            old.close()
        settle()
        self.telemetry.log.info(
            "bundle_followed",
            bundle=live.pipeline.bundle.id,
            alias=alias,
            seconds=round(perf_counter() - begun, 2),
        )

    def is_short(self, message: Message, options: Options) -> bool:
        """Tell whether answering takes about a millisecond at most, by what it depends on."""
        return self._live.is_short(message, options)

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
        named = [one if one.id else replace(one, id=new_id()) for one in messages]
        results = self._live.pipeline.run(named, options)
        now = datetime.now(UTC)
        written = []
        for message, result in zip(named, results, strict=True):
            written.append(self._writer.submit(Entry(message, result, now), urgent=durable))
            self.monitor.saw(message, result)
        if durable:
            wait_for(written)
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
        self.telemetry.metrics.suggested_of(found.no_suggestion_reason or "suggested").inc()
        return found, language

    def readiness(self) -> Readiness:
        """Tell what works; a failed journal heals with the next row that is written."""
        serving = not self._closed and not self.draining
        try:
            self.store.check()
        except StoreError:
            return Readiness(serving, store=False, journal=False)
        return Readiness(serving, store=True, journal=not self._writer.failing)

    @property
    def draining(self) -> bool:
        """Whether the service will stop soon; it answers until then."""
        return self._stop_by is not None

    def drain(self, stop_by: float) -> None:
        """Say that the service will stop: it is not ready from now on, and answers until closed.

        Only sets a mark, so that a signal handler may call it.

        Args:
            stop_by: When all must be written, on the monotonic clock, in seconds.
        """
        self._stop_by = stop_by

    def close(self) -> None:
        """Write what the journal still waits for, and close the store."""
        if self._watch:
            self._watch.close()
        with self._swap:
            self._closed = True
            self._former.forget()
        if self._knowledge:
            self._knowledge.close()
        self._sweep.close()
        self.monitor.close()
        left = DRAIN_S if self._stop_by is None else self._stop_by - monotonic()
        self._writer.close(max(LAST_S, left))
        self.keyring.close()
        self.store.close()

    def _labels(self, bundle: str) -> Mapping[str, set[str]]:
        return known_labels(self.pipeline, self.registry, bundle)

    def _watched(self, live: Live, before: KnowledgeWatch | None) -> KnowledgeWatch | None:
        if live.knowledge is None:
            return None
        suggester, home = live.knowledge.suggester, self.settings.home
        return KnowledgeWatch(suggester, self.store, home, self.telemetry, before)

    def _followed(self) -> AliasWatch | None:
        """Follow an alias; a bundle named by id or folder stays whatever is promoted."""
        name = self._live.pipeline.model.alias
        if not name:
            return None
        find = partial(self.registry.find, name)
        return AliasWatch(find, self._live.folder, self.follow, self.telemetry)


def known_articles(settings: Settings, store: Store, telemetry: Telemetry) -> tuple[Article, ...]:
    """List the stored articles; a store without any takes in the shipped ones."""
    stored = store.articles.list_articles()
    folder = settings.data / "articles"
    if stored or not folder.is_dir():
        return stored
    shipped = Origin("ship", by="triage serve")
    report = import_articles(read_articles(folder), store.articles, origin=shipped)
    telemetry.log.info("articles_imported", articles=report.added)
    return store.articles.list_articles()
