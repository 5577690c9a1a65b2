"""The pieces of the contextual student: which are kept, how they are padded, how they start."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from tests.training.tiny_student import (
    SIZE,
    WIDTH,
    WORDS,
    tiny_layers,
    tiny_pieces,
    tiny_table_tokenizer,
)
from tests.training.tiny_transformer import WORDS as TEACHER_WORDS
from training.contextual import STATIC, pieces_of, read_table, start_rows
from training.distill.corpus import Corpus, Pair
from training.distill.pieces import CLS, PAD, SEP, SPECIAL, Pieces, first_rows, is_word, prune
from training.distill.texts import tokenise
from training.encoder_files import SPACE, Space, read_space
from triage.encoders.static import TOKENIZER, load_tokenizer
from triage.errors import ConfigError, EncoderError

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def test_too_small_a_vocabulary_is_refused() -> None:
    """Single characters are never dropped, so there must be room for them."""
    with pytest.raises(ConfigError, match="single characters"):
        tiny_pieces(12)


def test_prune_keeps_marks_characters_and_the_most_used() -> None:
    """Marks come first, every single character stays, the rest of the room goes by use."""
    whole = tiny_table_tokenizer()
    single = {piece for piece in whole.get_vocab() if len(piece.strip("▁")) <= 1}
    size = len(SPECIAL) + len(single) + 3

    kept = tiny_pieces(size).get_vocab()

    assert [kept[mark] for mark in SPECIAL] == [0, 1, 2, 3]
    assert single <= set(kept)
    assert set(kept) - single - set(SPECIAL) == {f"▁{word}" for word in WORDS[-3:]}
    assert len(kept) == size


def test_prune_to_more_than_there_is_keeps_all_once() -> None:
    """A size beyond the table's adds the two marks and repeats no piece."""
    whole = tiny_table_tokenizer()

    kept = prune(whole, np.zeros(whole.get_vocab_size(), np.int64), 1_000)

    assert set(kept.get_vocab()) == {*whole.get_vocab(), *SPECIAL}
    assert kept.get_vocab_size() == whole.get_vocab_size() + 2


@pytest.mark.parametrize("text", ["<cls>", "hvor <sep> min", "<sep><cls>", "密<cls>码"])
@pytest.mark.parametrize("known", [True, False])
def test_text_that_spells_a_mark_yields_none(text: str, known: bool) -> None:
    """Only the template puts the marks, also beside characters that no piece knows."""
    tokenizer = tiny_pieces()
    spelled = text if known else text.replace("<", "☃<☃")

    ids = tokenizer.encode(spelled, add_special_tokens=False).ids

    assert not {CLS, SEP} & set(ids)
    assert tokenizer.encode(spelled).ids == [CLS, *ids, SEP]


def test_texts_are_padded_between_their_marks() -> None:
    """Every text starts and ends with its mark, the empty one too; padding is masked."""
    tokenizer = tiny_pieces()
    tokens, offsets = tokenise(tokenizer, ["min ordre", "", "hvor"])

    ids, mask = Pieces(tokenizer).pad(tokens, offsets, np.array([2, 0, 1]))

    assert ids.shape == mask.shape == (3, 4)
    assert ids[:, 0].tolist() == [CLS] * 3
    assert [row[int(length) - 1] for row, length in zip(ids, mask.sum(1), strict=True)] == [SEP] * 3
    assert mask.sum(1).tolist() == [3, 4, 2]
    assert set(ids[mask == 0].tolist()) == {PAD}


def test_exact_words_are_taken_over_neighbours() -> None:
    """A piece that is one of the teacher's gets that row, though another lies nearer in meaning."""
    tokenizer, words, table = _start()
    place = tokenizer.get_vocab()
    # By the table the word itself means "order"; its spelling is the stronger sign.
    table[place["▁login"]] = [0.0, 1.0]

    rows = first_rows(tokenizer, table, words, np.eye(2, dtype=np.float32))

    assert np.array_equal(rows[place["▁login"]], words["login"])
    assert np.array_equal(rows[place["s"]], words["##s"])
    assert [rows[place[mark]].tolist() for mark in SPECIAL] == [
        words[mark].tolist() for mark in MARKS
    ]


def test_other_pieces_start_between_their_neighbours() -> None:
    """A piece of another language starts near the row of the word that means the same."""
    tokenizer, words, table = _start()
    place = tokenizer.get_vocab()
    table[place["▁ordre"]] = [0.0, 3.0]

    rows = first_rows(tokenizer, table, words, np.eye(2, dtype=np.float32))
    mine = rows[place["▁ordre"]]

    assert rows.shape == (SIZE, WIDTH) == (len(place), WIDTH)
    assert _cosine(mine, words["order"]) > 0.99
    assert np.isclose(np.linalg.norm(mine), np.linalg.norm(words["order"]), rtol=1e-3)
    assert np.isfinite(rows).all()


@pytest.mark.parametrize(
    ("piece", "whole"), [("login", True), ("a", False), ("##s", False), ("é", False), ("12", False)]
)
def test_words_are_two_letters_or_more(piece: str, whole: bool) -> None:
    """Letters, word ends, digits and marks are no words to lie near to."""
    assert is_word(piece) is whole


def test_the_shipped_table_gives_pieces_and_first_rows() -> None:
    """The table's own pieces are pruned, and each starts at a row of the teacher's width."""
    corpus = _corpus(Pair("da", "my order is late", "min ordre er forsinket igen", "tatoeba"))
    tokenizer = pieces_of(corpus, 4_000)
    layers = tiny_layers(len(MARKS) + len(TEACHER_WORDS))
    words = {word: place for place, word in enumerate((*MARKS, *TEACHER_WORDS))}

    rows = start_rows(layers, words, tokenizer, read_table(read_space(SPACE)))

    known = layers.embeddings.word_embeddings.weight.detach().numpy()
    assert {"▁forsinke", "▁igen"} <= set(tokenizer.get_vocab())
    assert set(_characters(load_tokenizer(STATIC / TOKENIZER))) <= set(tokenizer.get_vocab())
    assert rows.shape == (4_000, WIDTH)
    assert np.array_equal(rows[tokenizer.token_to_id("▁order")], known[words["order"]])


def test_table_of_another_space_is_refused() -> None:
    """Rows of two spaces have nothing to say about each other."""
    space = read_space(SPACE)

    with pytest.raises(EncoderError, match="another space"):
        read_table(Space(space.teacher, "0" * 64, space.projection))


def _start() -> tuple[Tokenizer, dict[str, np.ndarray], np.ndarray]:
    """Make pieces, the teacher's rows of its words, and a table that knows nothing yet."""
    tokenizer = tiny_pieces()
    draw = np.random.default_rng(0)
    words = {
        word: draw.normal(size=WIDTH).astype(np.float32)
        for word in (*MARKS, "login", "order", "##s")
    }
    return tokenizer, words, np.zeros((tokenizer.get_vocab_size(), 2), np.float32)


def _characters(tokenizer: Tokenizer) -> list[str]:
    return [piece for piece in tokenizer.get_vocab() if len(piece.strip("▁")) <= 1]


def _corpus(*pairs: Pair) -> Corpus:
    return Corpus(pairs, (), (), (), (), "")


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
