"""What answers at one moment: a bundle in a profile with the knowledge base beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

from triage.bundle.manifest import RETRIEVAL, read_json, read_manifest
from triage.bundle.store import Bundle, load_bundle
from triage.domain import (
    Article,
    Context,
    LabelResult,
    Language,
    Message,
    Options,
    Suggestions,
    Waiting,
)
from triage.encoders.base import Vectors
from triage.encoders.static import StaticEncoder
from triage.errors import BundleError, CorruptBundleError
from triage.knowledge.finder import Tools, make_tools
from triage.knowledge.refresh import brought_up
from triage.knowledge.vectors import remember
from triage.pipeline import Case, Pipeline
from triage.settings import Settings
from triage.suggest.draft import Recipient
from triage.suggest.embedding import Embedder
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import Asked, Suggester
from triage.suggest.voice.tone import tone_of
from triage.suggest.voice.voices import SILENT, Voices, load_voices
from triage.suggest.voice.waiting import is_live
from triage.telemetry import Telemetry
from triage.text.language import LanguageIdentifier
from triage.text.passages import cut

SHORT_TEXT = 2_000
"""Most characters of a message that is answered on the event loop."""
QUICK_PASSAGES = 10_000
"""Most passages that are searched in less than a millisecond."""
Articles = Callable[[], Sequence[Article]]
KEEP_S = 600.0
"""How long a bundle that was replaced stays in memory."""
VECTORS = "vectors"
"""Folder of the home where passage vectors are kept between runs."""


Measured = Callable[[str | None], Waiting | None]
"""Returns how long answers to a brand take, where enough were sent of late."""


def nothing_measured(_brand: str | None) -> None:
    """Know of no waiting time."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Where waiting times come from: the desk's own figure first, then what was measured here.

    Args:
        max_age: Age up to which a figure is told.
        measured: Returns what was measured here.
    """

    max_age: timedelta = timedelta(0)
    measured: Measured = nothing_measured

    def of(self, context: Context, now: datetime) -> Waiting | None:
        """Return the waiting time that a draft may tell; None where none was just measured."""
        found = context.waiting or self.measured(context.brand)
        return found if found and is_live(found, now, self.max_age) else None


NO_WAITS = Waits()


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


class KnowledgeBase:
    """Suggestions for messages of a pipeline, by the rules of the context they came from.

    Args:
        suggester: Finds, ranks and drafts.
        now: Tells the time, to leave expired articles out.
        waiting: How waiting times are known, for drafts.
    """

    def __init__(
        self, suggester: Suggester, now: Callable[[], datetime], waiting: Waits = NO_WAITS
    ) -> None:
        self.suggester = suggester
        self._now = now
        self._waiting = waiting

    def suggest(self, cases: Sequence[Case], top: int) -> list[Suggestions]:
        """Suggest articles of each message's brand and audience."""
        now = self._now()
        return self.suggester.suggest_all([self._asked(case, now) for case in cases], top)

    def _asked(self, case: Case, now: datetime) -> Asked:
        message, text, language = case.message, case.cleaned.text, case.language.code
        context = message.context
        filters = Filters(now.date(), context.brand, context.audience)
        recipient = Recipient(
            message.customer_name,
            tone_of(_given(case.labels, "sentiment"), text, language),
            _given(case.labels, "priority"),
            context.brand,
            self._waiting.of(context, now),
        )
        return Asked(Query(text, language, case.vector, filters), recipient)

    def answer(
        self, question: Question, text: str, language: Language, vector: Vectors
    ) -> Suggestions:
        """Suggest articles for a question of an agent."""
        filters = Filters(self._now().date(), question.brand, question.audience, question.tags)
        query = Query(text, language.code, vector, filters)
        recipient = Recipient(brand=question.brand)
        return self.suggester.suggest(query, question.top, question.min_confidence, recipient)


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """What answers; replaced as a whole, so that no request sees parts of two bundles.

    Args:
        folder: Of the bundle.
        pipeline: Labels and suggests.
        knowledge: The knowledge base of the pipeline; None where no calibrator fits its encoders.
        voices: Canned text, of drafts and for agents to pick from.
    """

    folder: Path
    pipeline: Pipeline
    knowledge: KnowledgeBase | None
    voices: Voices = SILENT

    def is_short(self, message: Message, options: Options) -> bool:
        """Tell whether answering takes less than handing a message to a thread and back."""
        small = len(message.text) + len(message.subject) <= SHORT_TEXT
        plain = message.content_type == "text/plain" and not options.explain
        return small and plain and self._is_quick

    @property
    def _is_quick(self) -> bool:
        if self.knowledge and self.knowledge.suggester.index.size > QUICK_PASSAGES:
            return False
        encoders = self.pipeline.bundle.encoders.encoders
        routes = self.pipeline.profile.routes.values()
        return all(isinstance(encoders[name], StaticEncoder) for name in routes)


class Former:
    """What answered before, kept for a while: most rollbacks come soon, and must be quick.

    Args:
        keep_s: How long it is kept, in seconds; its encoders and index take memory as long.
    """

    def __init__(self, keep_s: float = KEEP_S) -> None:
        self._keep_s = keep_s
        self._live: Live | None = None
        self._timer: Timer | None = None

    def put(self, live: Live) -> None:
        """Keep this one from now on."""
        self.forget()
        self._live = live
        self._timer = Timer(self._keep_s, self.forget)
        self._timer.daemon = True
        self._timer.start()

    def listed(self) -> tuple[Live, ...]:
        """List what is kept: one or none."""
        live = self._live
        return (live,) if live else ()

    def forget(self) -> None:
        """Keep nothing."""
        if self._timer:
            self._timer.cancel()
        self._live = self._timer = None


def open_live(
    settings: Settings,
    folder: Path,
    alias: str,
    articles: Articles,
    telemetry: Telemetry,
    before: Sequence[Live] = (),
    measured: Measured = nothing_measured,
) -> Live:
    """Load a bundle and index the articles for it.

    Args:
        settings: What the operator chose.
        folder: Of the bundle.
        alias: The name that led to it, for the answers.
        articles: Lists the articles; asked only where an index must be built.
        telemetry: Hears when no article can be suggested.
        before: What answers now, and what did before; encoders that are the same are taken over,
            and so is the index of one whose encoders are all the same.
        measured: Returns how long answers to a brand take, where that is measured.

    Raises:
        BundleError: When the bundle is missing, corrupt, or has no such profile.
        EncoderError: When an encoder is missing or broken.
        ConfigError: When the canned responses are broken.
    """
    chosen = settings.profile or read_manifest(folder).default_profile
    loaded = [one for live in before for one in live.pipeline.bundle.encoders.encoders.values()]
    bundle = load_bundle(folder, settings.encoders, chosen, loaded=loaded)
    twin = next((live for live in before if same_encoders(bundle, chosen, live.pipeline)), None)
    if twin:
        bundle = replace(bundle, encoders=twin.pipeline.bundle.encoders)
    tools = _tools(bundle, settings, telemetry)
    index = twin.knowledge.suggester.index if twin and twin.knowledge else None
    if index is not None and twin is not before[0]:
        index, _ = brought_up(index, articles())
    voices = load_voices(settings.data) if (settings.data / "canned").is_dir() else SILENT
    knowledge = None
    if tools:
        found = _indexed(settings, tools, articles, telemetry) if index is None else index
        known = measured if settings.waiting == "journal" else nothing_measured
        waits = Waits(timedelta(minutes=settings.waiting_max_age_min), known)
        knowledge = KnowledgeBase(
            Suggester(found, tools.calibrator, voices), lambda: datetime.now(UTC), waits
        )
    identifier = tools.identifier if tools else LanguageIdentifier(bundle.manifest.languages)
    profile = bundle.profile(settings.profile)
    pipeline = Pipeline(bundle, profile, identifier, knowledge, alias)
    return Live(folder, pipeline, knowledge, voices)


def same_encoders(bundle: Bundle, profile: str, before: Pipeline) -> bool:
    """Tell whether a bundle encodes in a profile exactly as a pipeline does."""
    mine = {name: one.fingerprint for name, one in bundle.encoders.encoders.items()}
    theirs = {name: one.fingerprint for name, one in before.bundle.encoders.encoders.items()}
    return mine == theirs and bundle.profile(profile) == before.profile


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


def _indexed(
    settings: Settings, tools: Tools, articles: Articles, telemetry: Telemetry
) -> PassageIndex:
    embedder = Embedder(tools.encoders, tools.profile)
    remembering = remember(embedder, settings.home / VECTORS, telemetry)
    return PassageIndex.embed([(one, cut(one)) for one in articles()], remembering)


def _given(labels: Mapping[str, LabelResult], task: str) -> str | None:
    return labels[task].label if task in labels else None
