"""Messages to matrices: one row per encoder that some profile asks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer

from tests.builders import HashingEncoder, examples_of
from training.features import (
    MIN_DOCUMENTS,
    cached_encode,
    embed,
    inverse_frequencies,
    to_matrix,
)
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.encoders.lexical import HashedNgrams

TABLE = [
    {"text": "the app is blank", "kind": "x", "language": "en"},
    {"text": "appen er tom", "kind": "y", "language": "da"},
    {"text": "the parcel is late", "kind": "x", "language": "en"},
]
TWIN = Profile("twin", {"en": "minilm", "*": "static"})
TINY = Profile("tiny", {"*": "static"})


class Counting(HashingEncoder):
    """An encoder that counts its calls."""

    calls = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode and count."""
        type(self).calls += 1
        return super().encode(texts)


def encoders() -> EncoderSet:
    """Build two encoders of one space that disagree."""
    other = HashingEncoder("minilm")
    other._table = -other._table
    return EncoderSet({"static": HashingEncoder(), "minilm": other})


def test_each_profile_finds_its_copy() -> None:
    """English has a copy per encoder, Danish one; each profile sees what it would serve."""
    examples = examples_of(TABLE, ["kind"])
    both = encoders()

    copies = embed(examples, both, [TWIN, TINY], None)

    assert len(copies.vectors) == 5
    for profile in (TWIN, TINY):
        served = both.encode(examples.texts, examples.languages, profile)
        at = copies.routed[profile.name]
        assert np.array_equal(copies.vectors[at], served)
        assert copies.rows[at].tolist() == [0, 1, 2]


def test_copies_share_the_weight_of_their_message() -> None:
    """Each message weighs one, however many copies it has."""
    copies = embed(examples_of(TABLE, ["kind"]), encoders(), [TWIN, TINY], None)

    assert np.bincount(copies.rows, copies.shares).tolist() == [1, 1, 1]


def test_encoder_that_nobody_routes_to_gives_no_copy() -> None:
    """One profile over one language asks one encoder."""
    copies = embed(examples_of(TABLE[1:2], ["kind"]), encoders(), [TWIN], None)

    assert copies.vectors.shape == (1, 32)


def test_cache_remembers_by_text_and_fingerprint(tmp_path: Path) -> None:
    """The same texts are encoded once per encoder."""
    Counting.calls = 0
    first = cached_encode(["a", "b"], Counting(), tmp_path)

    again = cached_encode(["a", "b"], Counting(), tmp_path)
    cached_encode(["a", "c"], Counting(), tmp_path)
    cached_encode(["a", "b"], Counting("other"), tmp_path)

    assert np.array_equal(first, again)
    assert Counting.calls == 3


def test_no_texts_are_not_encoded(tmp_path: Path) -> None:
    """An encoder without rows gives an empty matrix of its width."""
    assert cached_encode([], HashingEncoder(), tmp_path).shape == (0, 32)


def test_inverse_frequencies_equal_scikit_learn() -> None:
    """Smoothed as TfidfTransformer does; n-grams of one message alone weigh nothing."""
    ngrams = HashedNgrams(bits=10)
    counts = ngrams.counts([row["text"] for row in TABLE] * 2 + ["a rare word"])
    matrix = to_matrix(counts, ngrams)

    ours = inverse_frequencies(counts, ngrams.buckets)

    documents = np.asarray((matrix > 0).sum(axis=0)).ravel()
    reference = TfidfTransformer(smooth_idf=True).fit(matrix).idf_
    kept = documents >= MIN_DOCUMENTS
    assert kept.any()
    assert np.allclose(ours[kept], reference[kept], atol=1e-6)
    assert not ours[~kept].any()
