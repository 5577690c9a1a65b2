"""Which articles stand best once their passages are scored exactly."""

from collections.abc import Callable

from triage.domain import Article
from triage.suggest.query import Standing
from triage.suggest.ranking import Scores, article_scores, fuse, margin, top_groups
from triage.suggest.view import View


def standings(
    view: View,
    dense: Scores,
    lexical: Scores,
    article_of: Callable[[int], Article],
    wish: tuple[str, int],
) -> list[Standing]:
    """Rank the articles of a view by the scores of their passages.

    Args:
        view: Articles with their passages.
        dense: Cosines of the passages, shape ``(m,)``.
        lexical: Their shares of words, same shape.
        article_of: Gives an article by its number in the index.
        wish: Language of the question, and how many articles are wanted.
    """
    language, top = wish
    fused = fuse(dense, lexical, view.credit)
    scores = article_scores(fused, view.kinds)
    ranked = top_groups(scores, view.groups, top + 1)
    values = scores[ranked].tolist()
    found = []
    bounds = zip(view.starts[ranked].tolist(), view.starts[1:][ranked].tolist(), strict=True)
    numbers = view.articles[ranked].tolist()
    # A handful of rows each: lists are several times faster than arrays here.
    for rank, (number, (begin, end)) in enumerate(zip(numbers[:top], bounds, strict=False)):
        article = article_of(number)
        found.append(
            Standing(
                article=number,
                rows=view.rows[begin:end].tolist(),
                fused=fused[begin:end].tolist(),
                score=values[rank],
                dense=max(dense[begin:end].tolist()),
                lexical=max(lexical[begin:end].tolist()),
                margin=margin(values, rank),
                same_language=article.language == language,
                name=article.id,
            )
        )
    return found
