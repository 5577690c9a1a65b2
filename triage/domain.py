"""The frozen values that travel through the service, from message to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Channel = Literal["email", "chat", "social", "phone", "video", "web_form"]
ContentType = Literal["text/plain", "text/html"]
TextField = Literal["text", "subject"]
RemovedKind = Literal["quote", "signature", "disclaimer", "forward", "html"]
DecisionKind = Literal["automate", "suggest", "abstain"]
Reason = Literal[
    "low_confidence", "unsupported_language", "too_short", "auto_generated", "out_of_scope"
]
Scope = Literal[
    "classify", "suggest", "feedback", "kb:read", "kb:write",
    "models:read", "models:promote", "metrics", "admin",
]  # fmt: skip
"""What a key may be good for; none includes another."""
ArticleAction = Literal["import", "put", "delete", "undo", "restore", "ship"]
"""What changed articles; ``ship`` is the start of a service over an empty store."""
NoSuggestionReason = Literal[
    "nothing_above_threshold", "empty_knowledge_base", "abstained", "not_requested"
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long an answer takes now, and when that was measured (with its time zone)."""

    minutes: int
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """What the desk knows about where a message came from."""

    brand: str | None = None
    product: str | None = None
    audience: str | None = None
    locale: str | None = None
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One text by one requester, as the desk sent it."""

    text: str
    id: str = ""
    subject: str = ""
    content_type: ContentType = "text/plain"
    channel: Channel | None = None
    language: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    context: Context = Context()


@dataclass(frozen=True, slots=True)
class Options:
    """What an answer should hold. ``tasks`` of None means all tasks of the bundle."""

    suggestions: int = 3
    explain: bool = False
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A stretch that cleaning took out, in code points of the request's own field."""

    kind: RemovedKind
    field: TextField
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Language:
    """The language of a message, and whether the bundle was trained on it."""

    code: str
    confidence: float
    supported: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A label with its calibrated confidence."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the request that spoke for a label; ``weight`` is its share of the score."""

    field: TextField
    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class LabelResult:
    """The answer of one task. ``label`` is None exactly when ``decision`` is abstain.

    ``top_label`` is the label chosen whatever the decision, and ``confidence`` its own; where the
    taxonomy counts missed labels differently, an alternative may be more confident.
    """

    label: str | None
    confidence: float
    decision: DecisionKind
    reason: Reason | None
    alternatives: tuple[Score, ...]
    evidence: tuple[Evidence, ...] = ()
    top_label: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A help-centre text; articles with one id in several languages are translations.

    ``valid_from`` and ``valid_until`` are the first and the last day on which it may be shown.
    ``sources`` says of an answer mined from past tickets on how many it rests at least.
    """

    id: str
    language: str
    title: str
    body: str
    url: str | None = None
    tags: tuple[str, ...] = ()
    audience: str | None = None
    brand: str | None = None
    visibility: Literal["public", "internal"] = "public"
    valid_until: date | None = None
    valid_from: date | None = None
    sources: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who changes articles, by what, and from which source they come.

    ``by`` is the name of a key or of an account, ``source`` what the articles are kept in step
    with, ``""`` being none; a ``brand`` of None is of whoever may change those of every brand.
    """

    action: ArticleAction = "import"
    by: str = ""
    source: str = ""
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """The indexed piece of an article: its title, or one block of its body."""

    id: str
    article_id: str
    language: str
    kind: Literal["title", "block"]
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ranked proposal to the agent; ``reply`` is ready to edit, empty when a draft is blocked."""

    article_id: str
    passage_id: str
    title: str
    url: str | None
    language: str
    confidence: float
    answer: str
    reply: str
    score_parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggestions in rank order, or the reason why there is none."""

    items: tuple[Suggestion, ...]
    no_suggestion_reason: NoSuggestionReason | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``brand`` of None means all brands; ``name`` is that of the key, for records."""

    key_id: str
    scopes: frozenset[str]
    brand: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which bundle answered, through which alias and profile."""

    bundle: str
    alias: str
    profile: str


@dataclass(frozen=True, slots=True)
class TriageResult:
    """The whole answer to one message."""

    id: str
    model: ModelRef
    language: Language
    cleaned_text: str
    removed: tuple[Removed, ...]
    truncated: bool
    labels: Mapping[str, LabelResult]
    suggestions: Suggestions
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What works: the service itself, the store, and writing to it."""

    serving: bool
    store: bool
    journal: bool
