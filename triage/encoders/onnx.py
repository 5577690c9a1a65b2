"""A transformer exported to ONNX: pooling, projection and unit length lie in its graph."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from triage.encoders.base import Vectors
from triage.encoders.folder import EncoderMeta, open_folder
from triage.encoders.static import open_tokenizer, readable
from triage.encoders.unigram import Unigram
from triage.encoders.words import WordTokenizer
from triage.errors import EncoderError

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 512
"""Longest text of a graph that names no limit."""
Ids = Callable[[Sequence[str]], list[list[int]]]


class OnnxEncoder:
    """Encoder that runs an ONNX graph on one thread, one text a call.

    Dynamic int8 takes one scale for all activations of a call, so that texts of one call would
    change each other's rows: by up to 0.1 in a probability. Calls of 16 gained 7 % of speed.

    Args:
        meta: What ``meta.json`` says.
        tokenizer: Text to token ids.
        session: The loaded graph.

    Raises:
        EncoderError: When the graph gives rows of another width.
    """

    def __init__(
        self,
        meta: EncoderMeta,
        tokenizer: Tokenizer | Unigram,
        session: onnxruntime.InferenceSession,
    ) -> None:
        self.name, self.dim, self.space = meta.name, meta.dim, meta.space
        self.fingerprint = meta.fingerprint()
        width = session.get_outputs()[0].shape[-1]
        if width != meta.dim:
            raise EncoderError(
                f"The graph of {meta.name} gives {width} columns, not {meta.dim}.",
                fix="Export the encoder again.",
            )
        self._ids = _reader(tokenizer, meta.max_tokens or MAX_TOKENS)
        self._session = session
        self._inputs = [entry.name for entry in session.get_inputs()]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load an exported graph.

        Raises:
            EncoderError: When a file is missing, changed or no graph.
        """
        meta = open_folder(folder, kind="onnx")
        return cls(meta, open_tokenizer(folder / TOKENIZER), _session(folder / MODEL))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        out = np.zeros((len(texts), self.dim), np.float32)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        encoded = self._ids([readable(texts[row]) for row in filled])
        for row, ids in zip(filled, encoded, strict=True):
            out[row] = self._run(np.array([ids], np.int64))[0]
        return out

    def _run(self, ids: NDArray[np.int64]) -> Vectors:
        """Run one text's ids ``(1, tokens)``; return its row ``(1, dim)``."""
        values = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        rows: Vectors = self._session.run(None, {name: values[name] for name in self._inputs})[0]
        return rows


def _reader(tokenizer: Tokenizer | Unigram, limit: int) -> Ids:
    """Tell what turns texts into ids with special tokens, at most ``limit`` of them a text."""
    if isinstance(tokenizer, Unigram):
        before, after = tokenizer.before, tokenizer.after
        room = limit - len(before) - len(after)
        words = WordTokenizer(tokenizer)
        return lambda texts: [[*before, *ids[:room], *after] for ids in words.ids(texts)]
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return lambda texts: [one.ids for one in tokenizer.encode_batch_fast(list(texts))]


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EncoderError(
            f"{path}: not a graph this version runs.", fix="Export the encoder again."
        ) from error
