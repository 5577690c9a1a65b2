"""Columns of article attributes, so that a filter is a few array operations."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article
from triage.suggest.query import Filters

Mask = NDArray[np.bool_]
MAX_REMEMBERED = 64
"""Answers of filters that are kept; the articles behind them never change."""
_FOREVER = np.iinfo(np.int64).max


class ArticleTable:
    """Attributes of articles as arrays, in the order given.

    Args:
        articles: The articles; all masks have shape ``(n_articles,)``.
    """

    def __init__(self, articles: Sequence[Article]) -> None:
        self._brand = _names(article.brand for article in articles)
        self._audience = _names(article.audience for article in articles)
        self._language = _names(article.language for article in articles)
        self._visibility = _names(article.visibility for article in articles)
        self._last_day = np.array(
            [a.valid_until.toordinal() if a.valid_until else _FOREVER for a in articles], np.int64
        )
        self._tags = [frozenset(tag.casefold() for tag in article.tags) for article in articles]
        numbers: dict[str, int] = {}
        self.group = np.array([numbers.setdefault(a.id, len(numbers)) for a in articles], np.int64)
        self.groups = len(numbers)
        self._shown: dict[tuple[Filters, str, str | None], Mask] = {}

    def shown(self, filters: Filters, language: str, only: str | None = None) -> Mask:
        """Mark the articles that answer a question: allowed, and in the best language there is.

        Args:
            filters: Which articles may be shown.
            language: Of the question.
            only: Language that the articles must have, if one is asked for.
        """
        asked = (filters, language, only)
        mask = self._shown.get(asked)
        if mask is None:
            mask = self.allowed(filters)
            if only:
                mask &= self.of_language(only)
            mask = self.prefer_translation(mask, language)
            # Brands and tags come with the request: what is remembered must have an end.
            if len(self._shown) >= MAX_REMEMBERED:
                self._shown.clear()
            self._shown[asked] = mask
        return mask

    def allowed(self, filters: Filters) -> Mask:
        """Mark the articles that may be shown."""
        mask = self._last_day >= filters.today.toordinal()
        mask &= np.isin(self._visibility, filters.visibility)
        for column, wanted in ((self._brand, filters.brand), (self._audience, filters.audience)):
            if wanted:
                mask &= (column == wanted.casefold()) | (column == "")
        if filters.tags:
            wanted_tags = {tag.casefold() for tag in filters.tags}
            mask &= np.array([not wanted_tags.isdisjoint(tags) for tags in self._tags], bool)
        return mask

    def of_language(self, language: str) -> Mask:
        """Mark the articles of one language."""
        return np.asarray(self._language == language.casefold(), bool)

    def prefer_translation(self, allowed: Mask, language: str) -> Mask:
        """Drop an article where a translation of it into the wished language is allowed too."""
        own = allowed & self.of_language(language)
        translated = np.zeros(self.groups, bool)
        translated[self.group[own]] = True
        return allowed & (own | ~translated[self.group])


def _names(values: Iterable[str | None]) -> NDArray[np.str_]:
    return np.array([(value or "").casefold() for value in values], np.str_)
