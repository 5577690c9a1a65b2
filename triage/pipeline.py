"""The way of one message: clean, language, encode, label, suggest. No I/O; read this file first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import Protocol

from triage.bundle.store import Bundle
from triage.domain import (
    Evidence,
    LabelResult,
    Language,
    Message,
    ModelRef,
    NoSuggestionReason,
    Options,
    Reason,
    Suggestions,
    TriageResult,
)
from triage.encoders.base import Profile, Vectors
from triage.errors import UnknownTaskError
from triage.labeling.calibration import Probabilities
from triage.labeling.evidence import Span
from triage.text.clean import Cleaned, clean
from triage.text.language import LanguageIdentifier


class MessageSuggester(Protocol):
    """Finds replies for a message that is already cleaned, identified and encoded."""

    def suggest(
        self,
        message: Message,
        cleaned: Cleaned,
        language: Language,
        vector: Vectors,
        labels: Mapping[str, LabelResult],
        top: int,
    ) -> Suggestions:
        """Return the best suggestions, or the reason why there is none."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A batch after the shared steps; all sequences run over its messages."""

    messages: Sequence[Message]
    cleaned: Sequence[Cleaned]
    languages: Sequence[Language]
    vectors: Vectors
    probabilities: Mapping[str, Probabilities]
    refusals: Sequence[Reason | None]
    timings_ms: dict[str, float]


class Pipeline:
    """A bundle in one profile, with the knowledge base beside it."""

    def __init__(
        self,
        bundle: Bundle,
        profile: Profile,
        identifier: LanguageIdentifier,
        suggester: MessageSuggester | None = None,
        alias: str = "",
    ) -> None:
        self.bundle = bundle
        self.profile = profile
        self.identifier = identifier
        self.suggester = suggester
        self.labeler = bundle.labeler(profile)
        self.model = ModelRef(bundle.id, alias, profile.name)

    def run(self, messages: Sequence[Message], options: Options) -> list[TriageResult]:
        """Answer messages, in order; a batch shares the encoder calls but no result.

        Raises:
            UnknownTaskError: When a task was asked for that the bundle does not have.
        """
        tasks = self._tasks(options)
        if not messages:
            return []
        batch = self._encode(messages)
        return [self._answer(batch, row, tasks, options) for row in range(len(messages))]

    def _tasks(self, options: Options) -> tuple[str, ...]:
        asked = self.labeler.tasks if options.tasks is None else options.tasks
        unknown = [task for task in asked if task not in self.labeler.tasks]
        if unknown:
            raise UnknownTaskError(
                "A task was asked for that this bundle does not have.",
                fix=f"Its tasks are: {', '.join(self.labeler.tasks)}.",
                field="tasks",
            )
        return asked

    def _encode(self, messages: Sequence[Message]) -> _Encoded:
        marks = [perf_counter()]
        cleaned = [clean(message) for message in messages]
        languages = [
            self.identifier.identify(part.text, message.language, message.context.locale)
            for part, message in zip(cleaned, messages, strict=True)
        ]
        marks.append(perf_counter())
        texts = [part.text for part in cleaned]
        vectors = self.bundle.encoders.encode(texts, [la.code for la in languages], self.profile)
        marks.append(perf_counter())
        given = [_refusal(*pair) for pair in zip(cleaned, languages, strict=True)]
        probabilities, refusals = self.labeler.read(vectors, texts, given)
        marks.append(perf_counter())
        shares = [(b - a) * 1000 / len(messages) for a, b in pairwise(marks)]
        timings = dict(zip(("clean", "encode", "label"), shares, strict=True))
        return _Encoded(messages, cleaned, languages, vectors, probabilities, refusals, timings)

    def _answer(
        self, batch: _Encoded, row: int, tasks: tuple[str, ...], options: Options
    ) -> TriageResult:
        begun = perf_counter()
        labels = self._label(batch, row, tasks, options)
        labelled = perf_counter()
        suggestions = self._suggest(batch, row, labels, options)
        timings = dict(batch.timings_ms)
        timings["label"] += (labelled - begun) * 1000
        timings["suggest"] = (perf_counter() - labelled) * 1000
        timings["total"] = sum(timings.values())
        cleaned = batch.cleaned[row]
        return TriageResult(
            id=batch.messages[row].id,
            model=self.model,
            language=batch.languages[row],
            cleaned_text=cleaned.text,
            removed=cleaned.removed,
            truncated=cleaned.truncated,
            labels=labels,
            suggestions=suggestions,
            timings_ms=timings,
        )

    def _label(
        self, batch: _Encoded, row: int, tasks: tuple[str, ...], options: Options
    ) -> dict[str, LabelResult]:
        refusal, code = batch.refusals[row], batch.languages[row].code
        answers = {
            task: self.labeler.decide(task, batch.probabilities[task][row], refusal, code)
            for task in tasks
        }
        if not options.explain:
            return answers
        given = {task: answer.label for task, answer in answers.items() if answer.label}
        if not given:
            return answers
        evidence = self._evidence(batch, row, given)
        return {
            task: replace(answer, evidence=evidence.get(task, ()))
            for task, answer in answers.items()
        }

    def _evidence(
        self, batch: _Encoded, row: int, labels: Mapping[str, str]
    ) -> dict[str, tuple[Evidence, ...]]:
        """Map the evidence of each label to the request's own fields."""
        cleaned, message, code = batch.cleaned[row], batch.messages[row], batch.languages[row].code

        def encode(texts: Sequence[str]) -> Vectors:
            return self.bundle.encoders.encode(texts, [code] * len(texts), self.profile)

        def locate(span: Span) -> Evidence:
            field, start, end = cleaned.to_source(span.start, span.end)
            source = message.subject if field == "subject" else message.text
            return Evidence(field, source[start:end], start, end, span.weight)

        found = self.labeler.evidence(labels, cleaned.text, encode)
        return {task: tuple(locate(span) for span in spans) for task, spans in found.items()}

    def _suggest(
        self, batch: _Encoded, row: int, labels: Mapping[str, LabelResult], options: Options
    ) -> Suggestions:
        reason = self._no_suggestion(batch.refusals[row], options)
        if reason or self.suggester is None:
            return Suggestions((), reason)
        return self.suggester.suggest(
            batch.messages[row],
            batch.cleaned[row],
            batch.languages[row],
            batch.vectors[row],
            labels,
            options.suggestions,
        )

    def _no_suggestion(self, refusal: Reason | None, options: Options) -> NoSuggestionReason | None:
        if options.suggestions == 0:
            return "not_requested"
        if self.suggester is None:
            return "empty_knowledge_base"
        return "abstained" if refusal else None


def _refusal(cleaned: Cleaned, language: Language) -> Reason | None:
    """Say what stands against labelling before anything is encoded."""
    if cleaned.auto_generated:
        return "auto_generated"
    if not language.supported:
        return "unsupported_language"
    return None
