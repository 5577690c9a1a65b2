"""What answers look like: every field is always there; confidences have 4 decimals, times 3."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from triage.api.errors import Problem
from triage.domain import (
    DecisionKind,
    LabelResult,
    Language,
    NoSuggestionReason,
    Reason,
    RemovedKind,
    Score,
    Suggestion,
    Suggestions,
    TextField,
    TriageResult,
)

DIGITS = 4
TIME_DIGITS = 3


class Out(BaseModel):
    """Base of all that is answered."""

    model_config = ConfigDict(frozen=True)


class ModelOut(Out):
    """Which bundle answered, through which alias and profile."""

    bundle: str
    alias: str
    profile: str


class LanguageOut(Out):
    """Language of the text; ``und`` when nothing tells."""

    code: str
    confidence: float
    supported: bool


class RemovedOut(Out):
    """What cleaning took out, in code points of the request's own field."""

    kind: RemovedKind
    field: TextField
    start: int
    end: int


class CleanedOut(Out):
    """What was labelled."""

    text: str
    removed: list[RemovedOut]
    truncated: bool


class ScoreOut(Out):
    """Another label with its confidence."""

    label: str
    confidence: float


class EvidenceOut(Out):
    """A stretch of the request that spoke for the label."""

    field: TextField
    text: str
    start: int
    end: int
    weight: float


class LabelOut(Out):
    """Answer of one task; ``label`` is null exactly when ``decision`` is abstain."""

    label: str | None
    confidence: float
    decision: DecisionKind
    reason: Reason | None
    alternatives: Annotated[
        list[ScoreOut],
        Field(
            description="The other labels, on abstain all of them, by confidence. Where the "
            "taxonomy says that missing some labels costs more, one may be more confident than "
            "the label given."
        ),
    ]
    evidence: list[EvidenceOut]


class SuggestionOut(Out):
    """An article that may answer, with a draft to edit."""

    article_id: str
    passage_id: str
    title: str
    url: str | None
    language: str
    confidence: float
    answer: str
    reply: str
    score_parts: dict[str, float]


class Answer(Out):
    """Answer to one message."""

    id: str
    model: ModelOut
    language: LanguageOut
    cleaned: CleanedOut
    labels: dict[str, LabelOut]
    suggestions: list[SuggestionOut]
    no_suggestion_reason: NoSuggestionReason | None
    timings_ms: dict[str, float]


class Refusal(Out):
    """What stands in the place of an answer when a message of a batch is refused."""

    id: str | None
    error: Problem


class BatchAnswer(Out):
    """Answers and refusals in the order of the messages."""

    results: list[Answer | Refusal]


class SuggestionsAnswer(Out):
    """Answer to a question."""

    suggestions: list[SuggestionOut]
    no_suggestion_reason: NoSuggestionReason | None
    language: LanguageOut


class Alive(Out):
    """Answer of /livez."""

    status: Literal["alive"]


class Ready(Out):
    """Answer of /readyz. ``degraded``: messages are answered but not recorded."""

    status: Literal["ready", "degraded"]
    bundle: str
    profile: str
    store: Literal["ok", "failing"]


def answer_of(result: TriageResult) -> Answer:
    """Turn a result into its answer."""
    return Answer(
        id=result.id,
        model=ModelOut(
            bundle=result.model.bundle, alias=result.model.alias, profile=result.model.profile
        ),
        language=_language(result.language),
        cleaned=CleanedOut(
            text=result.cleaned_text,
            removed=[
                RemovedOut(kind=one.kind, field=one.field, start=one.start, end=one.end)
                for one in result.removed
            ],
            truncated=result.truncated,
        ),
        labels={task: _label(answer) for task, answer in result.labels.items()},
        suggestions=[_suggestion(item) for item in result.suggestions.items],
        no_suggestion_reason=result.suggestions.no_suggestion_reason,
        timings_ms={step: round(ms, TIME_DIGITS) for step, ms in result.timings_ms.items()},
    )


def suggestions_answer(found: Suggestions, language: Language) -> SuggestionsAnswer:
    """Turn suggestions for a question into their answer."""
    return SuggestionsAnswer(
        suggestions=[_suggestion(item) for item in found.items],
        no_suggestion_reason=found.no_suggestion_reason,
        language=_language(language),
    )


def _language(language: Language) -> LanguageOut:
    return LanguageOut(
        code=language.code,
        confidence=round(language.confidence, DIGITS),
        supported=language.supported,
    )


def _label(answer: LabelResult) -> LabelOut:
    return LabelOut(
        label=answer.label,
        confidence=round(answer.confidence, DIGITS),
        decision=answer.decision,
        reason=answer.reason,
        alternatives=[_score(score) for score in answer.alternatives],
        evidence=[
            EvidenceOut(
                field=one.field,
                text=one.text,
                start=one.start,
                end=one.end,
                weight=round(one.weight, DIGITS),
            )
            for one in answer.evidence
        ],
    )


def _score(score: Score) -> ScoreOut:
    return ScoreOut(label=score.label, confidence=round(score.confidence, DIGITS))


def _suggestion(item: Suggestion) -> SuggestionOut:
    return SuggestionOut(
        article_id=item.article_id,
        passage_id=item.passage_id,
        title=item.title,
        url=item.url,
        language=item.language,
        confidence=round(item.confidence, DIGITS),
        answer=item.answer,
        reply=item.reply,
        score_parts={name: round(part, DIGITS) for name, part in item.score_parts.items()},
    )
