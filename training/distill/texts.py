"""Turn the corpus into token ids and row numbers, the form the student trains on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.distill.corpus import DOCUMENTATION, LANGUAGES, Corpus, Pair

Ids = NDArray[np.int64]
MAX_TOKENS = 128
CHUNK = 20_000
DOCUMENTATION_SHARE = 0.7
"""Documentation is drawn less often than its amount, since help-desk messages read otherwise."""


@dataclass(frozen=True)
class TrainingSet:
    """Token ids of all texts, English texts first and in the teacher's order.

    Attributes:
        tokens: Ids of all texts one after the other, int32.
        offsets: Where each text starts, shape ``(texts + 1,)``.
        english: English text of each pair, shape ``(pairs,)``.
        foreign: Translated text of each pair, shape ``(pairs,)``.
        chance: Cumulative chance of drawing each pair, shape ``(pairs,)``.
        messages: How many of the first texts are unlabelled messages.
        english_texts: How many texts are English.
        vocabulary: How many pieces the tokenizer knows.
    """

    tokens: NDArray[np.int32]
    offsets: Ids
    english: Ids
    foreign: Ids
    chance: NDArray[np.float64]
    messages: int
    english_texts: int
    vocabulary: int

    def bag(self, rows: Ids) -> tuple[Ids, Ids]:
        """Give the token ids of some texts and where each text starts among them."""
        starts, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        ends = np.cumsum(lengths)
        firsts = ends - lengths
        positions = np.arange(ends[-1]) + np.repeat(starts - firsts, lengths)
        return self.tokens[positions].astype(np.int64), firsts


def build_training_set(corpus: Corpus, tokenizer: Tokenizer) -> TrainingSet:
    """Tokenise every text once and number the pairs by their texts."""
    english = corpus.english()
    english_row = {text: row for row, text in enumerate(english)}
    foreign = list(dict.fromkeys(pair.foreign for pair in corpus.pairs))
    foreign_row = {text: row for row, text in enumerate(foreign, start=len(english))}
    tokens, offsets = tokenise(tokenizer, [*english, *foreign])
    return TrainingSet(
        tokens=tokens,
        offsets=offsets,
        english=np.array([english_row[pair.english] for pair in corpus.pairs], np.int64),
        foreign=np.array([foreign_row[pair.foreign] for pair in corpus.pairs], np.int64),
        chance=np.cumsum(draw_weights(corpus.pairs)),
        messages=len(corpus.messages),
        english_texts=len(english),
        vocabulary=tokenizer.get_vocab_size(),
    )


def tokenise(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[NDArray[np.int32], Ids]:
    """Tokenise one or more texts, each cut to ``MAX_TOKENS``.

    Returns:
        All ids one after the other, shape ``(all tokens,)``, and where each text starts, shape
        ``(texts + 1,)``.
    """
    ids: list[NDArray[np.int32]] = []
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        encoded = tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
        ids.extend(np.array(one.ids[:MAX_TOKENS], np.int32) for one in encoded)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
    return np.concatenate(ids), offsets.astype(np.int64)


def draw_weights(pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Weigh one or more pairs by the root of their source's size, languages alike.

    Returns:
        Weights that sum to one, shape ``(pairs,)``.
    """
    sources = np.array([pair.source for pair in pairs])
    languages = np.array([pair.language for pair in pairs])
    _, group, counts = np.unique(
        np.char.add(np.char.add(sources, ":"), languages), return_inverse=True, return_counts=True
    )
    weights = 1.0 / np.sqrt(counts[group].astype(np.float64))
    weights[np.isin(sources, DOCUMENTATION)] *= DOCUMENTATION_SHARE
    for language in LANGUAGES:
        mine = languages == language
        weights[mine] /= max(float(weights[mine].sum()), 1e-12)
    normal: NDArray[np.float64] = weights / weights.sum()
    return normal
