"""Hashed n-grams beside scikit-learn's counting of the same n-grams."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from triage.encoders.lexical import HashedNgrams, tfidf

SPACED = [
    "The app shows a blank page, again and again",
    "Încă o dată: aplicația nu merge, vă rog",
    "Kan I nå det før på fredag? Jeg håber det",
    "a b c, single letters and x2 numbers 2026",
    "snake_case and dash-words, O'Brien's e-mail",
    "Straße STRASSE strasse",
    "again and again and again",
    "",
    " ,.;:- ",
    "x",
]
HAN = ["我想退货，请问运费", "路由器断线。路由器", "买", "退货", "用 iPhone15 打开"]
WORD = re.compile(r"[^\W_]+|[!?]")


def fold(text: str) -> str:
    """Fold case and accents as the counter says it does."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in folded if not "\u0300" <= char <= "\u036f")


def columns(matrix: sparse.csr_matrix) -> Counter[tuple[int, ...]]:
    """Count the distinct columns of a matrix, whatever their order."""
    return Counter(tuple(int(v) for v in column) for column in matrix.toarray().T)


def hashed_columns(texts: list[str], ngrams: HashedNgrams) -> Counter[tuple[int, ...]]:
    """Count the distinct columns of the hashed counts, one column per 64-bit hash."""
    owners, hashes = ngrams.hashes(texts)
    table: dict[int, list[int]] = {}
    for owner, value in zip(owners.tolist(), hashes.tolist(), strict=True):
        table.setdefault(value, [0] * len(texts))[owner] += 1
    return Counter(tuple(column) for column in table.values())


def test_spaced_scripts_equal_scikit_learn() -> None:
    """Words, pairs and padded character n-grams are those of CountVectorizer, one hash each."""
    words = CountVectorizer(ngram_range=(1, 2), token_pattern=WORD.pattern, preprocessor=fold)
    chars = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False)
    spelled = [" ".join(re.findall(r"[^\W_]+", fold(text))) for text in SPACED]

    expected = columns(words.fit_transform(SPACED)) + columns(chars.fit_transform(spelled))

    assert hashed_columns(SPACED, HashedNgrams()) == expected


def test_han_characters_are_words() -> None:
    """Each ideograph counts alone, in pairs and in triples; spaced words beside it as ever."""
    signs = [re.findall(r"[\u4e00-\u9fff]|[a-z0-9]+", text.lower()) for text in HAN]
    grams = [
        [" ".join(row[i : i + n]) for n in (1, 2, 3) for i in range(len(row) - n + 1)]
        for row in signs
    ]
    kept = [[g for g in row if g.count(" ") < 2 or "iphone15" not in g] for row in grams]
    padded = " iphone15 "
    chars = [padded[i : i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]

    expected = columns(CountVectorizer(analyzer=list).fit_transform(kept))
    expected[tuple(int("iPhone15" in text) for text in HAN)] += len(chars)

    assert hashed_columns(HAN, HashedNgrams()) == expected


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "___", "\u0301\u0301"])
def test_nothing_to_count_gives_an_empty_row(text: str) -> None:
    """Separators and lone accents alone leave nothing."""
    rows = HashedNgrams().counts([text, "word", text])

    assert rows.indptr[0] == rows.indptr[1] == 0
    assert rows.indptr[2] == rows.indptr[3] == len(rows.indices)


def test_no_texts_give_no_rows() -> None:
    """An empty batch has no row."""
    assert len(HashedNgrams().counts([])) == 0


def test_emoji_count_as_words() -> None:
    """Each emoji is a sign of its own, so the sad face differs from the glad one."""
    counter = HashedNgrams()

    sad, glad = ({*counter.hashes([text])[1].tolist()} for text in ("😡", "😀"))
    both = counter.hashes(["😡😀"])[1]

    assert len(sad) == len(glad) == 1
    assert sad != glad
    assert sad | glad < set(both.tolist())
    assert len(both) == 3


def test_accents_and_case_do_not_matter() -> None:
    """Romanian with and without diacritics gives the same n-grams."""
    with_marks, without = HashedNgrams().counts(["Aplicația ÎNCĂ", "aplicatia inca"]), None
    without = slice(with_marks.indptr[1], None)

    assert np.array_equal(with_marks.indices[: with_marks.indptr[1]], with_marks.indices[without])


def test_lone_surrogates_do_no_harm() -> None:
    """Half a character counts as one sign and leaves its neighbours alone."""
    ours, plain = HashedNgrams().hashes(["app \ud800"])[1], HashedNgrams().hashes(["app"])[1]

    assert set(plain.tolist()) < set(ours.tolist())


@given(st.lists(st.text(max_size=30), max_size=6))
def test_batch_equals_one_by_one(texts: list[str]) -> None:
    """No n-gram reaches over the border of two texts."""
    counter = HashedNgrams()

    rows = counter.counts(texts)

    for number, text in enumerate(texts):
        alone = counter.counts([text])
        part = slice(rows.indptr[number], rows.indptr[number + 1])
        assert np.array_equal(rows.indices[part], alone.indices)
        assert np.array_equal(rows.values[part], alone.values)


@pytest.mark.parametrize("bits", [16, 4])
def test_tfidf_equals_scikit_learn(bits: int) -> None:
    """Sublinear counts times inverse frequency, scaled to unit length; many buckets and few."""
    rows = HashedNgrams(bits=bits).counts([*SPACED, *HAN])
    idf = np.random.default_rng(bits).uniform(0.5, 3, 1 << bits).astype(np.float32)
    matrix = sparse.csr_matrix(
        (rows.values, rows.indices, rows.indptr), shape=(len(rows), len(idf))
    )
    reference = TfidfTransformer(sublinear_tf=True).fit(matrix)
    reference.idf_ = idf.astype(np.float64)

    ours = tfidf(rows, idf)

    again = sparse.csr_matrix((ours.values, ours.indices, ours.indptr), shape=matrix.shape)
    assert np.allclose(again.toarray(), reference.transform(matrix).toarray(), atol=1e-6)
