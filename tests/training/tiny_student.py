"""A student in miniature: pieces of a dozen words, two narrow layers, and texts to learn from."""

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from training.distill.contextual import ContextualRecipe, ContextualStudent, Lessons
from training.distill.pieces import Pieces, prune
from training.distill.texts import tokenise
from training.encoder_files import Space

WIDTH, DIM = 32, 8
WORDS = ("faktura", "ordre", "konto", "login", "kan", "jeg", "ikke", "finde", "min", "hvor")
SIZE = 40
"""Room for all pieces and the two marks that the table lacks."""
RECIPE = ContextualRecipe(
    vocabulary=SIZE,
    steps=8,
    frozen_steps=3,
    sentences_per_step=8,
    joined_per_step=4,
    joined_share=0.3,
    rows_rate=0.5,
    layers_rate=0.05,
    checkpoint_every=2,
)
"""Rates are high, since they have risen to a tenth of their peak when the last step comes."""


def tiny_table_tokenizer() -> Tokenizer:
    """Make a tokenizer as the table has one: ``<pad>`` and ``<unk>`` first, words by Unigram."""
    letters = sorted({letter for word in WORDS for letter in word} | set("<>/csepunkda密码"))
    pieces = [("<pad>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(letter, -8.0) for letter in letters]
    pieces += [(f"▁{word}", -3.0) for word in WORDS]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=1, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()]
    )
    tokenizer.add_special_tokens(["<pad>", "<unk>"])
    return tokenizer


def tiny_pieces(size: int = SIZE) -> Tokenizer:
    """Prune the tokenizer; the later of its words are used most."""
    whole = tiny_table_tokenizer()
    return prune(whole, np.arange(whole.get_vocab_size(), dtype=np.int64), size)


def tiny_layers(vocabulary: int = 20) -> BertModel:
    """Make two layers with random weights from a fixed seed."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=300,
    )
    return BertModel(config, add_pooling_layer=False)


def tiny_space() -> Space:
    """Make a space of some model that is not the student."""
    square = np.linalg.qr(np.random.default_rng(0).normal(size=(WIDTH, WIDTH)))[0]
    return Space("teacher", "f" * 64, square[:, :DIM].astype(np.float32))


def tiny_lessons(tokenizer: Tokenizer, words: int) -> Lessons:
    """Make texts of so many words each, with one random target a text."""
    draw = np.random.default_rng(words)
    texts = [" ".join(draw.choice(WORDS, words)) for _ in range(12)]
    tokens, offsets = tokenise(tokenizer, texts)
    targets = draw.normal(size=(len(texts), DIM)).astype(np.float32)
    return Lessons(
        tokens=tokens,
        offsets=offsets,
        answer=np.arange(len(texts), dtype=np.int64),
        targets=targets / np.linalg.norm(targets, axis=1, keepdims=True),
        chance=np.cumsum(np.full(len(texts), 1 / len(texts))),
    )


def tiny_student(recipe: ContextualRecipe = RECIPE) -> ContextualStudent:
    """Make a student that has learned nothing."""
    tokenizer = tiny_pieces()
    return ContextualStudent(
        tiny_layers(), first_rows(tokenizer), tiny_space().projection, Pieces(tokenizer), recipe
    )


def first_rows(tokenizer: Tokenizer) -> NDArray[np.float32]:
    """Draw a first row for each piece, shape ``(vocabulary, WIDTH)``."""
    shape = (tokenizer.get_vocab_size(), WIDTH)
    return np.random.default_rng(1).normal(0.0, 0.5, shape).astype(np.float32)
