"""Label names as rows: what counts as words, when they are tried, and what they give."""

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import HashingEncoder, examples_of, messages
from training.candidates import BY_NAME, Candidate
from training.datasets import Examples
from training.design import Design, design
from training.features import embed
from training.fit import FittedHead, fit_head, refit
from training.names import FEW, name_rows, words_of
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.lexical import HashedNgrams

ENCODERS = EncoderSet({"static": HashingEncoder()})
LABELS = ("service", "technical_support")


def few() -> Examples:
    """Take one made-up message in four: twelve of each category."""
    return examples_of(messages()[::4])


def prepared(examples: Examples) -> Design:
    """Encode examples with the hashing encoder alone."""
    copies = embed(examples, ENCODERS, [Profile("tiny", {"*": "static"})], None)
    return design(examples, copies, HashedNgrams(bits=12))


def fitted(examples: Examples, labels: tuple[str, ...] = LABELS) -> FittedHead:
    """Fit the category with all candidates, label names among them where they may be."""
    return fit_head(
        "category",
        labels,
        examples,
        prepared(examples),
        np.arange(len(examples)),
        fold_count=2,
        seed=0,
        jobs=1,
        encoders=ENCODERS,
    )


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("P1", ""),
        ("3", ""),
        ("n/a", ""),
        ("card_arrival", "card arrival"),
        ("topUpFailed", "top Up Failed"),
        ("Billing/Refund-request", "Billing Refund request"),
        ("退款问题", "退款问题"),
    ],
)
def test_words_of_a_label(label: str, words: str) -> None:
    """Identifiers become words; codes and single letters are none."""
    assert words_of(label) == words


def test_codes_give_no_rows() -> None:
    """Names that say nothing are not learned from."""
    examples = few()
    counts = np.array([8, 8], np.int64)
    assert name_rows(("P1", "P2"), counts, prepared(examples), ENCODERS) is None


def test_many_rows_need_no_names() -> None:
    """Past the bound of rows a label, names are left out."""
    examples = few()
    matrices = prepared(examples)
    many = np.array([FEW + 1, FEW + 1], np.int64)
    assert name_rows(LABELS, many, matrices, ENCODERS) is None
    assert name_rows(LABELS, many - 1, matrices, ENCODERS) is not None


def test_each_encoder_gives_a_row_of_shared_weight() -> None:
    """A head shared by encoders sees each name once per encoder, at the weight of one row."""
    examples = few()
    two = EncoderSet({"a": HashingEncoder(), "b": HashingEncoder()})
    named = name_rows(LABELS, np.array([4, 4], np.int64), prepared(examples), two)
    assert named is not None
    assert named.dense.shape == (4, HashingEncoder().dim)
    assert named.target.tolist() == [0, 1, 0, 1]
    assert named.shares.tolist() == [0.5] * 4


def test_names_are_tried_where_rows_are_few() -> None:
    """The candidates with names race first, and stand in the table or among the dropped."""
    head = fitted(few())
    assert set(BY_NAME) <= {*head.table, *head.dropped}
    assert head.named is not None


def test_a_label_without_rows_is_known_by_its_name() -> None:
    """The name alone places a label that no row carries."""
    examples = few()
    matrices = prepared(examples)
    labels = (*LABELS, "refund request")
    head = fitted(examples, labels)
    named = replace(head, chosen=Candidate(0, 30.0, named=2.0))
    again = refit(named, examples, matrices, head.rows)
    vector = HashingEncoder().encode(["refund request"])
    assert int((vector @ again.dense + again.bias).argmax()) == 2


def test_a_candidate_says_that_it_uses_names() -> None:
    """Reports and cards name it."""
    assert "label names x 2" in BY_NAME[0].describe()
    assert "names" not in Candidate(0, 10.0).describe()
