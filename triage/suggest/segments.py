"""An immutable part of the knowledge base: articles, passages, vectors and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Self

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article, Passage
from triage.encoders.base import Vectors
from triage.errors import ArticleError
from triage.suggest.filters import ArticleTable, Mask
from triage.suggest.postings import Postings
from triage.suggest.scan import Scan, make_scan

ArticleKey = tuple[str, str]
"""Id and language; articles of one id are translations of each other."""
Cut = tuple[Article, Sequence[Passage]]
"""An article with the passages it was cut into."""


def key(article: Article) -> ArticleKey:
    """Name an article among its translations."""
    return article.id, article.language


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Articles with all that a search needs of them.

    Attributes:
        articles: In the order of the index.
        passages: Of all articles, in order.
        rows: Place of each article by its key.
        counts: Passages of each article, ``(n_articles,)``.
        vectors: Of the passages, ``(n_passages, dim)``.
        scan: Over these vectors.
        blocks: Which passages are blocks, the others being titles, ``(n_passages,)``.
        languages: Of the passages, ``(n_passages,)``.
        table: Attributes of the articles.
        groups: Number of each article's group of translations, ``(n_articles,)``.
        group_of: That number by article id.
        postings: Words of the passages.
    """

    articles: tuple[Article, ...]
    passages: tuple[Passage, ...]
    rows: Mapping[ArticleKey, int]
    counts: NDArray[np.int64]
    vectors: Vectors
    scan: Scan
    blocks: Mask
    languages: NDArray[np.str_]
    table: ArticleTable
    groups: NDArray[np.int64]
    group_of: Mapping[str, int]
    postings: Postings

    @classmethod
    def of(cls, cuts: Sequence[Cut], vectors: Vectors) -> Self:
        """Index articles with their passages and the vectors of these.

        Raises:
            ArticleError: When two articles share one key or an article has no passage.
        """
        _check(cuts)
        passages = passages_of(cuts)
        texts = [_words_of(passage) for passage in passages]
        languages = [passage.language for passage in passages]
        articles = tuple(article for article, _ in cuts)
        return cls._assembled(
            (articles, passages),
            counts=np.array([len(one) for _, one in cuts], np.int64),
            vectors=vectors,
            blocks=np.array([passage.kind == "block" for passage in passages], bool),
            languages=np.array(languages, np.str_),
            table=ArticleTable.of(articles),
            postings=Postings.of(texts, languages),
        )

    @classmethod
    def merged(cls, parts: Sequence[tuple["Segment", Mask]]) -> Self:
        """Join the articles of several segments that a mask each keeps, in order.

        Nothing is embedded or split into words again; the work is done in arrays, so that threads
        that search meanwhile are not held up.
        """
        held = [(part, kept, part.passage_mask(kept)) for part, kept in parts]
        articles = chain.from_iterable(compress(p.articles, kept) for p, kept, _ in held)
        passages = chain.from_iterable(compress(p.passages, rows) for p, _, rows in held)
        return cls._assembled(
            (tuple(articles), tuple(passages)),
            counts=np.concatenate([part.counts[kept] for part, kept, _ in held]),
            vectors=np.concatenate([part.vectors[rows] for part, _, rows in held]),
            blocks=np.concatenate([part.blocks[rows] for part, _, rows in held]),
            languages=np.concatenate([part.languages[rows] for part, _, rows in held]),
            table=ArticleTable.joined([(part.table, kept) for part, kept, _ in held]),
            postings=Postings.merged([(part.postings, rows) for part, _, rows in held]),
        )

    @classmethod
    def _assembled(
        cls,
        texts: tuple[tuple[Article, ...], tuple[Passage, ...]],
        *,
        counts: NDArray[np.int64],
        vectors: Vectors,
        blocks: Mask,
        languages: NDArray[np.str_],
        table: ArticleTable,
        postings: Postings,
    ) -> Self:
        articles, passages = texts
        group_of: dict[str, int] = {}
        groups = [group_of.setdefault(article.id, len(group_of)) for article in articles]
        return cls(
            articles=articles,
            passages=passages,
            rows={key(article): row for row, article in enumerate(articles)},
            counts=counts,
            vectors=vectors,
            scan=make_scan(vectors),
            blocks=blocks,
            languages=languages,
            table=table,
            groups=np.array(groups, np.int64),
            group_of=group_of,
            postings=postings,
        )

    def passage_mask(self, articles: Mask) -> Mask:
        """Mark the passages of marked articles."""
        return np.repeat(articles, self.counts)

    def without(self, keys: set[ArticleKey]) -> Mask:
        """Mark the articles that have none of these keys."""
        kept = np.ones(len(self.articles), bool)
        kept[[self.rows[name] for name in keys if name in self.rows]] = False
        return kept


def passages_of(cuts: Sequence[Cut]) -> tuple[Passage, ...]:
    """List the passages of all articles in order."""
    return tuple(chain.from_iterable(passages for _, passages in cuts))


def joined_groups(base: Segment, delta: Segment) -> tuple[NDArray[np.int64], int]:
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


def _check(articles: Sequence[Cut]) -> None:
    seen: set[ArticleKey] = set()
    for article, passages in articles:
        name = f"The article {article.id} ({article.language})"
        if not passages:
            raise ArticleError(f"{name} has no text.", fix="Give it a title or a body.")
        if key(article) in seen:
            raise ArticleError(f"{name} stands twice.", fix="Keep one of the two.")
        seen.add(key(article))


def _words_of(passage: Passage) -> str:
    return passage.text if passage.kind == "title" else f"{passage.title}\n{passage.text}"
