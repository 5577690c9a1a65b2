"""Write the answer to one message as JSON, without building its model first.

The fields and their rounding are those of ``schemas.answer_of``, which documents them and answers
batches; a test holds the two together. Building and validating the model took ten times as long.
"""

from typing import Any

from pydantic_core import to_json

from triage.api.schemas import DIGITS, TIME_DIGITS
from triage.domain import LabelResult, Suggestion, TriageResult


def answer_json(result: TriageResult) -> bytes:
    """Write a result as the JSON of its answer."""
    model, language = result.model, result.language
    return to_json(
        {
            "id": result.id,
            "model": {
                "bundle": model.bundle,
                "alias": model.alias,
                "profile": model.profile,
            },
            "language": {
                "code": language.code,
                "confidence": round(language.confidence, DIGITS),
                "supported": language.supported,
            },
            "cleaned": {
                "text": result.cleaned_text,
                "removed": [
                    {"kind": one.kind, "field": one.field, "start": one.start, "end": one.end}
                    for one in result.removed
                ],
                "truncated": result.truncated,
            },
            "labels": {task: _label(answer) for task, answer in result.labels.items()},
            "suggestions": [_suggestion(item) for item in result.suggestions.items],
            "no_suggestion_reason": result.suggestions.no_suggestion_reason,
            "timings_ms": {step: round(ms, TIME_DIGITS) for step, ms in result.timings_ms.items()},
        }
    )


def _label(answer: LabelResult) -> dict[str, Any]:
    return {
        "label": answer.label,
        "confidence": round(answer.confidence, DIGITS),
        "decision": answer.decision,
        "reason": answer.reason,
        "alternatives": [
            {"label": score.label, "confidence": round(score.confidence, DIGITS)}
            for score in answer.alternatives
        ],
        "evidence": [
            {
                "field": one.field,
                "text": one.text,
                "start": one.start,
                "end": one.end,
                "weight": round(one.weight, DIGITS),
            }
            for one in answer.evidence
        ],
    }


def _suggestion(item: Suggestion) -> dict[str, Any]:
    return {
        "article_id": item.article_id,
        "passage_id": item.passage_id,
        "title": item.title,
        "url": item.url,
        "language": item.language,
        "confidence": round(item.confidence, DIGITS),
        "answer": item.answer,
        "reply": item.reply,
        "score_parts": {name: round(part, DIGITS) for name, part in item.score_parts.items()},
    }
