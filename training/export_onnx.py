"""Export a sentence-transformers model to ONNX: ``python -m training.export_onnx``.

Pooling, the projection into the shared space and the scaling to unit length lie in the graph, so
that serving runs one session and nothing else. Weights become int8 with one scale per channel and
activations are quantised as they come (ONNX Runtime's dynamic quantisation). The graph is left
unfused: measured, fusing it made short texts slower.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import torch
import typer
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from torch.nn import functional

from training.encoder_files import (
    ENCODERS,
    PACKAGED,
    SPACE,
    SPACE_FILE,
    Space,
    packaged_minilm,
    read_probes,
    read_space,
    replace_folder,
    versions,
    weights_sha256,
    write_meta,
)
from triage.encoders.onnx import MODEL, TOKENIZER, OnnxEncoder
from triage.errors import EncoderError, TriageError

MAX_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Source:
    """A loaded sentence-transformers model and where it came from."""

    model: SentenceTransformer
    name: str
    weights_sha256: str


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


def load_source(source: str) -> Source:
    """Load the packaged MiniLM, a sentence-transformers folder or a hub name.

    Raises:
        EncoderError: When it cannot be loaded.
    """
    folder = packaged_minilm() if source == PACKAGED else Path(source)
    try:
        if not folder.is_dir():
            from huggingface_hub import snapshot_download

            folder = Path(snapshot_download(source))
        model = SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"}
        )
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"{source}: no sentence-transformers model could be loaded.",
            fix="Give a folder, or the name of a public model while there is a connection.",
        ) from error
    return Source(model.eval(), source, weights_sha256(folder))


def export(
    source: Source,
    out: Path,
    *,
    name: str,
    space: Space | None,
    probes: Sequence[str],
    in_space: bool = False,
) -> Mapping[str, float]:
    """Write an encoder folder; it appears under its name only when it is whole.

    Args:
        source: The model.
        out: The folder to write; an earlier export in it is replaced.
        name: Short name used in routes.
        space: Shared space; applied to its teacher, while other models keep their own.
        probes: Texts on which the export is compared with the source.
        in_space: Whether the model was trained into the space, so that it is applied to it too.

    Returns:
        The agreement with the unquantised model.

    Raises:
        EncoderError: When the model cannot be exported, has no fast tokenizer, or was trained into
            a space that is not given.
    """
    if in_space and space is None:
        raise EncoderError(
            f"{source.name}: its shared space is missing.", fix="Run python -m training.distill."
        )
    is_teacher = space is not None and space.teacher_sha256 == source.weights_sha256
    shared = space if in_space or is_teacher else None
    projection = None if shared is None else shared.projection
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        folder = Path(scratch) / "whole"
        folder.mkdir()
        write_tokenizer(source, folder / TOKENIZER)
        full = Path(scratch) / "full.onnx"
        write_graph(source, projection, full)
        quantise(full, folder / MODEL, projection)
        content = _content(source, name, folder / MODEL, shared)
        write_meta(folder, [MODEL, TOKENIZER], content)
        figures = agreement(source, OnnxEncoder.load(folder), projection, probes)
        write_meta(folder, [MODEL, TOKENIZER], content | {"agreement_with_fp32": figures})
        replace_folder(folder, out)
    return figures


def write_tokenizer(source: Source, path: Path) -> None:
    """Write the model's tokenizer as ``tokenizer.json``.

    Raises:
        EncoderError: When it exists in Python only.
    """
    backend = getattr(source.model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError(
            f"{source.name}: its tokenizer is not one of the tokenizers library.",
            fix="Use a model with a tokenizer.json.",
        )
    path.write_text(backend.to_str(), encoding="utf-8")


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


def quantise(full: Path, path: Path, projection: NDArray[np.float32] | None) -> None:
    """Quantise a graph's weights to int8, all but the projection, which is small and last."""
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
            per_channel=True,
            reduce_range=False,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=keep,
        )


def agreement(
    source: Source,
    encoder: OnnxEncoder,
    projection: NDArray[np.float32] | None,
    probes: Sequence[str],
) -> dict[str, float]:
    """Measure the cosine of exported and unquantised rows over some texts."""
    source.model.max_seq_length = _limit(source)
    wanted = np.asarray(source.model.encode(list(probes), show_progress_bar=False), np.float32)
    if projection is not None:
        wanted = wanted @ projection
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    cosine = (wanted * encoder.encode(probes)).sum(axis=1)
    return {
        "texts": len(probes),
        "cosine_mean": round(float(cosine.mean()), 4),
        "cosine_min": round(float(cosine.min()), 4),
    }


def _content(source: Source, name: str, model: Path, space: Space | None) -> dict[str, object]:
    width = onnx.load(model).graph.output[0].type.tensor_type.shape.dim[1].dim_value
    return {
        "kind": "onnx",
        "name": name,
        "dim": int(width),
        "space": source.weights_sha256 if space is None else space.fingerprint(),
        "max_tokens": _limit(source),
        "source": {"name": source.name, "weights_sha256": source.weights_sha256},
        "versions": versions("torch", "sentence-transformers", "onnx", "onnxruntime"),
    }


def _limit(source: Source) -> int:
    return min(MAX_TOKENS, int(source.model.max_seq_length or MAX_TOKENS))


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


def main(
    source: Annotated[
        str, typer.Argument(help="Package, folder or hub name of a sentence-transformers model.")
    ] = PACKAGED,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = ENCODERS / "minilm",
    name: Annotated[str, typer.Option(help="Short name used in routes.")] = "minilm",
    space: Annotated[Path, typer.Option(help="Folder of the shared space.")] = SPACE,
    probe: Annotated[
        Path | None, typer.Option(help="Table of texts to compare the export on.")
    ] = None,
    column: Annotated[str, typer.Option(help="Its text column.")] = "text",
) -> None:
    """Export a model. Example: python -m training.export_onnx --probe messages.csv.gz."""
    try:
        shared = read_space(space) if (space / SPACE_FILE).is_file() else None
        probes = read_probes(probe, column)
        figures = export(load_source(source), out, name=name, space=shared, probes=probes)
    except TriageError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))


if __name__ == "__main__":
    typer.run(main)
