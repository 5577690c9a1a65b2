import numpy as np
import pytest

from triage.suggest import lexical
from triage.suggest.lexical import K1, B, LexicalIndex
from triage.suggest.postings import Postings, tokens


def test_tokens_drop_case_and_accents() -> None:
    """Romanian typed without diacritics gives the tokens of Romanian with them."""
    assert tokens("ștergeți CONTUL") == tokens("stergeti contul")


def test_tokens_of_chinese_are_characters_and_pairs() -> None:
    """Chinese has no spaces, so characters and pairs stand in for words."""
    assert tokens("重置密码") == ["重", "置", "密", "码", "重置", "置密", "密码"]


def test_tokens_keep_latin_words_inside_chinese() -> None:
    """A product name inside Chinese text is one word."""
    assert "teams" in tokens("打开Teams会议")


def test_long_words_share_their_stem() -> None:
    """Endings do not keep two forms of a word apart."""
    assert set(tokens("levering")) & set(tokens("leveringen"))


def test_scores_are_shares_of_the_question() -> None:
    """Scores lie between 0 and 1 and favour the passage with the rarer word."""
    index = LexicalIndex.of(["reset your password", "return your order", "your order is late"])

    scores = index.scores("reset the password")

    assert scores.argmax() == 0
    assert 0 < scores[0] < 1
    assert scores[1] == 0


def test_unknown_words_lower_the_score() -> None:
    """Words that no passage holds count against every passage."""
    index = LexicalIndex.of(["reset your password", "return your order"])

    assert index.scores("password xylophone")[0] < index.scores("password")[0]


def test_question_without_known_words_scores_zero() -> None:
    """Nothing shared means zero, an empty question too."""
    index = LexicalIndex.of(["reset your password"])

    assert index.scores("xylophone").tolist() == [0]
    assert index.scores("").tolist() == [0]


def test_empty_passages_are_indexed() -> None:
    """Passages without words and an index without passages score nothing."""
    assert LexicalIndex.of([]).scores("a").shape == (0,)
    assert LexicalIndex.of(["", "--"]).scores("a").tolist() == [0, 0]
    assert LexicalIndex.of(["", "reset"]).scores("reset").tolist()[0] == 0


def test_scores_are_single_precision() -> None:
    """Scores fit the dense ones they are added to."""
    assert LexicalIndex.of(["a"]).scores("a").dtype == np.float32


def test_scores_are_those_of_bm25s() -> None:
    """Ours equal the library's variant ``lucene``, divided by the question's weight."""
    bm25s = pytest.importorskip("bm25s")
    texts = ["reset your password", "return your order order", "your order is late", "", "late"]
    question = ["order", "your", "password"]
    theirs = bm25s.BM25(k1=K1, b=B, method="lucene")
    theirs.index([tokens(text) for text in texts], show_progress=False)
    raw = theirs.get_scores(tokens(" ".join(question)))
    frequency = np.array([sum(word in text for text in texts) for word in question])
    known = np.log1p((5 - frequency + 0.5) / (frequency + 0.5)).sum()
    # Long words have a stem token, which is as rare as they are.
    stems = np.log1p((5 - 1 + 0.5) / (1 + 0.5))

    scores = LexicalIndex.of(texts).scores(" ".join(question))

    assert scores == pytest.approx(raw / (known + stems), abs=1e-6)


def test_tokens_that_left_leave_the_vocabulary() -> None:
    """Years of changes do not fill the memory with words that no passage holds."""
    old = Postings.of([f"word{n} stays" for n in range(20)], ["en"] * 20)
    merged = Postings.merged([(old, np.arange(20) < 2)])

    assert set(merged.vocabulary["en"]) == {"word0", "word1", "stays"}
    kept = LexicalIndex([(merged, np.ones(2, bool))])
    assert (
        kept.scores("word1").tolist()
        == LexicalIndex.of(["word0 stays", "word1 stays"]).scores("word1").tolist()
    )


def test_common_words_count_the_same_however_they_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laid out for all passages or listed, in any order: the sums are equal to the last bit."""
    chosen = np.random.default_rng(3)
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join(words[int(n)] for n in chosen.geometric(0.1, 20) % 60) for _ in range(300)]
    questions = [" ".join(chosen.permutation(words)[:size]) for size in (1, 5, 40)]
    listed = LexicalIndex.of(texts)
    monkeypatch.setattr(lexical, "COMMON_LEAST", 0)
    laid_out = LexicalIndex.of(texts)

    for question in questions:
        turned = " ".join(reversed(question.split()))
        sums = listed.sums(question).found.tolist()
        assert laid_out.sums(question).found.tolist() == sums
        assert listed.sums(turned).found.tolist() == sums
        assert laid_out.sums(turned).found.tolist() == sums
