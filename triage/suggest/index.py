"""The searchable knowledge base: a large part and a small one of what changed since."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article, Passage
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.suggest.embedding import Embedder
from triage.suggest.filters import ArticleTable, Mask
from triage.suggest.lexical import LexicalIndex
from triage.suggest.query import Hit, Query
from triage.suggest.ranking import (
    SECOND_WEIGHT,
    Scores,
    article_scores,
    contenders,
    fuse,
    margin,
    top_groups,
)
from triage.suggest.segments import ArticleKey, Cut, Segment, key, passages_of

__all__ = ["ArticleKey", "Cut", "PassageIndex", "key"]

MAX_ANSWER = 1_500
"""Longest body, in characters, that is offered whole as an answer."""
CROWDED_SHARE, CROWDED_LEAST = 0.05, 1_000
"""Passages changed or deleted, as a share of all and at least, from which on a merge is due."""
MAX_VIEWS = 64
"""Filters whose articles are remembered; more are worked out anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What a query's filters and language let through; ``same`` is by passage."""

    allowed: Mask
    any: bool
    same: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Contenders with the exact scores of their passages, and where those of each begin."""

    articles: NDArray[np.int64]
    blocks: Mask
    starts: NDArray[np.int64]
    dense: Scores
    lexical: Scores
    fused: Scores


class PassageIndex:
    """An immutable index over articles and their passages; searching is exact.

    Titles and blocks are entries of their own: one vector for a whole article drops title search
    from 96 to 53 % recall. A passage whose language has an encoder of its own is embedded by that
    one and by the profile's common one, and carries the mean of both, as does a question.

    Changes give a new index that shares the large part with the old one: what is new stands in a
    small part, what is gone is marked. Searches on the old index go on undisturbed, and the new one
    answers to the last digit as one built from scratch.

    Args:
        base: The large part.
        kept: Which of its articles live, shape ``(n_articles,)``.
        delta: The small part, all of which lives.
        embedder: What made the vectors, and makes those of questions.
    """

    def __init__(self, base: Segment, kept: Mask, delta: Segment, embedder: Embedder) -> None:
        self.embedder = embedder
        self.articles = (*compress(base.articles, kept), *delta.articles)
        self._base, self._kept, self._delta = base, kept, delta
        living = np.ones(len(delta.articles), bool)
        both = [(base, kept), (delta, living)] if len(living) else [(base, kept)]
        parts = [part for part, _ in both]
        self._parts = parts
        counts = np.concatenate([part.counts for part in parts])
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._blocks = np.concatenate([part.blocks for part in parts])
        self._languages = np.concatenate([part.languages for part in parts])
        whole = [(part.table, np.ones(len(part.articles), bool)) for part in parts]
        self._table = base.table if len(parts) == 1 else ArticleTable.joined(whole)
        self._alive = np.concatenate([mask for _, mask in both])
        self._groups, self._group_count = _groups(base, delta)
        self._words = LexicalIndex(
            [(part.postings, part.passage_mask(mask)) for part, mask in both]
        )
        self._views: dict[object, _View] = {}

    @classmethod
    def build(
        cls,
        articles: Iterable[Cut],
        encoders: EncoderSet,
        profile: Profile,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "PassageIndex":
        """Embed all passages and index them; ``advance`` hears of every so many embedded.

        Raises:
            ArticleError: When two articles share one key or an article has no passage.
        """
        return cls.embed(articles, Embedder(encoders, profile), advance)

    @classmethod
    def embed(
        cls,
        articles: Iterable[Cut],
        embedder: Embedder,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "PassageIndex":
        """Index articles with an embedder, which may have the vectors of some already."""
        cuts = list(articles)
        vectors = embedder.passages(passages_of(cuts), advance, whole=True)
        return cls.whole(Segment.of(cuts, vectors), embedder)

    @classmethod
    def whole(cls, base: Segment, embedder: Embedder) -> "PassageIndex":
        """Return an index of one segment."""
        empty = Segment.of((), np.zeros((0, embedder.encoders.dim), np.float32))
        return cls(base, np.ones(len(base.articles), bool), empty, embedder)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Passages of the articles, in order."""
        base = compress(self._base.passages, self._base.passage_mask(self._kept))
        return (*base, *self._delta.passages)

    @property
    def size(self) -> int:
        """Number of passages that are searched, those of deleted articles among them."""
        return self._words.size

    @property
    def crowded(self) -> bool:
        """Tell whether so much changed that searches would gain by ``merged``."""
        gone = int(self._base.counts[~self._kept].sum())
        changed = gone + len(self._delta.passages)
        return changed > max(CROWDED_LEAST, CROWDED_SHARE * len(self._base.passages))

    def with_articles(
        self, changed: Sequence[Cut], deleted: Collection[ArticleKey] = ()
    ) -> "PassageIndex":
        """Return a new index with articles added, replaced by key, or deleted.

        Only the changed articles are embedded and indexed; all else is shared.

        Raises:
            ArticleError: When two articles share one key or an article has no passage.
        """
        fresh = Segment.of(changed, self.embedder.passages(passages_of(changed)))
        gone = {key(article) for article, _ in changed} | set(deleted)
        kept = self._kept & self._base.without(gone)
        delta = fresh
        if self._delta.articles:
            older = (self._delta, self._delta.without(gone))
            delta = Segment.merged([older, (fresh, np.ones(len(changed), bool))])
        return PassageIndex(self._base, kept, delta, self.embedder)

    def merged(self) -> "PassageIndex":
        """Return an index of the same articles in the same order, in one part again."""
        living = np.ones(len(self._delta.articles), bool)
        base = Segment.merged([(self._base, self._kept), (self._delta, living)])
        return self.whole(base, self.embedder)

    def search(self, query: Query, top: int) -> list[Hit]:
        """Find the best ``top`` distinct articles, best first, without a threshold.

        An article is shown in the language of the question where it has such a translation.
        All passages are scored within a bound, and those that can win are scored exactly.

        Raises:
            EncoderError: When the query's vector has another width than the index.
        """
        view = self._view(query)
        if top < 1 or not view.any:
            return []
        question = self.embedder.question(query)
        lexical = self._words.scores(query.text)
        near, error = self._near(question)
        best = article_scores(fuse(near, lexical, view.same), self._blocks, self._starts)
        error *= 1 + SECOND_WEIGHT
        articles = contenders(best, view.allowed, self._groups, top + 1, error)
        found = self._exact(articles, question, lexical, view)
        scores = article_scores(found.fused, found.blocks, found.starts)
        everyone = np.ones(len(articles), bool)
        ranked = top_groups(scores, everyone, self._groups[articles], top + 1)
        return [
            self._hit(found, place, query, (scores[place], margin(scores[ranked], rank)))
            for rank, place in enumerate(ranked[:top])
        ]

    def _view(self, query: Query) -> _View:
        name = (query.filters, query.language, query.article_language)
        view = self._views.get(name)
        if view is None:
            allowed = self._alive & self._table.allowed(query.filters)
            if query.article_language:
                allowed &= self._table.of_language(query.article_language)
            allowed = self._table.prefer_translation(
                allowed, query.language, self._groups, self._group_count
            )
            view = _View(allowed, bool(allowed.any()), self._languages == query.language)
            if len(self._views) >= MAX_VIEWS:
                self._views = {}
            self._views[name] = view
        return view

    def _near(self, question: Vectors) -> tuple[Scores, float]:
        found = [part.scan.scores(question) for part in self._parts]
        near = found[0][0] if len(found) == 1 else np.concatenate([near for near, _ in found])
        return near, max(error for _, error in found)

    def _exact(
        self, articles: NDArray[np.int64], question: Vectors, lexical: Scores, view: _View
    ) -> _Found:
        counts = self._ends[articles] - self._starts[articles]
        starts = np.cumsum(counts) - counts
        rows = np.arange(counts.sum()) + np.repeat(self._starts[articles] - starts, counts)
        border = len(self._base.passages)
        split = int(np.searchsorted(rows, border))
        own, new = self._base.vectors[rows[:split]], self._delta.vectors[rows[split:] - border]
        # Row by row, so that a score does not depend on what stands beside it.
        dense = np.einsum("ij,j->i", np.concatenate([own, new]) if len(new) else own, question)
        fused = fuse(dense, lexical[rows], view.same[rows])
        return _Found(articles, self._blocks[rows], starts, dense, lexical[rows], fused)

    def _hit(self, found: _Found, place: int, query: Query, standing: tuple[float, float]) -> Hit:
        number = int(found.articles[place])
        begin = int(found.starts[place])
        end = begin + int(self._ends[number] - self._starts[number])
        first, kinds = int(self._starts[number]), found.blocks[begin:end]
        # A handful of rows: lists are several times faster than arrays here.
        fused = found.fused[begin:end].tolist()
        blocks = [row for row, is_block in enumerate(kinds) if is_block]
        shown = blocks or range(end - begin)
        article, best = self._article(number), max(shown, key=fused.__getitem__)
        passage = self._passage(first + best)
        answer = passage.text
        if max(fused) > fused[best]:
            answer = _body([self._passage(first + row).text for row in blocks], answer)
        return Hit(
            article=article,
            passage=passage,
            answer=answer,
            score=float(standing[0]),
            dense=float(found.dense[begin:end].max()),
            lexical=float(found.lexical[begin:end].max()),
            margin=standing[1],
            same_language=article.language == query.language,
        )

    def _article(self, number: int) -> Article:
        border = len(self._base.articles)
        return (
            self._base.articles[number]
            if number < border
            else self._delta.articles[number - border]
        )

    def _passage(self, row: int) -> Passage:
        border = len(self._base.passages)
        return self._base.passages[row] if row < border else self._delta.passages[row - border]


def _groups(base: Segment, delta: Segment) -> tuple[NDArray[np.int64], int]:
    """Number the translation groups of both parts, and count the numbers."""
    size = len(base.group_of)
    added: dict[str, int] = {}
    new = [
        number
        if (number := base.group_of.get(one.id)) is not None
        else added.setdefault(one.id, size + len(added))
        for one in delta.articles
    ]
    return np.concatenate([base.groups, np.array(new, np.int64)]), size + len(added)


def _body(blocks: Sequence[str], otherwise: str) -> str:
    """Join the blocks of a short article; of a long one, the best block must do."""
    whole = "\n\n".join(blocks)
    return whole if len(whole) <= MAX_ANSWER else otherwise
