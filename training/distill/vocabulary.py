"""Learn the pieces of text that get a row in the table."""

import json
import random
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from training.distill.corpus import LANGUAGES, Corpus

RING = "\ue000"
"""Stands for the Danish å while accents are stripped; Romanian is often typed without its own."""

SCORE_DIGITS = 3
ENGLISH_TEXTS = 150_000
FOREIGN_TEXTS = {"da": 120_000, "ro": 100_000, "zh": 110_000}
"""How many texts of each language are drawn, so that documentation does not fill the table."""


def learn_vocabulary(corpus: Corpus, size: int, seed: int) -> Tokenizer:
    """Learn a Unigram vocabulary of ``size`` pieces over four languages (Kudo 2018).

    Chinese gets whole words, since pieces may be up to 14 characters and need no space.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(_normalizers())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.UnicodeScripts(),
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=["<pad>", "<unk>"],
        unk_token="<unk>",  # noqa: S106 - a token of text
        max_piece_length=14,
        shrinking_factor=0.7,
        n_sub_iterations=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(corpus, seed), trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write the tokenizer as compact JSON; scores keep three decimals, which halves their size."""
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = [[piece, round(score, SCORE_DIGITS)] for piece, score in vocabulary]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")


def _normalizers() -> list[normalizers.Normalizer]:
    return [
        normalizers.NFKC(),
        normalizers.Lowercase(),
        normalizers.Replace("å", RING),
        normalizers.NFD(),
        normalizers.StripAccents(),
        normalizers.NFC(),
        normalizers.Replace(RING, "å"),
    ]


def _texts(corpus: Corpus, seed: int) -> list[str]:
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    english = sorted({pair.english for pair in corpus.pairs})
    texts = draw.sample(english, min(ENGLISH_TEXTS, len(english)))
    texts.extend(corpus.messages)
    for language in LANGUAGES:
        foreign = [pair.foreign for pair in corpus.pairs if pair.language == language]
        wanted = FOREIGN_TEXTS[language]
        # A language with too few sentences is counted twice at most.
        foreign *= 2 if len(foreign) < wanted else 1
        texts.extend(draw.sample(foreign, min(wanted, len(foreign))))
    draw.shuffle(texts)
    return texts
