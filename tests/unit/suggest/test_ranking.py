import numpy as np
import pytest

from triage.suggest.ranking import Kinds, article_scores, credit, fuse, margin, top_groups

F = np.float32


def test_words_and_cosine_both_raise_the_score() -> None:
    """More shared words or a higher cosine never lower a score."""
    same = credit(np.array([True, True, True]))

    low, words, close = fuse(np.array([0.2, 0.2, 0.5], F), np.array([0, 0.3, 0], F), same)

    assert low < words
    assert low < close


def test_foreign_passages_get_their_share() -> None:
    """At equal parts a foreign passage is credited for words that were translated."""
    own, foreign = fuse(np.zeros(2, F), np.zeros(2, F), credit(np.array([True, False])))

    assert foreign > own


def test_article_scores_as_its_best_passage() -> None:
    """The best passage decides, and the other kind breaks ties between equal titles."""
    fused = np.array([0.9, 0.1, 0.9, 0.2, 0.5], F)
    blocks = np.array([False, True, False, True, True])

    scores = article_scores(fused, Kinds.of(blocks, np.array([0, 2, 4, 5])))

    assert scores[1] > scores[0] > scores[2]


def test_article_with_one_kind_is_not_lost() -> None:
    """Articles with only a title or only blocks score by what they have."""
    kinds = Kinds.of(np.array([False, True]), np.array([0, 1, 2]))
    scores = article_scores(np.array([0.5, 0.5], F), kinds)

    assert np.isfinite(scores).all()
    assert scores[0] == scores[1]


def test_top_groups_lists_a_group_once() -> None:
    """Of a group of translations only the best article is listed."""
    scores, groups = np.array([0.1, 0.9, 0.8], F), np.array([0, 1, 1])

    assert top_groups(scores, groups, 5) == [1, 0]


@pytest.mark.parametrize(("rank", "lead"), [(0, 0.2), (1, -0.2), (2, -0.5)])
def test_margin_is_the_lead_over_the_best_other(rank: int, lead: float) -> None:
    """The first leads the second; the others trail the first."""
    assert margin([0.9, 0.7, 0.4], rank) == pytest.approx(lead)


def test_margin_alone_is_the_score() -> None:
    """A single article leads by its whole score."""
    assert margin([0.9], 0) == pytest.approx(0.9)


def test_best_of_many_equal_scores_are_the_first() -> None:
    """Where more share the last score than are looked at, the order of the index decides."""
    scores = np.zeros(500, np.float32)
    scores[[7, 450]] = 1.0

    found = top_groups(scores, np.arange(500), 4)

    assert found == [7, 450, 0, 1]


def test_groups_of_many_translations_are_passed_over_to_the_end() -> None:
    """One article in very many languages leaves room for the others."""
    scores = np.linspace(1, 0, 300, dtype=np.float32)
    groups = np.array([0] * 250 + [1] * 49 + [2])

    assert top_groups(scores, groups, 3) == [0, 250, 299]
