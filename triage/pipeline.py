"""The way of one message: clean, language, encode, label, suggest. No I/O; read this file first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple, Protocol

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


class Case(NamedTuple):
    """A message with what is known of it once it is labelled."""

    message: Message
    cleaned: Cleaned
    language: Language
    vector: Vectors
    labels: Mapping[str, LabelResult]


class MessageSuggester(Protocol):
    """Finds replies for messages that are already labelled."""

    def suggest(self, cases: Sequence[Case], top: int) -> list[Suggestions]:
        """Return for each the best suggestions, or the reason why there is none."""


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

    def timings(self, labelled_s: float, suggested_s: float) -> dict[str, float]:
        """Return the share of one message in each step, with the time of the last two."""
        each = 1000 / len(self.messages)
        timings = {**self.timings_ms, "suggest": suggested_s * each}
        timings["label"] += labelled_s * each
        timings["total"] = sum(timings.values())
        return timings


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
        begun = perf_counter()
        labels = [self._label(batch, row, tasks, options) for row in range(len(messages))]
        labelled = perf_counter()
        suggestions = self._suggest(batch, labels, options)
        timings = batch.timings(labelled - begun, perf_counter() - labelled)
        return [
            TriageResult(
                id=message.id,
                model=self.model,
                language=batch.languages[row],
                cleaned_text=batch.cleaned[row].text,
                removed=batch.cleaned[row].removed,
                truncated=batch.cleaned[row].truncated,
                labels=labels[row],
                suggestions=suggestions[row],
                timings_ms=dict(timings),
            )
            for row, message in enumerate(messages)
        ]

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
        self, batch: _Encoded, labels: Sequence[Mapping[str, LabelResult]], options: Options
    ) -> list[Suggestions]:
        reasons = [self._no_suggestion(refusal, options) for refusal in batch.refusals]
        found = [Suggestions((), reason) for reason in reasons]
        asked = [row for row, reason in enumerate(reasons) if reason is None]
        if self.suggester is not None and asked:
            cases = [
                Case(
                    batch.messages[row],
                    batch.cleaned[row],
                    batch.languages[row],
                    batch.vectors[row],
                    labels[row],
                )
                for row in asked
            ]
            answers = self.suggester.suggest(cases, options.suggestions)
            for row, answer in zip(asked, answers, strict=True):
                found[row] = answer
        return found

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
