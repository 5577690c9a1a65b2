"""Asks the journal and the feedback for what a team lead wants to know, one brand at a time.

Everything here only reads. A question costs at most ``MAX_ROWS`` rows and a bounded number of
texts, runs beside the answering of messages, and what it found is kept for two minutes: numbers of
rows, never texts, so that what is erased is gone from every page at once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import TypeVar

import numpy as np
from sqlalchemy import Engine

from triage.domain import Article
from triage.insights.articles import Standing, standings
from triage.insights.disagreements import READ, Contest, Contests
from triage.insights.frame import DAY_S, HOUR_S, Decisions, Ints, Mask, Period, Uses
from triage.insights.gaps import gaps, unanswered
from triage.insights.reading import Reader, decision_reader, use_reader
from triage.insights.reports import GapReport, Picture, SpikeReport, View
from triage.insights.seasons import Season
from triage.insights.spikes import Window, rises
from triage.insights.terms import terms
from triage.insights.texts import Embedded, Kept, read_texts, thinned
from triage.insights.topics import Texts, label_topics, spikes, text_topics
from triage.insights.twins import ArticleVectors, Twins, twins
from triage.pipeline import Pipeline
from triage.storage.articles import ArticleRepository, seen_by

KEPT_S = 120.0
MOST_ANSWERS = 64
NEW_TEXTS, OLD_TEXTS = 2_000, 5_000
"""Texts of the newest hours and of the weeks before that topics are looked for in."""
GAP_TEXTS, OTHER_TEXTS = 2_000, 1_000
LONGEST_DAYS = 92

T = TypeVar("T")
Now = Callable[[], datetime]


@dataclass(slots=True)
class _Desk:
    """Readers of one brand."""

    decisions: Reader[Decisions]
    uses: Reader[Uses]


@dataclass(slots=True, eq=False)
class Analyst:
    """Answers questions about what came and what was done with it.

    Args:
        engine: The store.
        articles: Its articles.
        pipeline: Returns the pipeline that answers.
        now: Tells the time.
    """

    engine: Engine
    articles: ArticleRepository
    pipeline: Callable[[], Pipeline]
    now: Now
    _desks: dict[tuple[str | None, tuple[str, ...]], _Desk] = field(default_factory=dict)
    _answers: dict[object, tuple[float, object]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _embedded: Embedded = field(init=False)
    _article_vectors: ArticleVectors = field(init=False)
    _contests: Contests = field(default_factory=Contests)

    def __post_init__(self) -> None:
        self._embedded = Embedded(self.pipeline)
        self._article_vectors = ArticleVectors(self.pipeline)

    def picture(self, view: View) -> Picture:
        """Return the rows of a view.

        Raises:
            StoreError: When the store cannot be read.
        """
        period = Period.last(min(view.days, LONGEST_DAYS), self.now())
        decisions, uses = self._rows(view.brand)
        decisions = decisions.within(period)
        kept = np.ones(len(decisions), bool)
        if view.language is not None:
            kept &= decisions.language.is_(view.language)
        if view.channel is not None:
            kept &= decisions.channel.is_(view.channel)
        decisions = decisions.where(kept)
        return Picture(period, decisions, uses.of(decisions))

    def spikes(self, brand: str | None, hours: int = 24) -> SpikeReport:
        """Look for topics above their usual rate in the newest hours.

        Raises:
            StoreError: When the store cannot be read.
        """
        return self._remembered(("spikes", brand, hours), lambda: self._spikes(brand, hours))

    def gaps(self, brand: str | None, days: int = 28) -> GapReport:
        """Group the questions of some days that no article answers.

        Raises:
            StoreError: When the store cannot be read.
            ArticleError: When an article is not what was imported.
        """
        return self._remembered(("gaps", brand, days), lambda: self._gaps(View(brand, days)))

    def standings(self, brand: str | None, days: int = 90) -> list[Standing]:
        """Judge every article that the viewer may see.

        Raises:
            StoreError: When the store cannot be read.
            ArticleError: When an article is not what was imported.
        """
        picture = self.picture(View(brand, days))
        listed = self.articles.page(brand, None, MAX_LISTED)
        stored = [(one.article, one.changed_at) for one in listed]
        return standings(stored, picture.decisions, picture.uses, self.now())

    def twins(self, brand: str | None) -> tuple[Sequence[Article], list[Twins]]:
        """Find articles that say nearly the same.

        Raises:
            StoreError: When the store cannot be read.
            ArticleError: When an article is not what was imported.
        """
        articles = self._visible(brand)
        return articles, twins(articles, self._article_vectors.of(articles))

    def contest(self, brand: str | None, challenger: Pipeline) -> Contest:
        """Let champion and challenger read the newest kept texts.

        Raises:
            StoreError: When the store cannot be read.
        """
        champion = self.pipeline()
        asked = ("contest", brand, champion.bundle.id, challenger.bundle.id)

        def hold() -> Contest:
            decisions = self.picture(View(brand)).decisions
            newest = decisions.number[decisions.text][: -READ - 1 : -1].tolist()
            return self._contests.hold(champion, challenger, self.texts(newest, brand))

        return self._remembered(asked, hold)

    def texts(self, numbers: Sequence[int], brand: str | None) -> list[Kept]:
        """Read kept texts by their rows; those of another brand are not there.

        Raises:
            StoreError: When the store cannot be read.
        """
        return read_texts(self.engine, numbers, brand)

    def _spikes(self, brand: str | None, hours: int) -> SpikeReport:
        decisions, _ = self._rows(brand)
        until = self.now().timestamp()
        first = float(decisions.at.min(initial=until))
        window = Window.ending(until, hours, first)
        decisions = decisions.within(window.whole)
        new = decisions.at >= window.begin
        unknown = int((new & ~decisions.text).sum())
        if not window.tells:
            return SpikeReport((), 0, enough=False, without_text=unknown, read=0)
        season = Season.of(decisions.at[~new], window.since, window.begin)
        texts = self._sampled(decisions, new, brand)
        tested = [*text_topics(texts), *label_topics(decisions)]
        found, count = rises(window, season, tested)
        told = tuple(spikes(found, decisions, texts))
        return SpikeReport(told, count, enough=True, without_text=unknown, read=len(texts.kept))

    def _sampled(
        self,
        decisions: Decisions,
        new: Mask,
        brand: str | None,
    ) -> Texts:
        """Read the newest texts and evenly spread older ones."""
        self._embedded.forget_gone(self.engine)
        old = decisions.number[~new & decisions.text]
        chosen = thinned(old, OLD_TEXTS)
        recent = decisions.number[new & decisions.text]
        # Both are samples of their time; a share each keeps their rates comparable.
        kept_new = thinned(recent, NEW_TEXTS)
        share = (len(chosen) / max(len(old), 1)) / (len(kept_new) / max(len(recent), 1) or 1.0)
        kept = self.texts([*chosen.tolist(), *kept_new.tolist()], brand)
        return Texts.of(kept, self._embedded.vectors(kept), share)

    def _gaps(self, view: View) -> GapReport:
        picture = self.picture(view)
        wanted = unanswered(picture.decisions, picture.uses)
        known = np.isin(picture.decisions.number, wanted) & picture.decisions.text
        self._embedded.forget_gone(self.engine)
        kept = self.texts(picture.decisions.number[known][-GAP_TEXTS:].tolist(), view.brand)
        answered = picture.decisions.number[picture.decisions.text & ~known]
        articles = [one for one in self._visible(view.brand) if one.visibility == "public"]
        found = gaps(
            kept,
            self._embedded.vectors(kept),
            self._words(thinned(answered, OTHER_TEXTS), view.brand),
            self._article_vectors.of(articles),
        )
        unknown = len(wanted) - int(known.sum())
        return GapReport(tuple(found), tuple(articles), len(wanted), unknown)

    def _words(self, numbers: Ints, brand: str | None) -> dict[str, Counter[str]]:
        out: dict[str, Counter[str]] = {}
        for one in self.texts(numbers.tolist(), brand):
            out.setdefault(one.language, Counter()).update([*terms(one.text), ""])
        return out

    def _visible(self, brand: str | None) -> list[Article]:
        return [one for one in self.articles.list_articles() if seen_by(brand, one.brand)]

    def _rows(self, brand: str | None) -> tuple[Decisions, Uses]:
        tasks = tuple(self.pipeline().labeler.tasks)
        with self._lock:
            desk = self._desks.pop((brand, tasks), None)
            if desk is None:
                desk = _Desk(decision_reader(brand, tasks), use_reader(brand))
            # The last few used stay: one for each brand that somebody looks at.
            self._desks = dict([*self._desks.items(), ((brand, tasks), desk)][-MOST_DESKS:])
        # From the beginning of an hour, so that the same rows do for the questions of an hour.
        days = LONGEST_DAYS + 1
        since = (self.now().timestamp() - days * DAY_S) // HOUR_S * HOUR_S
        return (
            desk.decisions.upto_date(self.engine, since),
            desk.uses.upto_date(self.engine, since),
        )

    def _remembered(self, asked: object, answer: Callable[[], T]) -> T:
        with self._lock:
            known = self._answers.get(asked)
        if known and monotonic() - known[0] < KEPT_S:
            return known[1]  # type: ignore[return-value] # kept under what was asked
        found = answer()
        with self._lock:
            self._answers = dict(
                [*self._answers.items(), (asked, (monotonic(), found))][-MOST_ANSWERS:]
            )
        return found


MAX_LISTED = 5_000
MOST_DESKS = 4
