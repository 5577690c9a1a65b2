"""A transformer exported to ONNX: pooling, projection and unit length lie in its graph."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from triage.encoders.base import Vectors
from triage.encoders.folder import EncoderMeta, open_folder
from triage.encoders.static import load_tokenizer, readable
from triage.errors import EncoderError

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
BUCKET = 16
TOKENS_PER_CALL = 768
TEXTS_PER_CALL = 16
"""Texts of like length share a call; mixed ones pad the short and gain nothing over one by one."""


class OnnxEncoder:
    """Encoder that runs an ONNX graph on one thread.

    Args:
        meta: What ``meta.json`` says.
        tokenizer: Text to token ids.
        session: The loaded graph.

    Raises:
        EncoderError: When the graph gives rows of another width.
    """

    def __init__(
        self, meta: EncoderMeta, tokenizer: Tokenizer, session: onnxruntime.InferenceSession
    ) -> None:
        self.name, self.dim, self.space = meta.name, meta.dim, meta.space
        self.fingerprint = meta.fingerprint()
        width = session.get_outputs()[0].shape[-1]
        if width != meta.dim:
            raise EncoderError(
                f"The graph of {meta.name} gives {width} columns, not {meta.dim}.",
                fix="Export the encoder again.",
            )
        tokenizer.no_padding()
        tokenizer.enable_truncation(meta.max_tokens or TOKENS_PER_CALL)
        self._tokenizer, self._session = tokenizer, session
        self._inputs = [entry.name for entry in session.get_inputs()]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load an exported graph.

        Raises:
            EncoderError: When a file is missing, changed or no graph.
        """
        meta = open_folder(folder, kind="onnx")
        return cls(meta, load_tokenizer(folder / TOKENIZER), _session(folder / MODEL))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        out = np.zeros((len(texts), self.dim), np.float32)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        encoded = self._tokenizer.encode_batch_fast([readable(texts[row]) for row in filled])
        ids = [np.array(one.ids, np.int64) for one in encoded]
        for group in _groups([len(one) for one in ids]):
            rows = self._run([ids[place] for place in group])
            out[[filled[place] for place in group]] = rows
        return out

    def _run(self, ids: Sequence[NDArray[np.int64]]) -> Vectors:
        width = max(len(one) for one in ids)
        tokens = np.zeros((len(ids), width), np.int64)
        mask = np.zeros_like(tokens)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        values = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": tokens * 0}
        rows: Vectors = self._session.run(None, {name: values[name] for name in self._inputs})[0]
        return rows


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield positions of like length, bounded by texts and by padded tokens of one call."""
    group: list[int] = []
    widest = 0
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        bucket = -(-lengths[place] // BUCKET) * BUCKET
        full = len(group) == TEXTS_PER_CALL or (len(group) + 1) * bucket > TOKENS_PER_CALL
        if group and (full or bucket != widest):
            yield group
            group = []
        group.append(place)
        widest = bucket
    if group:
        yield group


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
