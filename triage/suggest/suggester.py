"""From a question to suggestions with drafts, or to the reason why there is none."""

from triage.domain import Suggestion, Suggestions
from triage.suggest.calibrator import RetrievalCalibrator
from triage.suggest.draft import NOBODY, Recipient, compose
from triage.suggest.history import History
from triage.suggest.index import PassageIndex
from triage.suggest.query import Hit, Query, Standing
from triage.suggest.voice.voices import Voices

_UNSURE = {"", "und"}
CONSIDERED = 10
"""Hits whose confidence is computed, however few are asked for: the surest may not rank first."""
WIDER = 15
"""Hits looked at where there is history, which may speak for one that search ranks low."""


class Suggester:
    """Search, keep what is likely to answer, and draft a reply for each.

    Args:
        index: The knowledge base.
        calibrator: Gives a hit its probability, and the threshold used when none is asked for.
        voices: Canned text by brand and language; without that of a language its drafts stay empty.

    Attributes:
        history: What agents did with suggestions; None ranks by search alone. Whoever keeps it up
            to date puts another one in its place.
    """

    history: History | None = None

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
        # Once, since another index may be put in place meanwhile.
        index = self.index
        ranked = self.ranked(index, query, top)
        if not ranked:
            return Suggestions((), "empty_knowledge_base")
        lowest = self.calibrator.threshold if min_confidence is None else min_confidence
        items = tuple(
            self._item(index.hit(one), (confidence, shift), query, recipient)
            for one, confidence, shift in ranked[:top]
            if confidence >= lowest
        )
        return Suggestions(items, None if items else "nothing_above_threshold")

    def ranked(
        self, index: PassageIndex, query: Query, top: int
    ) -> list[tuple[Standing, float, float]]:
        """Order what an index finds by confidence, with what history added to its log-odds."""
        history = self.history
        if history is None:
            found = index.find(query, max(top, CONSIDERED))
            sure = self.calibrator.confidences(found, query.text)
            scored = sorted(zip(found, sure, strict=True), key=lambda pair: -pair[1])
            return [(one, confidence, 0.0) for one, confidence in scored]
        question = index.embedder.question(query)
        found = index.find(query, max(top, WIDER), question)
        sure = self.calibrator.confidences(found, query.text)
        names = [one.name for one in found]
        places = history.rank(names, sure, question, max(top, CONSIDERED))
        return [(found[place], confidence, shift) for place, confidence, shift in places]

    def _item(
        self, hit: Hit, sure: tuple[float, float], query: Query, recipient: Recipient
    ) -> Suggestion:
        article, answer = hit.article, hit.answer
        confidence, shift = sure
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
            score_parts={"lexical": hit.lexical, "dense": hit.dense, "history": shift},
        )
