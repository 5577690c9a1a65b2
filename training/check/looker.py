"""A closer look at one row: its language, personal data, and words of agents."""

from training.check.agents import edges, greets, has_placeholder
from training.check.sample import Glance
from training.check.seen import Seen, key_of
from triage.text.language import LanguageIdentifier
from triage.text.redact import redact

SURE = 0.95
"""Confidence from which a language is held against what the export declares."""


def look(seen: Seen, body: str, identifier: LanguageIdentifier) -> Glance:
    """Look at a row as closely as the sample allows; ``body`` is its cleaned text alone."""
    found = identifier.identify(seen.text, seen.declared or None)
    return Glance(
        at=seen.at,
        key=key_of(seen.text),
        language=found.code,
        supported=found.supported,
        sure=found.confidence >= SURE,
        declared=seen.declared.replace("_", "-").partition("-")[0],
        personal=tuple(sorted({span.kind for span in redact(seen.text).spans})),
        greets=greets(body),
        placeholder=has_placeholder(body),
        edges=edges(body),
    )
