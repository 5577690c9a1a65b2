"""Join neighbouring sentences of one source into stretches as long as a customer's message."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby

from training.distill.corpus import LANGUAGES, ArticleText, Corpus, LeftOutGuard, Pair, in_slice

STRETCH = 280
"""Characters of English at which a stretch is full."""
MOST_SENTENCES = 6
PER_LANGUAGE = 10_000
ARTICLE_WINDOW = 400
JOINED = "joined"
"""Source of every pair that is made here."""
SINGLE_SENTENCES = "tatoeba"
"""Source whose neighbours have nothing to do with each other."""


def join_neighbours(corpus: Corpus, per_language: int = PER_LANGUAGE) -> list[Pair]:
    """Make longer pairs: neighbours of one source, and the beginnings of support articles.

    The corpus holds sentences; without longer texts a student reads paragraphs badly.

    Args:
        corpus: All texts of training.
        per_language: Most stretches of a language, chosen by hash; articles come on top.
    """
    out: list[Pair] = []
    for language in LANGUAGES:
        mine = [pair for pair in corpus.pairs if pair.language == language]
        stretches = sorted(
            _stretches(mine), key=lambda pair: sha256(pair.english.encode()).digest()
        )
        out.extend(stretches[:per_language])
    out.extend(_articles(corpus.articles, LeftOutGuard(corpus.left_out)))
    return out


def _stretches(pairs: Sequence[Pair]) -> Iterator[Pair]:
    for source, group in groupby(pairs, key=lambda pair: pair.source):
        if source == SINGLE_SENTENCES:
            continue
        waiting: list[Pair] = []
        for pair in group:
            waiting.append(pair)
            full = sum(len(one.english) for one in waiting) >= STRETCH
            if full or len(waiting) == MOST_SENTENCES:
                yield _join(waiting)
                waiting = []


def _join(pairs: Sequence[Pair]) -> Pair:
    gap = "" if pairs[0].language == "zh" else " "
    return Pair(
        language=pairs[0].language,
        english=" ".join(pair.english for pair in pairs),
        foreign=gap.join(pair.foreign for pair in pairs),
        source=JOINED,
    )


def _articles(articles: Sequence[ArticleText], guard: LeftOutGuard) -> Iterator[Pair]:
    english = {article.id: article for article in articles if article.language == "en"}
    for article in articles:
        source = english.get(article.id)
        # Blocks stand opposite each other only where both bodies have as many.
        if article.language in LANGUAGES and source and len(article.blocks) == len(source.blocks):
            lines = zip(
                (source.title, *source.blocks), (article.title, *article.blocks), strict=True
            )
            kept = [line for line in lines if not _is_kept_apart(line, guard)]
            if kept:
                yield _beginning(article.language, kept)


def _is_kept_apart(line: tuple[str, str], guard: LeftOutGuard) -> bool:
    """Tell whether a line also stands in a left-out article or in the gates' slice."""
    return guard.known(line[0]) or guard.known(line[1]) or in_slice(line[0])


def _beginning(language: str, lines: Sequence[tuple[str, str]]) -> Pair:
    taken: list[tuple[str, str]] = []
    for line in lines:
        if sum(len(english) for english, _ in taken) >= ARTICLE_WINDOW:
            break
        taken.append(line)
    english, foreign = zip(*taken, strict=True)
    return Pair(language, "\n".join(english), "\n".join(foreign), JOINED)
