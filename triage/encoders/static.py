"""The multilingual table: a text is the sum of its tokens' rows, scaled to unit length."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from triage.encoders.base import Vectors
from triage.encoders.folder import EncoderMeta, open_folder
from triage.encoders.unigram import Unigram
from triage.encoders.words import WordTokenizer
from triage.errors import EncoderError

ROWS = "rows.npy"
SCALES = "scales.npy"
TOKENIZER = "tokenizer.json"
TOKENS_AT_ONCE = 4_096
"""Bounds the memory of one long text: 4 MB at 256 dimensions."""


class StaticEncoder:
    """Encoder over int8 rows with one float16 scale each, read from disk as they are needed.

    Args:
        meta: What ``meta.json`` says.
        tokenizer: Text to row numbers.
        rows: Table, shape ``(vocabulary, dim)``.
        scales: What each row is multiplied by, shape ``(vocabulary,)``.

    Raises:
        EncoderError: When the shapes do not fit each other.
    """

    def __init__(
        self,
        meta: EncoderMeta,
        tokenizer: Tokenizer | Unigram,
        rows: NDArray[np.int8],
        scales: NDArray[np.float16],
    ) -> None:
        count = tokenizer.size if isinstance(tokenizer, Unigram) else tokenizer.get_vocab_size()
        wanted = (count, meta.dim)
        if rows.shape != wanted or scales.shape != wanted[:1] or rows.dtype != np.int8:
            raise EncoderError(
                f"The table of {meta.name} is {rows.dtype} {rows.shape}, not int8 {wanted}.",
                fix="Export the encoder again.",
            )
        self.name, self.dim, self.space = meta.name, meta.dim, meta.space
        self.fingerprint = meta.fingerprint()
        self._tokenizer, self._rows = WordTokenizer(tokenizer), rows
        self._scales = scales.astype(np.float32)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load an exported table; its rows stay on disk and are mapped into memory.

        Raises:
            EncoderError: When a file is missing, changed or of another shape.
        """
        meta = open_folder(folder, kind="static")
        try:
            # As a plain array: each step over a memmap object runs Python code of its class.
            rows = np.asarray(np.load(folder / ROWS, mmap_mode="r", allow_pickle=False))
            scales = np.load(folder / SCALES, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise EncoderError(
                f"{folder}: the table cannot be read.", fix="Export the encoder again."
            ) from error
        return cls(meta, open_tokenizer(folder / TOKENIZER), rows, scales)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``; order of words is not seen."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, ids in enumerate(self._tokenizer.ids([readable(text) for text in texts])):
            self._add(ids, out[row])
        lengths = np.sqrt(np.add.reduce(out * out, axis=1, keepdims=True))
        lengths[lengths == 0] = 1
        out /= lengths
        return out

    def _add(self, ids: Sequence[int], total: NDArray[np.float32]) -> None:
        for start in range(0, len(ids), TOKENS_AT_ONCE):
            some = np.array(ids[start : start + TOKENS_AT_ONCE], np.int64)
            # The same product as with ``@``, called with less ado.
            total += self._scales.take(some).dot(self._rows.take(some, axis=0).astype(np.float32))


def open_tokenizer(path: Path) -> Tokenizer | Unigram:
    """Read a ``tokenizer.json`` in the form that takes less memory, where there is one for it.

    Raises:
        EncoderError: When it cannot be read.
    """
    try:
        small = Unigram.read(json.loads(path.read_bytes()))
    except Exception as error:
        raise _unreadable(path) from error
    return small or load_tokenizer(path)


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a ``tokenizer.json``.

    Raises:
        EncoderError: When it cannot be read.
    """
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> EncoderError:
    return EncoderError(
        f"{path}: not a tokenizer this version reads.", fix="Export the encoder again."
    )


def readable(text: str) -> str:
    """Replace lone surrogates, which no tokenizer accepts; one code point stays one code point."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
