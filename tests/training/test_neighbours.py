"""Near-duplicates are found, other texts are not, and time grows with the rows."""

import random
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.neighbours import SHINGLE, components, near_pairs, shape

ENGLISH = (
    "My parcel with the blue jacket was to come on Monday, but nobody rang and it is not here."
)
CHINESE = "我上周买的蓝色外套还没有收到，物流信息三天没有更新了，请帮我查一下包裹在哪里，谢谢。"


def clusters(texts: list[str], similarity: float = 0.8) -> list[int]:
    """Number the texts by near-duplicate."""
    pairs = near_pairs(texts, similarity)
    return [int(number) for number in components(len(texts), pairs.left, pairs.right)]


@pytest.mark.parametrize(
    "texts", [[], [""], ["", "", " "], ["!", "?"], ["a"], ["one", "two"], ["好", "的"]]
)
def test_texts_with_nothing_in_common_pair_with_none(texts: list[str]) -> None:
    """No text, empty texts, marks alone and texts shorter than a shingle give no pair."""
    assert len(near_pairs(texts).left) == 0


def test_unpaired_surrogates_do_no_harm() -> None:
    """Broken Unicode is compared like any other text."""
    assert clusters(["broken \ud800 text", "broken \ud800 text!"]) == [0, 0]


def test_template_with_other_numbers_is_equal() -> None:
    """Case, digits, spaces and marks are folded; the similarity is one."""
    pairs = near_pairs(["Order 123 is late!", "other", "order 456 is  LATE"])

    assert (pairs.left.tolist(), pairs.right.tolist()) == ([0], [2])
    assert pairs.similarity.tolist() == [1.0]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_one_word_more_is_a_near_duplicate(text: str) -> None:
    """A greeting in front does not make another message, in letters or characters."""
    assert clusters([text, f"Hi! {text}", text[::-1]]) == [0, 0, 1]


def test_messages_on_one_subject_stay_apart() -> None:
    """Different requests in much the same words are no near-duplicates."""
    texts = ["Where is my card?", "Where is my new card?", "When will I get my card?"]

    assert clusters(texts) == [0, 1, 2]


def test_similarity_is_the_share_of_common_shingles() -> None:
    """The similarity told is Jaccard's, and pairs below the least are left out."""
    left, right = "abcdefghijklmnop", "abcdefghijklmnopq"
    common, either = 16 - SHINGLE + 1, 17 - SHINGLE + 1

    pairs = near_pairs([left, right], 0.7)

    assert pairs.similarity.tolist() == [pytest.approx(common / either)]
    assert len(near_pairs([left, right], 0.95).left) == 0


def test_planted_near_duplicates_are_found() -> None:
    """Of two hundred messages with two words changed, next to none is missed or mistaken."""
    draw = random.Random(0)  # noqa: S311 - no secret
    words = ["".join(draw.choices(string.ascii_lowercase, k=7)) for _ in range(800)]
    texts = [" ".join(draw.choices(words, k=40)) for _ in range(400)]
    changed = [f"please {text} thanks" for text in texts[:200]]

    found = clusters(texts + changed)

    together = sum(found[i] == found[400 + i] for i in range(200))
    assert together >= 198
    assert len(set(found)) == 600 - together


def test_a_chain_is_one_cluster() -> None:
    """Texts that change word by word belong together though the ends differ."""
    words = [f"word{chr(97 + i)}{chr(97 + i)}" for i in range(26)]
    texts = [" ".join(words[i : i + 20]) for i in range(5)]

    assert clusters(texts) == [0] * 5


def test_components_number_by_first_row() -> None:
    """Sets are numbered in the order of their first rows; rows alone are sets too."""
    found = components(5, np.array([1, 3]), np.array([4, 4]))

    assert found.tolist() == [0, 1, 2, 1, 1]
    assert len(components(0, np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=30), max_size=30))
def test_equal_shapes_are_always_together(texts: list[str]) -> None:
    """Whatever the texts, twins share a cluster, pairs are ordered and alike enough."""
    pairs = near_pairs(texts)
    found = clusters(texts)

    assert bool((pairs.left < pairs.right).all())
    assert bool((pairs.similarity >= 0.8).all())
    first: dict[str, int] = {}
    for row, text in enumerate(texts):
        if shape(text):
            assert found[row] == found[first.setdefault(shape(text), row)]
