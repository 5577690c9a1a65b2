"""From a sentence-transformers model to a graph: export, prefix in the tokenizer, precision."""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from torch.nn import functional

from triage.errors import EncoderError

INT8, TABLES, FULL = "int8", "int8 tables", "fp32"
PRECISIONS = (INT8, TABLES, FULL)
"""Weights in int8; embedding tables alone in int8; nothing. Each is larger, slower and nearer to
the model than the one before."""
PROMPTS = ("classification", "query")
"""Prompts taken where a model names no default: a message is classified, and it asks."""


@dataclass(frozen=True, slots=True)
class Source:
    """A loaded sentence-transformers model and where it came from.

    Attributes:
        model: The model.
        name: Folder, package or hub name.
        weights_sha256: Fingerprint of its weights.
        prefix: What the model wants before every text, often nothing.
    """

    model: SentenceTransformer
    name: str
    weights_sha256: str
    prefix: str = ""


class Graph(torch.nn.Module):
    """What is exported: token ids to rows of unit length, in the shared space if there is one.

    Args:
        model: The sentence-transformers model.
        inputs: Names of the inputs, in order.
        projection: Matrix of the shared space, shape ``(model dim, dim)``.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        inputs: Sequence[str],
        projection: NDArray[np.float32] | None,
    ) -> None:
        super().__init__()
        self.model, self.inputs = model, list(inputs)
        matrix = None if projection is None else torch.from_numpy(projection)
        self.register_buffer("projection", matrix)

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """Compute rows of unit length, shape ``(n, dim)``, from ids of shape ``(n, tokens)``."""
        rows = self.model(dict(zip(self.inputs, values, strict=True)))["sentence_embedding"]
        if isinstance(self.projection, torch.Tensor):
            rows = rows @ self.projection
        return functional.normalize(rows, dim=1)


def prefix_of(model: SentenceTransformer, name: str) -> str:
    """Find what a model wants before every message, from its own ``prompts``.

    Its default prompt comes first, then that for classification, then that of a query.

    Raises:
        EncoderError: When the prompt is left out of the pooling, which the graph cannot do.
    """
    prompts = {key: text for key, text in model.prompts.items() if text}
    names = (model.default_prompt_name, *PROMPTS)
    prefix = next((str(prompts[key]) for key in names if key in prompts), "")
    if prefix and any(getattr(module, "include_prompt", True) is False for module in model):
        raise EncoderError(
            f"{name}: its pooling leaves the prompt {prefix!r} out, which ONNX cannot express.",
            fix="Choose another model, or empty the prompts of its "
            "config_sentence_transformers.json to run it without.",
        )
    return prefix


def write_tokenizer(source: Source, path: Path) -> None:
    """Write the model's tokenizer as ``tokenizer.json``; it puts the prefix before every text.

    So the prefix is a part of a file that serving hashes, and no reader can forget it.

    Raises:
        EncoderError: When it exists in Python only.
    """
    backend = getattr(source.model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError(
            f"{source.name}: its tokenizer is not one of the tokenizers library.",
            fix="Use a model with a tokenizer.json.",
        )
    content: dict[str, Any] = json.loads(backend.to_str())
    # What the last call padded and cut to: serving sets its own, and exports shall be alike.
    content |= {"truncation": None, "padding": None}
    if source.prefix:
        prepend = {"type": "Prepend", "prepend": source.prefix}
        steps = [prepend, content["normalizer"]] if content["normalizer"] else [prepend]
        content["normalizer"] = {"type": "Sequence", "normalizers": steps}
    text = json.dumps(content, ensure_ascii=False)
    path.write_text(Tokenizer.from_str(text).to_str(), encoding="utf-8")


def write_graph(source: Source, projection: NDArray[np.float32] | None, path: Path) -> None:
    """Write the unquantised graph.

    Raises:
        EncoderError: When the model holds what ONNX cannot express.
    """
    example = source.model.tokenizer(["a short text", "two"], padding=True, return_tensors="pt")
    inputs = list(example)
    batch, tokens = torch.export.Dim("batch", min=1), torch.export.Dim("tokens", min=2)
    try:
        with _quiet():
            torch.onnx.export(
                Graph(source.model, inputs, projection).eval(),
                tuple(example[name] for name in inputs),
                path,
                input_names=inputs,
                output_names=["rows"],
                dynamic_shapes=(tuple({0: batch, 1: tokens} for _ in inputs),),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except (RuntimeError, ValueError, torch.onnx.errors.OnnxExporterError) as error:
        raise EncoderError(
            f"{source.name}: cannot be exported to ONNX.", fix="Choose another model."
        ) from error


def quantise(
    full: Path, path: Path, projection: NDArray[np.float32] | None, precision: str = INT8
) -> None:
    """Write a graph with its weights at a precision of ``PRECISIONS``.

    The projection stays as it is: it is small and last.
    """
    if precision == FULL:
        path.write_bytes(full.read_bytes())
        return
    graph = onnx.load(full).graph
    shapes = {entry.name: tuple(entry.dims) for entry in graph.initializer}
    wanted = None if projection is None else projection.shape
    keep = [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and wanted and shapes.get(node.input[1]) == wanted
    ]
    with _quiet():
        quantize_dynamic(
            full,
            path,
            op_types_to_quantize=["Gather"] if precision == TABLES else None,
            per_channel=True,
            reduce_range=False,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=keep,
        )


def graph_width(path: Path) -> int:
    """Read how many columns a graph gives."""
    shape = onnx.load(path).graph.output[0].type.tensor_type.shape
    return int(shape.dim[1].dim_value)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' own remarks, none of which is about the model given."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
