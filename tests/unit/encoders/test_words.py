"""Ids joined word by word beside those that the tokenizer gives whole texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from triage.encoders import words
from triage.encoders.static import load_tokenizer
from triage.encoders.words import WordTokenizer
from triage.settings import CHECKOUT

SAMPLES = CHECKOUT / "data" / "samples" / "test"
SIGNS = "abcxyzABC,.!?12ăâøåÅ中文ァк\u00e9\u0301\u00a0\n\tﬁ①¨😀العßİſ<unk>▁_-'’(́"


@pytest.fixture(scope="module")
def shipped() -> Tokenizer:
    """Load the tokenizer of the shipped table."""
    return load_tokenizer(CHECKOUT / "models" / "encoders" / "static" / "tokenizer.json")


@pytest.fixture(scope="module")
def joined(shipped: Tokenizer) -> WordTokenizer:
    """Keep one memory for all texts, so that they meet each other's words."""
    return WordTokenizer(shipped)


def whole(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the ids of a text cut as a whole."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def test_samples_in_four_languages_get_the_same_ids(
    shipped: Tokenizer, joined: WordTokenizer
) -> None:
    """Every sample gets the ids of the whole text, and most of them from words."""
    rows = [
        json.loads(line)
        for file in SAMPLES.glob("*.jsonl")
        for line in file.read_bytes().splitlines()
    ]
    texts = [row["text"] for row in rows]

    assert joined.ids(texts) == [whole(shipped, text) for text in texts]
    assert sum(joined._joined(text) is not None for text in texts) > 0.6 * len(texts)


@given(st.lists(st.text(SIGNS, max_size=5), max_size=7))
def test_any_words_get_the_same_ids(
    shipped: Tokenizer, joined: WordTokenizer, parts: list[str]
) -> None:
    """Scripts, marks, digits and signs may meet at a space in every way."""
    text = " ".join(parts)

    assert joined.ids([text]) == [whole(shipped, text)]


def test_memory_has_an_end(shipped: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is full it starts anew; the ids stay right."""
    monkeypatch.setattr(words, "MAX_WORDS", 3)
    small = WordTokenizer(shipped)
    texts = ["one two three four five six", "one two", f"long {'x' * 60} word"]

    assert small.ids(texts) == [whole(shipped, text) for text in texts]
    assert len(small._words) <= 3
    assert len(small._joints) <= 3


def test_other_tokenizers_are_asked_for_whole_texts() -> None:
    """Of a tokenizer of another kind nobody knows whether it looks across spaces."""
    pieces = [("<unk>", 0.0), ("▁a", -1.0), ("▁b", -1.0), ("▁a▁b", -0.5)]
    other = Tokenizer(models.Unigram(pieces, 0, False))
    other.pre_tokenizer = pre_tokenizers.Metaspace(split=False)

    assert WordTokenizer(other).ids(["a b"]) == [[3]]
