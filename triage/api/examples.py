"""Example answers for the documentation of the API."""

from typing import Any

NULL = "<null>"

SUGGESTION: dict[str, Any] = {
    "article_id": "track-your-order",
    "passage_id": "track-your-order/en#2",
    "title": "Track your order",
    "url": None,
    "language": "en",
    "confidence": 0.8134,
    "answer": "Open the link in the shipping e-mail to see where the parcel is.",
    "reply": "Hello Anna Berg,\n\nThank you for your message.\n\nOpen the link in the shipping "
    "e-mail to see where the parcel is.\n\nKind regards",
    "score_parts": {"lexical": 0.4127, "dense": 0.7821, "history": 0.0},
}
LANGUAGE: dict[str, Any] = {"code": "en", "confidence": 0.9934, "supported": True}
LABELS: dict[str, Any] = {
    "category": {
        "label": "service",
        "confidence": 0.9312,
        "decision": "automate",
        "reason": None,
        "alternatives": [{"label": "technical_support", "confidence": 0.0688}],
        "evidence": [],
    },
    "sentiment": {
        "label": None,
        "confidence": 0.5214,
        "decision": "abstain",
        "reason": "low_confidence",
        "alternatives": [
            {"label": "neutral", "confidence": 0.5214},
            {"label": "negative", "confidence": 0.4721},
            {"label": "positive", "confidence": 0.0065},
        ],
        "evidence": [],
    },
}
ANSWER: dict[str, Any] = {
    "id": "ticket-4711",
    "model": {"bundle": "starter", "alias": "champion", "profile": "twin"},
    "language": LANGUAGE,
    "cleaned": {
        "text": "My parcel should have come on Monday. Where is it?",
        "removed": [],
        "truncated": False,
    },
    "labels": LABELS,
    "suggestions": [SUGGESTION],
    "no_suggestion_reason": None,
    "timings_ms": {
        "clean": 0.102,
        "encode": 1.873,
        "label": 0.094,
        "suggest": 0.541,
        "total": 2.61,
    },
}
REFUSAL: dict[str, Any] = {
    "id": "b",
    "error": {
        "type": "/docs#invalid_input",
        "title": "The request is malformed",
        "status": 422,
        "detail": "text: is missing. Add it.",
        "code": "invalid_input",
        "instance": None,
        "errors": [{"field": "text", "message": "is missing.", "fix": "Add it."}],
    },
}
BATCH: dict[str, Any] = {"results": [ANSWER, REFUSAL]}
SUGGESTIONS: dict[str, Any] = {
    "suggestions": [SUGGESTION],
    "no_suggestion_reason": None,
    "language": LANGUAGE,
}
ALIVE: dict[str, Any] = {"status": "alive"}
READY: dict[str, Any] = {
    "status": "ready",
    "bundle": "starter",
    "profile": "twin",
    "store": "ok",
}
PROMOTION: dict[str, Any] = {
    "at": "2026-11-22T09:30:00.000+00:00",
    "action": "promote",
    "alias": "champion",
    "before": "starter",
    "bundle": "2026-11-21-ab12cd",
    "who": "a17",
    "why": "knows the new intents",
    "via": "api",
    "waived": [],
}
MOVED: dict[str, Any] = {"champion": "2026-11-21-ab12cd", "move": PROMOTION}
TAKEN_BACK: dict[str, Any] = {
    "champion": "starter",
    "move": PROMOTION
    | {
        "at": "2026-11-22T09:41:00.000+00:00",
        "action": "rollback",
        "before": "2026-11-21-ab12cd",
        "bundle": "starter",
        "why": "urgent mail was missed",
    },
}
MODELS: dict[str, Any] = {
    "serving": {"bundle": "2026-11-21-ab12cd", "alias": "champion", "profile": "twin"},
    "fault": None,
    "aliases": {
        "champion": "2026-11-21-ab12cd",
        "challenger": "2026-11-22-ef34ab",
        "previous": "starter",
    },
    "challenger": {
        "bundle": "2026-11-22-ef34ab",
        "fault": None,
        "champion": "2026-11-21-ab12cd",
        "messages": 412,
        "tasks": {
            "category": {"messages": 412, "agreement": 0.9636, "confidence_difference": 0.0214}
        },
    },
    "bundles": [
        {
            "id": "starter",
            "aliases": ["previous"],
            "created": "2026-11-20T12:00:00+00:00",
            "tasks": ["category", "priority", "sentiment"],
            "languages": ["en", "da", "ro", "zh"],
            "profiles": ["twin", "tiny"],
            "state": "ok",
        }
    ],
    "moves": [PROMOTION],
}


RECEIPT: dict[str, Any] = {"receipt": "5d0b7c3e9a5f4c52a5e1f27b6c1f8d90", "recorded": True}
SUMMARY: dict[str, Any] = {
    "id": "track-your-order",
    "language": "en",
    "title": "Track your order",
    "url": "https://example.org/help/track-your-order",
    "tags": ["delivery"],
    "audience": None,
    "brand": None,
    "visibility": "public",
    "valid_from": None,
    "valid_until": None,
    "sources": None,
    "source": "",
    "changed_at": "2026-11-22T09:30:00+00:00",
}
ARTICLE: dict[str, Any] = SUMMARY | {
    "body": "## Where is my parcel\nOpen the link in the shipping e-mail.",
    "translations": ["da", "en"],
}
ARTICLES: dict[str, Any] = {
    "articles": [SUMMARY],
    "next": "WyJ0cmFjay15b3VyLW9yZGVyIiwgImVuIl0",
}
WRITTEN: dict[str, Any] = {
    "id": "track-your-order",
    "language": "en",
    "outcome": "changed",
    "indexed_within_s": 3.0,
}
DELETED: dict[str, Any] = WRITTEN | {"outcome": "deleted"}
IMPORTED: dict[str, Any] = {
    "added": 41,
    "changed": 2,
    "unchanged": 7,
    "deleted": 0,
    "pruned": False,
    "change": 17,
    "dry_run": False,
    "removes_most": False,
    "differences": [],
    "refused_total": 1,
    "refused": [
        {
            "where": "articles.17",
            "field": "body",
            "message": "the body is empty.",
            "fix": "Write the article's text.",
        }
    ],
    "indexed_within_s": 3.0,
}
VERSIONS: dict[str, Any] = {
    "versions": [
        {
            "version": 2,
            "change": 17,
            "changed_at": "2026-11-22T09:30:00+00:00",
            "action": "import",
            "by": "desk",
            "source": "zendesk",
            "title": "Track your order",
            "deleted": False,
            "fields": ["body"],
            "lines": ["- Open the app.", "+ Open the link in the shipping e-mail."],
        }
    ]
}
CHANGES: dict[str, Any] = {
    "changes": [
        {
            "change": 17,
            "changed_at": "2026-11-22T09:30:00+00:00",
            "action": "import",
            "by": "desk",
            "source": "zendesk",
            "articles": 43,
            "undone_by": None,
        }
    ]
}
UNDONE: dict[str, Any] = {
    "change": 17,
    "undone_by": 18,
    "restored": 2,
    "removed": 41,
    "kept": [{"id": "track-your-order", "language": "en"}],
    "indexed_within_s": 3.0,
}
PREVIEW: dict[str, Any] = {
    "passages": [
        {
            "id": "track-your-order/en#0",
            "kind": "title",
            "text": "Track your order",
            "words": 3,
        }
    ],
    "hidden": ["not_yet_valid"],
}
CANNED: dict[str, Any] = {
    "canned": [
        {
            "id": "need-order-number",
            "language": "en",
            "title": "Ask for the order number",
            "text": "Hello {{ name }},\n\nCould you send us your order number, please?",
            "placeholders": ["name"],
        }
    ],
    "values": {"company": "Kvistholm"},
}
ERASED: dict[str, Any] = {
    "decisions": 12,
    "feedback": 5,
    "idempotency": 3,
    "disagreements": 1,
    "scrubbed": True,
}


def answered(
    example: dict[str, Any], description: str, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Describe the good answer of a route with its example."""
    content = {"application/json": {"example": mark_nulls(example)}}
    return {status: {"description": description, "content": content}}


def mark_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Mark the nulls of an example; FastAPI drops plain ones when it writes the document."""
    return _replaced(value, None, NULL)


def restore_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Put the marked nulls of a document back."""
    return _replaced(value, NULL, None)


def _replaced(value: Any, old: str | None, new: str | None) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    return new if value == old else value
