"""From a question to suggestions with drafts, or to the reason why there is none."""

from collections.abc import Sequence
from typing import NamedTuple

from triage.domain import Suggestion, Suggestions
from triage.encoders.base import Vectors
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


class Asked(NamedTuple):
    """A question and whom the drafts are written to."""

    query: Query
    recipient: Recipient = NOBODY


Ranked = list[tuple[Standing, float, float]]
"""Articles found, each with its confidence and what history added to its log-odds."""


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
        return self.suggest_all([Asked(query, recipient)], top, min_confidence)[0]

    def suggest_all(
        self, asked: Sequence[Asked], top: int, min_confidence: float | None = None
    ) -> list[Suggestions]:
        """Suggest articles for several questions, for each as ``suggest`` does."""
        if top < 1:
            return [Suggestions((), "not_requested")] * len(asked)
        # Once, since another index may be put in place meanwhile.
        index = self.index
        lowest = self.calibrator.threshold if min_confidence is None else min_confidence
        ranked = self.ranked(index, [one.query for one in asked], top)
        return [
            self._suggestions(index, one, found[:top], lowest)
            for one, found in zip(asked, ranked, strict=True)
        ]

    def ranked(self, index: PassageIndex, queries: Sequence[Query], top: int) -> list[Ranked]:
        """Order what an index finds by confidence, with what history added to its log-odds."""
        history = self.history
        questions = [index.embedder.question(query) for query in queries]
        wanted = max(top, CONSIDERED if history is None else WIDER)
        found = index.find_all(queries, wanted, questions)
        return [
            self._ordered(history, one, query, question, max(top, CONSIDERED))
            for one, query, question in zip(found, queries, questions, strict=True)
        ]

    def _ordered(
        self,
        history: History | None,
        found: list[Standing],
        query: Query,
        question: Vectors,
        most: int,
    ) -> Ranked:
        sure = self.calibrator.confidences(found, query.text)
        if history is None:
            scored = sorted(zip(found, sure, strict=True), key=lambda pair: -pair[1])
            return [(one, confidence, 0.0) for one, confidence in scored]
        places = history.rank([one.name for one in found], sure, question, most)
        return [(found[place], confidence, shift) for place, confidence, shift in places]

    def _suggestions(
        self, index: PassageIndex, asked: Asked, ranked: Ranked, lowest: float
    ) -> Suggestions:
        if not ranked:
            return Suggestions((), "empty_knowledge_base")
        items = tuple(
            self._item(index.hit(one), (confidence, shift), *asked)
            for one, confidence, shift in ranked
            if confidence >= lowest
        )
        return Suggestions(items, None if items else "nothing_above_threshold")

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
