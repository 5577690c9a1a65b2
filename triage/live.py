"""What answers at one moment: a bundle in a profile with the knowledge base beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from triage.bundle.manifest import RETRIEVAL, read_json, read_manifest
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Article, Language, Message, Suggestions
from triage.encoders.base import Vectors
from triage.encoders.static import StaticEncoder
from triage.errors import BundleError, CorruptBundleError
from triage.knowledge.finder import Tools, make_tools
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.suggest.draft import load_canned
from triage.suggest.index import PassageIndex
from triage.suggest.query import Filters, Query
from triage.suggest.suggester import Suggester
from triage.telemetry import Telemetry
from triage.text.clean import Cleaned
from triage.text.language import LanguageIdentifier
from triage.text.passages import cut

QUICK_PASSAGES = 10_000
"""Most passages that are searched in less than a millisecond."""
Articles = Callable[[], Sequence[Article]]


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

    @property
    def is_quick(self) -> bool:
        """Tell whether a short message takes less than handing it to a thread and back."""
        passages = len(self.knowledge.suggester.index.passages) if self.knowledge else 0
        encoders = self.pipeline.bundle.encoders.encoders
        routes = self.pipeline.profile.routes.values()
        tables = all(isinstance(encoders[name], StaticEncoder) for name in routes)
        return tables and passages <= QUICK_PASSAGES


def open_live(
    settings: Settings,
    folder: Path,
    alias: str,
    articles: Articles,
    telemetry: Telemetry,
    before: Live | None = None,
) -> Live:
    """Load a bundle and index the articles for it.

    Args:
        settings: What the operator chose.
        folder: Of the bundle.
        alias: The name that led to it, for the answers.
        articles: Lists the articles; asked only where an index must be built.
        telemetry: Hears when no article can be suggested.
        before: What answers now; its encoders and index are taken over where they are the same.

    Raises:
        BundleError: When the bundle is missing, corrupt, or has no such profile.
        EncoderError: When an encoder is missing or broken.
        ConfigError: When the canned responses are broken.
    """
    chosen = settings.profile or read_manifest(folder).default_profile
    bundle = load_bundle(folder, settings.encoders, chosen)
    shared = before is not None and _same_encoders(bundle, chosen, before.pipeline)
    if before is not None and shared:
        bundle = replace(bundle, encoders=before.pipeline.bundle.encoders)
    tools = _tools(bundle, settings, telemetry)
    index = before.knowledge.suggester.index if before and shared and before.knowledge else None
    knowledge = _knowledge(settings, tools, articles, index)
    identifier = tools.identifier if tools else LanguageIdentifier(bundle.manifest.languages)
    profile = bundle.profile(settings.profile)
    return Live(folder, Pipeline(bundle, profile, identifier, knowledge, alias), knowledge)


def _same_encoders(bundle: Bundle, profile: str, before: Pipeline) -> bool:
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
    settings: Settings, tools: Tools | None, articles: Articles, index: PassageIndex | None
) -> KnowledgeBase | None:
    if tools is None:
        return None
    if index is None:
        cuts = [(article, cut(article)) for article in articles()]
        index = PassageIndex.build(cuts, tools.encoders, tools.profile)
    folder = settings.data / "canned"
    canned = load_canned(folder) if folder.is_dir() else {}
    return KnowledgeBase(Suggester(index, tools.calibrator, canned), lambda: datetime.now(UTC))
