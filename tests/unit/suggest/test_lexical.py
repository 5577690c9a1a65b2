import numpy as np

from triage.suggest.lexical import LexicalIndex, tokens


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
    index = LexicalIndex(["reset your password", "return your order", "your order is late"])

    scores = index.scores("reset the password")

    assert scores.argmax() == 0
    assert 0 < scores[0] < 1
    assert scores[1] == 0


def test_unknown_words_lower_the_score() -> None:
    """Words that no passage holds count against every passage."""
    index = LexicalIndex(["reset your password", "return your order"])

    assert index.scores("password xylophone")[0] < index.scores("password")[0]


def test_question_without_known_words_scores_zero() -> None:
    """Nothing shared means zero, an empty question too."""
    index = LexicalIndex(["reset your password"])

    assert index.scores("xylophone").tolist() == [0]
    assert index.scores("").tolist() == [0]


def test_empty_passages_are_indexed() -> None:
    """Passages without words and an index without passages score nothing."""
    assert LexicalIndex([]).scores("a").shape == (0,)
    assert LexicalIndex(["", "--"]).scores("a").tolist() == [0, 0]
    assert LexicalIndex(["", "reset"]).scores("reset").tolist()[0] == 0


def test_scores_are_single_precision() -> None:
    """Scores fit the dense ones they are added to."""
    assert LexicalIndex(["a"]).scores("a").dtype == np.float32
