"""The running service: one pipeline over one knowledge base, with a journal beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Self
from uuid import uuid4

from triage.bundle.manifest import RETRIEVAL, read_json, read_manifest
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Article, Language, Message, Options, Suggestions, TriageResult
from triage.encoders.base import Vectors
from triage.errors import BundleError, CorruptBundleError, StoreError, TooLargeError
from triage.knowledge.finder import Tools, make_tools
from triage.knowledge.importer import import_articles, read_articles
from triage.knowledge.refresh import ArticleWatch
from triage.labeling.decision import too_short
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.storage.repositories import Entry
from triage.storage.store import Store
from triage.storage.writer import GroupWriter
from triage.suggest.draft import load_canned
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import Suggester
from triage.telemetry import Telemetry
from triage.text.clean import Cleaned, clean
from triage.text.language import LanguageIdentifier
from triage.text.limits import MAX_TEXT, check_limits
from triage.text.passages import cut
from triage.text.redact import redact

MS = 1000.0
LINGER_S = 0.05
"""How long a decision waits for others before it is written; no answer waits for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A search of the knowledge base without a message to label."""

    text: str
    top: int = 3
    min_confidence: float | None = None
    language: str | None = None
    brand: str | None = None
    audience: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """What works. Labelling goes on without the store; only the journal and imports need it."""

    serving: bool
    store: bool


class KnowledgeBase:
    """Suggestions for messages of a pipeline, by the rules of the context they came from.

    Args:
        suggester: Finds, ranks and drafts.
        now: Tells the time, to leave expired articles out.
    """

    def __init__(self, suggester: Suggester, now: Callable[[], datetime]) -> None:
        self.suggester = suggester
        self._now = now

    def suggest(
        self,
        message: Message,
        cleaned: Cleaned,
        language: Language,
        vector: Vectors,
        sentiment: str | None,
        top: int,
    ) -> Suggestions:
        """Suggest articles of the message's brand and audience."""
        filters = Filters(self._now().date(), message.context.brand, message.context.audience)
        query = Query(cleaned.text, language.code, vector, filters)
        return self.suggester.suggest(query, top, None, message.customer_name, sentiment)

    def answer(
        self, question: Question, text: str, language: Language, vector: Vectors
    ) -> Suggestions:
        """Suggest articles for a question of an agent."""
        filters = Filters(self._now().date(), question.brand, question.audience, question.tags)
        query = Query(text, language.code, vector, filters)
        return self.suggester.suggest(query, question.top, question.min_confidence)


class Service:
    """Answers messages and questions, and records what was decided.

    Args:
        settings: What the operator chose.
        pipeline: Labels and suggests.
        knowledge: The knowledge base of the pipeline; None where no calibrator fits its encoders.
        store: Owned by the service from here on.
        telemetry: Logger and metrics.
    """

    def __init__(
        self,
        settings: Settings,
        pipeline: Pipeline,
        knowledge: KnowledgeBase | None,
        store: Store,
        telemetry: Telemetry,
    ) -> None:
        self.settings = settings
        self.pipeline = pipeline
        self.telemetry = telemetry
        self._knowledge = knowledge
        self._store = store
        journal = store.journal(settings.store_text, lambda text: redact(text).text)
        self._writer = GroupWriter(journal.append, telemetry, linger_s=LINGER_S)
        self._watch = (
            ArticleWatch(store.articles, knowledge.suggester, telemetry) if knowledge else None
        )
        self._closed = False
        telemetry.metrics.bundle.labels(pipeline.model.bundle, pipeline.model.profile).set(1)

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
        folder = registry.find(settings.bundle)
        chosen = settings.profile or read_manifest(folder).default_profile
        bundle = load_bundle(folder, settings.encoders, chosen)
        store = Store.open(settings.store_url)
        try:
            tools = _tools(bundle, settings, telemetry)
            knowledge = _knowledge(settings, tools, _articles(settings, store, telemetry))
            pipeline = Pipeline(
                bundle,
                bundle.profile(settings.profile),
                tools.identifier if tools else LanguageIdentifier(bundle.manifest.languages),
                knowledge,
                registry.alias_of(settings.bundle),
            )
        except BaseException:
            store.close()
            raise
        telemetry.log.info(
            "service_loaded",
            bundle=bundle.id,
            profile=pipeline.profile.name,
            seconds=round(perf_counter() - begun, 2),
        )
        return cls(settings, pipeline, knowledge, store, telemetry)

    def classify(self, messages: Sequence[Message], options: Options) -> list[TriageResult]:
        """Answer messages in order and hand the decisions to the journal.

        A message without an id gets one. The answer does not wait for the journal.

        Raises:
            TooLargeError: When a part of a message is too long; then none is answered.
            InputError: When a part holds what is no text.
            UnknownTaskError: When a task is asked for that the bundle does not have.
        """
        for message in messages:
            check_limits(message)
        named = [one if one.id else replace(one, id=uuid4().hex) for one in messages]
        results = self.pipeline.run(named, options)
        now = datetime.now(UTC)
        for message, result in zip(named, results, strict=True):
            self._writer.submit(Entry(message, result, now))
            self._count(result)
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
        language = self.pipeline.identifier.identify(text, question.language)
        if too_short(text) or not language.supported:
            return Suggestions((), "abstained"), language
        if self._knowledge is None:
            return Suggestions((), "empty_knowledge_base"), language
        encoders, profile = self.pipeline.bundle.encoders, self.pipeline.profile
        vector = encoders.encode([text], [language.code], profile)[0]
        found = self._knowledge.answer(question, text, language, vector)
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
        self._closed = True
        if self._watch:
            self._watch.close()
        self._writer.close()
        self._store.close()

    def _count(self, result: TriageResult) -> None:
        metrics = self.telemetry.metrics
        for task, answer in result.labels.items():
            metrics.decisions.labels(task, answer.decision).inc()
        for step, ms in result.timings_ms.items():
            metrics.steps.labels(step).observe(ms / MS)
        metrics.suggested.labels(result.suggestions.no_suggestion_reason or "suggested").inc()


def _tools(bundle: Bundle, settings: Settings, telemetry: Telemetry) -> Tools | None:
    """Take the calibrator of the bundle or the shipped one; a foreign encoder may have none."""
    shipped = settings.encoders / RETRIEVAL
    content = bundle.retrieval or (read_json(shipped) if shipped.is_file() else {})
    profile, languages = bundle.profile(settings.profile), bundle.manifest.languages
    try:
        return make_tools(bundle.encoders, profile, content, languages)
    except CorruptBundleError:
        raise
    except BundleError as error:
        telemetry.log.warning("suggestions_off", reason=error.problem)
        return None


def _articles(settings: Settings, store: Store, telemetry: Telemetry) -> tuple[Article, ...]:
    """List the stored articles; a store without any takes in the shipped ones."""
    stored = store.articles.list_articles()
    folder = settings.data / "articles"
    if stored or not folder.is_dir():
        return stored
    report = import_articles(read_articles(folder), store.articles)
    telemetry.log.info("articles_imported", articles=report.added)
    return store.articles.list_articles()


def _knowledge(
    settings: Settings, tools: Tools | None, articles: Sequence[Article]
) -> KnowledgeBase | None:
    if tools is None:
        return None
    cuts = [(article, cut(article)) for article in articles]
    index = PassageIndex.build(cuts, tools.encoders, tools.profile)
    folder = settings.data / "canned"
    canned = load_canned(folder) if folder.is_dir() else {}
    return KnowledgeBase(Suggester(index, tools.calibrator, canned), lambda: datetime.now(UTC))
