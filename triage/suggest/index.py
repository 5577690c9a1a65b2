"""The searchable knowledge base: a large part and a small one of what changed since."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import compress, repeat

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article, Passage
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.suggest.embedding import Embedder
from triage.suggest.filters import ArticleTable, Mask
from triage.suggest.lexical import LexicalIndex
from triage.suggest.query import Hit, Query, Standing
from triage.suggest.ranking import (
    SECOND_WEIGHT,
    article_scores,
    contenders,
    fuse,
)
from triage.suggest.scan import Bounds, joined
from triage.suggest.segments import (
    ArticleKey,
    Cut,
    Segment,
    joined_groups,
    key,
    passages_of,
)
from triage.suggest.standings import standings
from triage.suggest.view import Layout, View, Views

__all__ = ["ArticleKey", "Cut", "PassageIndex", "key"]

MAX_ANSWER = 1_500
"""Longest body, in characters, that is offered whole as an answer."""
CROWDED_SHARE, CROWDED_LEAST = 0.05, 1_000
"""Passages changed or deleted, as a share of all and at least, from which on a merge is due."""
SCANNED = 1 << 20
"""Most scores that are worked out at once: 8 MB."""
COPIED_ROWS, COPIES = 1_000, 16
"""Most passages of a view whose vectors are copied, and most views. So few are compared exactly in
less time than all of them within a bound."""
NOT_NEEDED = Bounds(np.zeros(0, np.float32), 0.0, 0.0)


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
        whole = [(part.table, np.ones(len(part.articles), bool)) for part in parts]
        self._table = base.table if len(parts) == 1 else ArticleTable.joined(whole)
        self._alive = np.concatenate([mask for _, mask in both])
        groups, self._group_count = joined_groups(base, delta)
        self._words = LexicalIndex(
            [(part.postings, part.passage_mask(mask)) for part, mask in both]
        )
        ends = np.cumsum(counts)
        self._layout = Layout(
            starts=ends - counts,
            ends=ends,
            blocks=np.concatenate([part.blocks for part in parts]),
            languages=np.concatenate([part.languages for part in parts]),
            codes=self._words.codes,
            groups=groups,
            errors=np.concatenate([part.scan.errors for part in parts]),
        )
        self._views = Views(self.size)

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
        """
        return [self.hit(one) for one in self.find(query, top)]

    def find(self, query: Query, top: int) -> list[Standing]:
        """Rank articles as ``search`` does and leave their texts for ``hit``.

        Raises:
            EncoderError: When the query's vector has another width than the index.
        """
        return self.find_all([query], top, [self.embedder.question(query)])[0]

    def find_all(
        self, queries: Sequence[Query], top: int, questions: Sequence[Vectors]
    ) -> list[list[Standing]]:
        """Rank articles for several questions, for each as ``find`` does.

        Few passages are scored exactly. Of many, all are scored within a bound, for several
        questions at once, and those that can win are scored exactly.

        Args:
            queries: The questions.
            top: How many articles are wanted for each.
            questions: What the embedder gave for each.
        """
        found: list[list[Standing]] = []
        together = max(1, SCANNED // max(self.size, 1))
        for start in range(0, len(queries), together):
            some, given = queries[start : start + together], questions[start : start + together]
            views = [self._view(query) for query in some]
            found += map(self._found, some, views, given, self._near(views, given), repeat(top))
        return found

    def _found(
        self, query: Query, view: View, question: Vectors, near: Bounds, top: int
    ) -> list[Standing]:
        if top < 1 or not len(view.articles):
            return []
        words = self._words.sums(query.text, view.spoken)
        lexical = words.scores(view.rows, view.codes)
        vectors = view.vectors
        if vectors is None:
            most = article_scores(fuse(near.most[view.rows], lexical, view.credit), view.kinds)
            doubts = (near.length * view.errors + near.rest) * (2 * (1 + SECOND_WEIGHT))
            chosen = contenders(most, doubts, view.groups, top + 1)
            view, kept = view.narrowed(chosen)
            vectors, lexical = self._vectors(view.rows), lexical[kept]
        # Row by row, so that a score does not depend on what stands beside it.
        dense = np.vecdot(vectors, question)
        return standings(view, dense, lexical, self._article, (query.language, top))

    def hit(self, found: Standing) -> Hit:
        """Give the texts of an article that this index found."""
        rows, fused = found.rows, found.fused
        passages = [self._passage(row) for row in rows]
        blocks = [place for place, one in enumerate(passages) if one.kind == "block"]
        best = max(blocks or range(len(rows)), key=fused.__getitem__)
        answer = passages[best].text
        if max(fused) > fused[best]:
            answer = _body([passages[place].text for place in blocks], answer)
        return Hit(
            article=self._article(found.article),
            passage=passages[best],
            answer=answer,
            score=found.score,
            dense=found.dense,
            lexical=found.lexical,
            margin=found.margin,
            same_language=found.same_language,
        )

    def _view(self, query: Query) -> View:
        name = (query.filters, query.language, query.article_language)
        view = self._views.find(name)
        if view is None:
            view = self._new_view(query)
            if len(view.rows) <= COPIED_ROWS and self._views.copied < COPIES:
                view = replace(view, vectors=self._vectors(view.rows))
            self._views.keep(name, view)
        return view

    def _new_view(self, query: Query) -> View:
        allowed = self._alive & self._table.allowed(query.filters)
        if query.article_language:
            allowed &= self._table.of_language(query.article_language)
        allowed = self._table.prefer_translation(
            allowed, query.language, self._layout.groups, self._group_count
        )
        return View.of(np.flatnonzero(allowed), self._layout, query.language)

    def _vectors(self, rows: NDArray[np.int64]) -> Vectors:
        if not self._delta.articles:
            return self._base.vectors[rows]
        border = len(self._base.passages)
        old = rows < border
        vectors = np.empty((len(rows), self.embedder.encoders.dim), np.float32)
        vectors[old] = self._base.vectors[rows[old]]
        vectors[~old] = self._delta.vectors[rows[~old] - border]
        return vectors

    def _near(self, views: Sequence[View], questions: Sequence[Vectors]) -> list[Bounds]:
        if all(view.vectors is not None for view in views):
            return [NOT_NEEDED] * len(views)
        scanned = [part.scan.bounds(np.stack(questions)) for part in self._parts]
        return list(map(joined, *scanned)) if scanned[1:] else scanned[0]

    def _article(self, number: int) -> Article:
        border = len(self._base.articles)
        part, place = (self._base, number) if number < border else (self._delta, number - border)
        return part.articles[place]

    def _passage(self, row: int) -> Passage:
        border = len(self._base.passages)
        return self._base.passages[row] if row < border else self._delta.passages[row - border]


def _body(blocks: Sequence[str], otherwise: str) -> str:
    """Join the blocks of a short article; of a long one, the best block must do."""
    whole = "\n\n".join(blocks)
    return whole if len(whole) <= MAX_ANSWER else otherwise
