"""From a question to suggestions with drafts, or to the reason why there is none."""

from triage.domain import Suggestion, Suggestions
from triage.suggest.calibrator import RetrievalCalibrator
from triage.suggest.draft import NOBODY, Recipient, compose
from triage.suggest.index import PassageIndex
from triage.suggest.query import Hit, Query
from triage.suggest.voice.voices import Voices

_UNSURE = {"", "und"}
CONSIDERED = 10
"""Hits whose confidence is computed, however few are asked for: the surest may not rank first."""


class Suggester:
    """Search, keep what is likely to answer, and draft a reply for each.

    Args:
        index: The knowledge base.
        calibrator: Gives a hit its probability, and the threshold used when none is asked for.
        voices: Canned text by brand and language; without that of a language its drafts stay empty.
    """

    def __init__(
        self, index: PassageIndex, calibrator: RetrievalCalibrator, voices: Voices
    ) -> None:
        self.index = index
        self.calibrator = calibrator
        self.voices = voices

    def suggest(
        self,
        query: Query,
        top: int,
        min_confidence: float | None = None,
        recipient: Recipient = NOBODY,
    ) -> Suggestions:
        """Suggest at most ``top`` articles whose confidence reaches the threshold.

        Args:
            query: The question with its vector and filters.
            top: How many at most; 0 asks for none.
            min_confidence: Lowest confidence shown; None takes the learned threshold.
            recipient: Whom drafts are written to.
        """
        if top < 1:
            return Suggestions((), "not_requested")
        found = self.index.find(query, max(top, CONSIDERED))
        if not found:
            return Suggestions((), "empty_knowledge_base")
        lowest = self.calibrator.threshold if min_confidence is None else min_confidence
        sure = self.calibrator.confidences(found, query.text)
        scored = sorted(zip(found, sure, strict=True), key=lambda pair: -pair[1])
        items = tuple(
            self._item(self.index.hit(one), confidence, query, recipient)
            for one, confidence in scored[:top]
            if confidence >= lowest
        )
        return Suggestions(items, None if items else "nothing_above_threshold")

    def _item(self, hit: Hit, confidence: float, query: Query, recipient: Recipient) -> Suggestion:
        article, answer = hit.article, hit.answer
        language = article.language if query.language in _UNSURE else query.language
        voice = self.voices.of(language, recipient.brand)
        reply = compose(article, answer, voice, recipient) if voice else ""
        return Suggestion(
            article_id=article.id,
            passage_id=hit.passage.id,
            title=article.title,
            url=article.url,
            language=article.language,
            confidence=confidence,
            answer=answer,
            reply=reply,
            score_parts={"lexical": hit.lexical, "dense": hit.dense, "history": 0.0},
        )
