"""What is asked of the index, and what it gives back."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article, Passage

Visibility = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be shown at all; applied before ranking.

    Args:
        today: Articles valid until an earlier day are left out.
        brand: Keep articles of this brand and those of none; None keeps all.
        audience: Keep articles for this audience and those for everybody; None keeps all.
        tags: Keep articles with at least one of these tags; empty keeps all.
        visibility: Keep articles of these visibilities; internal ones are for agents only.
    """

    today: date
    brand: str | None = None
    audience: str | None = None
    tags: tuple[str, ...] = ()
    visibility: tuple[Visibility, ...] = ("public",)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question with its vector.

    Args:
        text: The cleaned question.
        language: Its language code, ``""`` when unsure.
        vector: Its embedding, shape ``(dim,)``.
        filters: Which articles may be shown.
        article_language: Search only the articles of this language.
    """

    text: str
    language: str
    vector: NDArray[np.float32]
    filters: Filters
    article_language: str | None = None


class Standing(NamedTuple):
    """Scores of one article found, before its texts are looked at.

    Args:
        article: Its number in the index.
        rows: Rows of its passages in the index, titles first.
        fused: Their fused scores.
        score: Fused score of the article.
        dense: Best cosine of its passages.
        lexical: Best share of words of its passages.
        margin: Lead of this score over the best other article; negative below the first rank.
        same_language: Whether article and question share their language.
        name: Id of the article.
    """

    article: int
    rows: list[int]
    fused: list[float]
    score: float
    dense: float
    lexical: float
    margin: float
    same_language: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found.

    Args:
        article: The article, in the customer's language where there is a translation.
        passage: Its best passage; a block of the body wherever the article has one.
        answer: What to tell the customer: the passage, or the whole body where the question matched
            the title best, since then no block is better than another and the body is short.
        score: Fused score, for ranking only.
        dense: Cosine of question and best passage.
        lexical: Share of the question's words found in the best passage, 0 to 1.
        margin: Lead of this score over the best other article; negative below the first rank.
        same_language: Whether article and question share their language.
    """

    article: Article
    passage: Passage
    answer: str
    score: float
    dense: float
    lexical: float
    margin: float
    same_language: bool
