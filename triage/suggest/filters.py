"""Columns of article attributes, so that a filter is a few array operations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Self

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article
from triage.suggest.query import Filters

Mask = NDArray[np.bool_]
_EVER, _FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
_Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class ArticleTable:
    """Attributes of articles as arrays, in the order given; masks have shape ``(n_articles,)``."""

    brand: _Names
    audience: _Names
    language: _Names
    visibility: _Names
    first_day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    tags: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Self:
        """Take the attributes out of articles."""
        first = [a.valid_from.toordinal() if a.valid_from else _EVER for a in articles]
        last = [a.valid_until.toordinal() if a.valid_until else _FOREVER for a in articles]
        return cls(
            brand=_names(article.brand for article in articles),
            audience=_names(article.audience for article in articles),
            language=_names(article.language for article in articles),
            visibility=_names(article.visibility for article in articles),
            first_day=np.array(first, np.int64),
            last_day=np.array(last, np.int64),
            tags=tuple(frozenset(tag.casefold() for tag in article.tags) for article in articles),
        )

    @classmethod
    def joined(cls, parts: Sequence[tuple["ArticleTable", Mask]]) -> Self:
        """Put the rows that a mask each keeps below each other."""
        return cls(
            brand=np.concatenate([part.brand[kept] for part, kept in parts]),
            audience=np.concatenate([part.audience[kept] for part, kept in parts]),
            language=np.concatenate([part.language[kept] for part, kept in parts]),
            visibility=np.concatenate([part.visibility[kept] for part, kept in parts]),
            first_day=np.concatenate([part.first_day[kept] for part, kept in parts]),
            last_day=np.concatenate([part.last_day[kept] for part, kept in parts]),
            tags=tuple(chain.from_iterable(compress(part.tags, kept) for part, kept in parts)),
        )

    def allowed(self, filters: Filters) -> Mask:
        """Mark the articles that may be shown."""
        visible = [self.visibility == name for name in filters.visibility]
        today = filters.today.toordinal()
        mask = (self.first_day <= today) & (self.last_day >= today)
        mask &= np.logical_or.reduce(visible) if visible else False
        for column, wanted in ((self.brand, filters.brand), (self.audience, filters.audience)):
            if wanted:
                mask &= (column == wanted.casefold()) | (column == "")
        if filters.tags:
            wanted_tags = {tag.casefold() for tag in filters.tags}
            mask &= np.array([not wanted_tags.isdisjoint(tags) for tags in self.tags], bool)
        return mask

    def of_language(self, language: str) -> Mask:
        """Mark the articles of one language."""
        return np.asarray(self.language == language.casefold(), bool)

    def prefer_translation(
        self, allowed: Mask, language: str, groups: NDArray[np.int64], size: int
    ) -> Mask:
        """Drop an article where a translation of it into the wished language is allowed too.

        Args:
            allowed: What may be shown.
            language: The wished one.
            groups: Number of each article's group of translations, shape ``(n_articles,)``.
            size: How many numbers there are.
        """
        own = allowed & self.of_language(language)
        translated = np.zeros(size, bool)
        translated[groups[own]] = True
        return allowed & (own | ~translated[groups])


def _names(values: Iterable[str | None]) -> _Names:
    return np.array([(value or "").casefold() for value in values], np.str_)
