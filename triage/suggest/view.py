"""What a query's filters and language let through, laid out so that a search is few operations."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors
from triage.suggest.ranking import Kinds, Scores, credit

MAX_VIEWS, VIEWED_ROWS = 64, 1_000_000
"""Filters whose articles are remembered, and passages of all of them; more are worked out anew."""
_Rows = NDArray[np.int64]
_NONE = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Passages of all articles of an index, in order.

    Attributes:
        starts: Row of each article's first passage, ``(n_articles,)``.
        ends: Row after that of its last one, same shape.
        blocks: Which passages are blocks, the others being titles, ``(n_passages,)``.
        languages: Of the passages, same shape.
        codes: Number of the language among those of the words, same shape.
        groups: Number of each article's group of translations, ``(n_articles,)``.
        errors: How far a scan rounds the vector of each passage, ``(n_passages,)``.
    """

    starts: _Rows
    ends: _Rows
    blocks: NDArray[np.bool_]
    languages: NDArray[np.str_]
    codes: _Rows
    groups: _Rows
    errors: Scores


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Some articles of an index with their passages, titles first.

    Attributes:
        articles: Their numbers in the index, ascending, ``(n,)``.
        groups: Number of each one's group of translations, same shape.
        starts: Place in ``rows`` of each one's first passage, and the end of the last, ``(n+1,)``.
        rows: Rows of their passages in the index, ``(m,)``.
        blocks: Which of these passages are blocks, same shape.
        kinds: Where titles and blocks of each article stand in ``rows``.
        credit: What a passage of another language than the question's is credited, ``(m,)``.
        codes: Number of each passage's language, ``(m,)``.
        errors: How far a scan rounds a vector of each article at most, ``(n,)``.
        spoken: The distinct ones of these numbers.
        vectors: Of the passages, ``(m, dim)``; None where they are not copied.
    """

    articles: _Rows
    groups: _Rows
    starts: _Rows
    rows: _Rows
    blocks: NDArray[np.bool_]
    kinds: Kinds
    credit: Scores
    codes: _Rows
    errors: Scores
    spoken: frozenset[int]
    vectors: Vectors | None = None

    @classmethod
    def of(cls, articles: _Rows, layout: Layout, language: str) -> Self:
        """Lay out articles for questions in a language.

        Args:
            articles: Numbers in the index, ascending.
            layout: Of the index.
            language: Of the questions.
        """
        starts, rows = _runs(layout.starts[articles], layout.ends[articles])
        owners = np.repeat(np.arange(len(articles)), np.diff(starts))
        # Stable: titles come first, and otherwise the order of the index stays.
        rows = rows[np.lexsort((layout.blocks[rows], owners))]
        blocks, codes = layout.blocks[rows], layout.codes[rows]
        return cls(
            articles=articles,
            groups=layout.groups[articles],
            starts=starts,
            rows=rows,
            blocks=blocks,
            kinds=Kinds.of(blocks, starts),
            credit=credit(layout.languages[rows] == language),
            codes=codes,
            errors=np.maximum.reduceat(layout.errors[rows], starts[:-1]) if len(rows) else _NONE,
            spoken=frozenset(np.unique(codes).tolist()),
        )

    def narrowed(self, places: _Rows) -> tuple["View", _Rows]:
        """Return a view of some of these articles, and the places of its passages in this one."""
        starts, kept = _runs(self.starts[places], self.starts[places + 1])
        blocks = self.blocks[kept]
        view = View(
            articles=self.articles[places],
            groups=self.groups[places],
            starts=starts,
            rows=self.rows[kept],
            blocks=blocks,
            kinds=Kinds.of(blocks, starts),
            credit=self.credit[kept],
            codes=self.codes[kept],
            errors=self.errors[places],
            spoken=self.spoken,
        )
        return view, kept


class Views:
    """Views by what asked for them; when they are too many, all are forgotten.

    Args:
        size: Number of passages of the index; four views of all of them are always remembered.
    """

    def __init__(self, size: int) -> None:
        self._most = max(VIEWED_ROWS, 4 * size)
        self._views: dict[object, View] = {}

    @property
    def copied(self) -> int:
        """Number of views that have vectors of their own."""
        return sum(one.vectors is not None for one in list(self._views.values()))

    def find(self, name: object) -> View | None:
        """Return a view that is remembered."""
        return self._views.get(name)

    def keep(self, name: object, view: View) -> None:
        """Remember a view."""
        held = sum(len(one.rows) for one in list(self._views.values())) + len(view.rows)
        if len(self._views) >= MAX_VIEWS or held > self._most:
            # Another one, so that threads that look meanwhile are not disturbed.
            self._views = {}
        self._views[name] = view


def _runs(begins: _Rows, ends: _Rows) -> tuple[_Rows, _Rows]:
    """Put runs of rows one after the other; return where each begins, and the last ends, too."""
    counts = ends - begins
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts, np.arange(starts[-1]) + np.repeat(begins - starts[:-1], counts)
