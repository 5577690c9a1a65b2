"""What answers at one moment: a bundle in a profile with the knowledge base beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

from triage.bundle.manifest import RETRIEVAL, read_json, read_manifest
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Article, Language, Message, Options, Suggestions
from triage.encoders.base import Vectors
from triage.encoders.static import StaticEncoder
from triage.errors import BundleError, CorruptBundleError
from triage.knowledge.finder import Tools, make_tools
from triage.knowledge.rankers import Rankers
from triage.knowledge.refresh import ArticleWatch, brought_up
from triage.knowledge.remembering import HistoryWatch
from triage.knowledge.vectors import remember
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.storage.store import Store
from triage.storage.uses import Uses
from triage.suggest.draft import load_canned
from triage.suggest.embedding import Embedder
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import Suggester
from triage.telemetry import Telemetry
from triage.text.clean import Cleaned
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


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """What answers; replaced as a whole, so that no request sees parts of two bundles.

    Args:
        folder: Of the bundle.
        pipeline: Labels and suggests.
        knowledge: The knowledge base of the pipeline; None where no calibrator fits its encoders.
    """

    folder: Path
    pipeline: Pipeline
    knowledge: KnowledgeBase | None

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


class KnowledgeWatch:
    """Keeps a knowledge base at what the store holds: its articles, and what became of them.

    Args:
        suggester: Of the knowledge base.
        store: Its articles and feedback.
        home: Its rankers.
        telemetry: Hears of what changed.
        before: Of the bundle that answered before.
    """

    def __init__(
        self,
        suggester: Suggester,
        store: Store,
        home: Path,
        telemetry: Telemetry,
        before: "KnowledgeWatch | None" = None,
    ) -> None:
        self._articles = ArticleWatch(store.articles, suggester, telemetry)
        self.history: HistoryWatch = HistoryWatch(
            Uses(store.engine),
            Rankers(home),
            suggester,
            telemetry,
            before=before.history if before else None,
        )

    def close(self) -> None:
        """Stop looking."""
        self._articles.close()
        self.history.close()


def open_live(
    settings: Settings,
    folder: Path,
    alias: str,
    articles: Articles,
    telemetry: Telemetry,
    before: Sequence[Live] = (),
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
    knowledge = _knowledge(settings, tools, articles, index, telemetry)
    identifier = tools.identifier if tools else LanguageIdentifier(bundle.manifest.languages)
    profile = bundle.profile(settings.profile)
    return Live(folder, Pipeline(bundle, profile, identifier, knowledge, alias), knowledge)


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


def _knowledge(
    settings: Settings,
    tools: Tools | None,
    articles: Articles,
    index: PassageIndex | None,
    telemetry: Telemetry,
) -> KnowledgeBase | None:
    if tools is None:
        return None
    if index is None:
        embedder = Embedder(tools.encoders, tools.profile)
        remembering = remember(embedder, settings.home / VECTORS, telemetry)
        index = PassageIndex.embed([(one, cut(one)) for one in articles()], remembering)
    folder = settings.data / "canned"
    canned = load_canned(folder) if folder.is_dir() else {}
    return KnowledgeBase(Suggester(index, tools.calibrator, canned), lambda: datetime.now(UTC))
