"""Show what the cutter makes of an article, and whether it could be suggested."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from triage.domain import Article, Passage
from triage.text.passages import cut, size

Hidden = Literal["internal", "not_yet_valid", "expired", "no_text"]
"""Why an article is suggested to nobody."""


class Piece(NamedTuple):
    """A passage with its length in words; a Chinese character counts 0.6 of a word."""

    passage: Passage
    words: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The passages of an article, and what keeps it from being suggested."""

    pieces: tuple[Piece, ...]
    hidden: tuple[Hidden, ...]


def preview(article: Article, today: date) -> Preview:
    """Cut an article as the index does and look at it with the eyes of the filters."""
    pieces = tuple(Piece(passage, round(size(passage.text))) for passage in cut(article))
    hidden: list[Hidden] = []
    if article.visibility == "internal":
        hidden.append("internal")
    if article.valid_from and today < article.valid_from:
        hidden.append("not_yet_valid")
    if article.valid_until and article.valid_until < today:
        hidden.append("expired")
    if not pieces:
        hidden.append("no_text")
    return Preview(pieces, tuple(hidden))
