"""The searchable knowledge base: one matrix of passage vectors and a word index per language."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from triage.domain import Article, Passage
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.errors import ArticleError, EncoderError
from triage.suggest.filters import ArticleTable
from triage.suggest.lexical import LexicalIndex, tokens
from triage.suggest.query import Hit, Query
from triage.suggest.ranking import Scores, article_scores, fuse, margin, top_groups

UNSURE = ""
"""The language code that every profile routes to its common encoder."""
ArticleKey = tuple[str, str]
"""Id and language; articles of one id are translations of each other."""
Cut = tuple[Article, Sequence[Passage]]
"""An article with the passages it was cut into."""
OWN_SHARE = 0.7
"""Weight of a language's own encoder beside the common one (weight 1) in a passage's vector.

Questions come from both encoders. English paragraphs of XQuAD found first by questions in English,
Romanian and Chinese: 0.93, 0.18 and 0.27 with the English encoder's vectors alone, 0.93, 0.41 and
0.33 with two matrices, 0.95, 0.48 and 0.47 with the mean. Shares from 0.5 to 1 differ little.
"""
QUESTION_SHARE = 0.4
"""Weight of the common encoder beside the own one (weight 1) in a question's vector.

On the calibration questions recall@3 rises from 0.77 to 0.80 among articles of the question's
language and from 0.66 to 0.70 among those of others; shares from 0.3 to 0.6 differ little.
"""
MAX_ANSWER = 1_500
"""Longest body, in characters, that is offered whole as an answer."""
BATCH = 256
"""Passages embedded at a time: enough for an encoder to sort by length, soon enough for a bar."""


def key(article: Article) -> ArticleKey:
    """Name an article among its translations."""
    return article.id, article.language


class PassageIndex:
    """An immutable index over articles and their passages; searching is exact.

    Titles and blocks are entries of their own: one vector for a whole article drops title search
    from 96 to 53 % recall. A passage whose language has an encoder of its own is embedded by that
    one and by the profile's common one, and carries the mean of both (see ``OWN_SHARE``); so does a
    question (see ``QUESTION_SHARE``).

    Args:
        articles: Articles with their passages; keys are distinct and no article is without one.
        vectors: Embeddings of all passages in order, shape ``(n_passages, dim)``.
        encoders: The encoders that made them.
        profile: The routes that were taken.

    Raises:
        ArticleError: When two articles share one key or an article has no passage.
    """

    def __init__(
        self, articles: Sequence[Cut], vectors: Vectors, encoders: EncoderSet, profile: Profile
    ) -> None:
        _check(articles)
        self.articles = tuple(article for article, _ in articles)
        self.passages = tuple(chain.from_iterable(passages for _, passages in articles))
        self.encoders, self.profile = encoders, profile
        self._vectors = vectors
        counts = np.array([len(passages) for _, passages in articles], np.int64)
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._blocks = np.array([passage.kind == "block" for passage in self.passages], bool)
        languages = np.array([passage.language for passage in self.passages], np.str_)
        self._of_language = {code: languages == code for code in set(languages.tolist())}
        self._table = ArticleTable(self.articles)
        self._words = _word_indexes(self.passages)

    @classmethod
    def build(
        cls,
        articles: Iterable[Cut],
        encoders: EncoderSet,
        profile: Profile,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "PassageIndex":
        """Embed all passages and index them; ``advance`` hears of every so many embedded."""
        cut = list(articles)
        return cls(cut, _embed(cut, encoders, profile, advance), encoders, profile)

    def with_articles(
        self, changed: Sequence[Cut], deleted: Collection[ArticleKey] = ()
    ) -> "PassageIndex":
        """Return a new index with articles added, replaced by key, or deleted.

        Only the changed articles are embedded; searches on the old index go on undisturbed.
        """
        gone = {key(article) for article, _ in changed} | set(deleted)
        kept = [i for i, article in enumerate(self.articles) if key(article) not in gone]
        cut = [(self.articles[i], self.passages[self._span(i)]) for i in kept]
        rows = [self._vectors[self._span(i)] for i in kept]
        rows.append(_embed(changed, self.encoders, self.profile))
        return PassageIndex([*cut, *changed], np.concatenate(rows), self.encoders, self.profile)

    def search(self, query: Query, top: int) -> list[Hit]:
        """Find the best ``top`` distinct articles, best first, without a threshold.

        An article is shown in the language of the question where it has such a translation.

        Raises:
            EncoderError: When the query's vector has another width than the index.
        """
        allowed = self._table.shown(query.filters, query.language, query.article_language)
        if top < 1 or not allowed.any():
            return []
        parts = self._dense(query), self._lexical(query)
        fused = fuse(*parts, self._same_language(query.language))
        best = article_scores(fused, self._blocks, self._starts)
        ranked = top_groups(best, allowed, self._table.group, top + 1)
        return [
            self._hit(article, query, fused, parts, (best[article], margin(best[ranked], rank)))
            for rank, article in enumerate(ranked[:top])
        ]

    def _same_language(self, language: str) -> NDArray[np.bool_]:
        found = self._of_language.get(language)
        return np.zeros(len(self.passages), np.bool_) if found is None else found

    def _dense(self, query: Query) -> Scores:
        if query.vector.shape != (self.encoders.dim,):
            raise EncoderError(
                f"A question's vector of shape {query.vector.shape} does not fit this index.",
                fix=f"Encode questions with the encoders of the index ({self.encoders.dim} wide).",
            )
        return self._vectors @ self._question(query)

    def _question(self, query: Query) -> Vectors:
        """Mix the vectors that the language's own encoder and the common one give a question."""
        if self.profile.route(query.language) == self.profile.route(UNSURE):
            return query.vector
        common = self.encoders.encode([query.text], [UNSURE], self.profile)[0]
        mixed = query.vector + np.float32(QUESTION_SHARE) * common
        question: Vectors = mixed / np.maximum(np.linalg.norm(mixed), np.float32(1e-9))
        return question

    def _lexical(self, query: Query) -> Scores:
        scores = np.zeros(len(self.passages), np.float32)
        terms = set(tokens(query.text))
        for rows, words in self._words:
            scores[rows] = words.scores_of(terms)
        return scores

    def _hit(
        self,
        article: int,
        query: Query,
        fused: Scores,
        parts: tuple[Scores, Scores],
        standing: tuple[float, float],
    ) -> Hit:
        rows = self._span(article)
        blocks = [row for row in range(rows.start, rows.stop) if self._blocks[row]]
        scores = dict(enumerate(fused[rows].tolist(), rows.start))
        best = max(blocks or scores, key=scores.__getitem__)
        found, passage = self.articles[article], self.passages[best]
        by_title = max(scores.values()) > scores[best]
        return Hit(
            article=found,
            passage=passage,
            answer=self._body(blocks, passage.text) if by_title else passage.text,
            score=float(standing[0]),
            dense=float(parts[0][rows].max()),
            lexical=float(parts[1][rows].max()),
            margin=standing[1],
            same_language=found.language == query.language,
        )

    def _body(self, blocks: Sequence[int], otherwise: str) -> str:
        """Join the blocks of a short article; of a long one, the best block must do."""
        whole = "\n\n".join(self.passages[row].text for row in blocks)
        return whole if len(whole) <= MAX_ANSWER else otherwise

    def _span(self, article: int) -> slice:
        return slice(int(self._starts[article]), int(self._ends[article]))


def _check(articles: Sequence[Cut]) -> None:
    seen: set[ArticleKey] = set()
    for article, passages in articles:
        name = f"The article {article.id} ({article.language})"
        if not passages:
            raise ArticleError(f"{name} has no text.", fix="Give it a title or a body.")
        if key(article) in seen:
            raise ArticleError(f"{name} stands twice.", fix="Keep one of the two.")
        seen.add(key(article))


def _embed(
    articles: Sequence[Cut],
    encoders: EncoderSet,
    profile: Profile,
    advance: Callable[[int], None] = lambda _: None,
) -> Vectors:
    passages = [passage for _, cut in articles for passage in cut]
    vectors = np.zeros((len(passages), encoders.dim), np.float32)
    for start in range(0, len(passages), BATCH):
        part = passages[start : start + BATCH]
        vectors[start : start + len(part)] = _blend(part, encoders, profile)
        advance(len(part))
    return vectors


def _blend(passages: Sequence[Passage], encoders: EncoderSet, profile: Profile) -> Vectors:
    texts, languages = [p.text for p in passages], [p.language for p in passages]
    vectors = encoders.encode(texts, languages, profile)
    common = profile.route(UNSURE)
    own = [i for i, language in enumerate(languages) if profile.route(language) != common]
    if own:
        mixed = encoders.encode([texts[i] for i in own], [UNSURE] * len(own), profile)
        mixed += np.float32(OWN_SHARE) * vectors[own]
        norms = np.linalg.norm(mixed, axis=1, keepdims=True)
        vectors[own] = mixed / np.maximum(norms, np.float32(1e-9))
    return vectors


def _word_indexes(passages: Sequence[Passage]) -> list[tuple[NDArray[np.int64], LexicalIndex]]:
    """Index each language by itself, so that a word is as rare as it is in its language."""
    languages = np.array([passage.language for passage in passages], np.str_)
    indexes = []
    for language in sorted(set(languages.tolist())):
        rows = np.flatnonzero(languages == language)
        texts = [_words_of(passages[row]) for row in rows.tolist()]
        indexes.append((rows, LexicalIndex(texts)))
    return indexes


def _words_of(passage: Passage) -> str:
    return passage.text if passage.kind == "title" else f"{passage.title}\n{passage.text}"
