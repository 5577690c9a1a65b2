"""The pieces of text that the contextual student knows, and the rows they start with."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, processors

from training.distill.texts import MAX_TOKENS, Ids
from triage.encoders.base import Vectors
from triage.errors import ConfigError

SPECIAL = ("<pad>", "<unk>", "<cls>", "<sep>")
PAD, CLS, SEP = 0, 2, 3
SPACE_MARK = "▁"
NEIGHBOURS = 5
"""English words that a piece which is none of them starts between."""
SHARPNESS = 20.0
"""Scale of the cosines that weigh them."""
_NEVER = -1e4
"""Score of the marks, so that no text is ever cut into one."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A tokenizer whose texts start and end with a mark, and its batches.

    Args:
        tokenizer: Text to ids.
    """

    tokenizer: Tokenizer

    def pad(
        self, tokens: NDArray[np.int32], offsets: Ids, rows: Ids
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pad one or more texts to one length and put them between marks.

        Args:
            tokens: Ids of all texts one after the other.
            offsets: Where each text starts, shape ``(texts + 1,)``.
            rows: Numbers of the wanted texts, shape ``(n,)``.

        Returns:
            Ids and mask, both int64 of shape ``(n, longest + 2)``.
        """
        parts = [tokens[offsets[row] : offsets[row + 1]] for row in rows]
        longest = max(len(part) for part in parts) + 2
        ids = np.full((len(parts), longest), PAD, np.int64)
        mask = np.zeros((len(parts), longest), np.int64)
        for row, part in enumerate(parts):
            ids[row, : len(part) + 2] = [CLS, *part, SEP]
            mask[row, : len(part) + 2] = 1
        return torch.from_numpy(ids), torch.from_numpy(mask)


def prune(tokenizer: Tokenizer, counts: NDArray[np.int64], size: int) -> Tokenizer:
    """Keep the pieces that foreign texts use most, and every single character.

    Args:
        tokenizer: A Unigram tokenizer whose first pieces are ``<pad>`` and ``<unk>``.
        counts: How often each piece stands in foreign texts, shape ``(pieces,)``.
        size: Pieces to keep, marks included; all of them where there are fewer.

    Raises:
        ConfigError: When the single characters alone are more.
    """
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    single = np.array([len(piece.strip(SPACE_MARK)) <= 1 for piece, _ in vocabulary])
    room = min(size - len(SPECIAL), len(vocabulary) - 2)
    if room < single.sum():
        raise ConfigError(
            f"{size} pieces have no room for {single.sum()} single characters.",
            fix="Choose a larger vocabulary.",
            field="vocabulary",
        )
    rank = np.where(single, np.iinfo(np.int64).max, counts)
    rank[:2] = -1
    order = np.argsort(-rank, kind="stable")[:room]
    kept = [vocabulary[i] for i in sorted(order)]
    content["model"]["vocab"] = [*vocabulary[:2], [SPECIAL[2], _NEVER], [SPECIAL[3], _NEVER], *kept]
    content["added_tokens"] = content["added_tokens"][:2]
    out = Tokenizer.from_str(json.dumps(content))
    out.post_processor = processors.TemplateProcessing(
        single=f"{SPECIAL[2]} $A {SPECIAL[3]}",
        special_tokens=[(SPECIAL[2], CLS), (SPECIAL[3], SEP)],
    )
    out.enable_truncation(MAX_TOKENS)
    return out


def first_rows(
    tokenizer: Tokenizer,
    table: Vectors,
    words: dict[str, NDArray[np.float32]],
    word_vectors: Vectors,
) -> NDArray[np.float32]:
    """Start each piece at the teacher's input rows of the English words nearest in meaning.

    Args:
        tokenizer: The student's tokenizer.
        table: Row of each of its pieces in the shared space, shape ``(vocabulary, dim)``.
        words: The teacher's input rows of its word pieces, each of shape ``(width,)``; ``##`` marks
            those inside words. Its four marks and a whole word must be among them.
        word_vectors: Whole words (``is_word``) among ``words``, in order, in the shared space,
            shape ``(whole words, dim)``.

    Returns:
        Shape ``(vocabulary, width)``.
    """
    whole = np.stack([row for word, row in words.items() if is_word(word)])
    length = np.linalg.norm(whole, axis=1)
    out = np.zeros((len(table), whole.shape[1]), np.float32)
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    nearest = min(NEIGHBOURS, len(whole) - 1)
    for start in range(0, len(table), 2_000):
        close = unit[start : start + 2_000] @ word_vectors.T
        best = np.argpartition(-close, nearest, axis=1)[:, :NEIGHBOURS]
        weight = np.exp(SHARPNESS * np.take_along_axis(close, best, axis=1))
        weight /= weight.sum(axis=1, keepdims=True)
        mean = np.einsum("nk,nkw->nw", weight, whole[best])
        scale = (weight * length[best]).sum(axis=1) / np.maximum(np.linalg.norm(mean, axis=1), 1e-9)
        out[start : start + 2_000] = mean * scale[:, None]
    for piece, number in tokenizer.get_vocab().items():
        known = words.get(_as_word_piece(piece))
        if known is not None:
            out[number] = known
    for mark, word in zip(SPECIAL, ("[PAD]", "[UNK]", "[CLS]", "[SEP]"), strict=True):
        out[tokenizer.token_to_id(mark)] = words[word]
    return out


def is_word(piece: str) -> bool:
    """Tell whether one of the teacher's pieces is a whole word of letters."""
    return piece.isascii() and piece.isalpha() and len(piece) > 1


def _as_word_piece(piece: str) -> str:
    begins = piece.startswith(SPACE_MARK) or not piece.isalpha()
    plain = piece.strip(SPACE_MARK)
    return plain if begins else f"##{plain}"
