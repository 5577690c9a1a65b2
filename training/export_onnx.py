"""Export a sentence-transformers model to ONNX: ``python -m training.export_onnx``.

Pooling, the projection into the shared space and the scaling to unit length lie in the graph, so
that serving runs one session and nothing else. Weights become int8 with one scale per channel and
activations are quantised as they come (ONNX Runtime's dynamic quantisation), as long as the result
agrees with the model; where it does not, less is quantised. The graph is left unfused: measured,
fusing it made short texts slower.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from training.agreement import Agreement, Judged, compare_labels, compare_vectors
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
    write_json,
    write_meta,
)
from training.onnx_graph import (
    PRECISIONS,
    Source,
    graph_width,
    prefix_of,
    quantise,
    write_graph,
    write_tokenizer,
)
from triage.encoders.base import Vectors
from triage.encoders.folder import META
from triage.encoders.onnx import MODEL, TOKENIZER, OnnxEncoder
from triage.errors import EncoderError, TriageError

MAX_TOKENS = 256
NOT_FETCHED = ("onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack", "*.onnx", "*.gguf")
"""Weights of other libraries, which many public models carry beside the ones that are read."""
Judge = Callable[[OnnxEncoder], Agreement]
"""Compares an exported encoder with the model it came from."""
Log = Callable[[str], None]


def load_source(source: str) -> Source:
    """Load the packaged MiniLM, a sentence-transformers folder or a hub name.

    Raises:
        EncoderError: When it cannot be loaded.
    """
    folder = packaged_minilm() if source == PACKAGED else Path(source)
    try:
        if not folder.is_dir():
            from huggingface_hub import snapshot_download

            folder = Path(snapshot_download(source, ignore_patterns=list(NOT_FETCHED)))
        model = SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"}
        )
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"{source}: no sentence-transformers model could be loaded.",
            fix="Give a folder, or the name of a public model while there is a connection. "
            f"{PACKAGED} is all-MiniLM-L6-v2 and needs none.",
        ) from error
    return Source(model.eval(), source, weights_sha256(folder), prefix_of(model, source))


def _silent(_: str) -> None:
    """Drop a line."""


def export(  # noqa: PLR0913 - what exports may differ in
    source: Source,
    out: Path,
    *,
    name: str,
    space: Space | None,
    probes: Sequence[str],
    in_space: bool = False,
    judge: Judge | None = None,
    log: Log = _silent,
    notes: Mapping[str, Any] | None = None,
) -> Agreement:
    """Write an encoder folder; it appears under its name only when it is whole.

    Args:
        source: The model.
        out: The folder to write; an earlier export in it is replaced.
        name: Short name used in routes.
        space: Shared space; applied to its teacher, while other models keep their own.
        probes: Texts on which the export is compared with the source.
        in_space: Whether the model was trained into the space, so that it is applied to it too.
        judge: Compares the export with the model on rows of one's own, instead of the probes.
        log: Takes a line for every precision that agrees too little.
        notes: What else ``meta.json`` shall say.

    Returns:
        The agreement with the unquantised model, at the first of ``PRECISIONS`` that is near
        enough.

    Raises:
        EncoderError: When the model cannot be exported, has no fast tokenizer, was trained into a
            space that is not given, or disagrees with its own export at every precision.
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
        ask = judge or probing(source, projection, probes)
        known = {"notes": dict(notes)} if notes else {}
        figures = _agreeing(source, (full, folder), (name, shared), ask, log, known)
        replace_folder(folder, out)
    return figures


def export_judged(
    source: Source,
    out: Path,
    *,
    name: str,
    rows: Judged,
    log: Log,
    notes: Mapping[str, Any] | None = None,
) -> Agreement:
    """Export a model into its own space, judged by vectors and labels of training rows.

    An export that stands already is kept while it agrees on these rows as well.

    Args:
        source: The model.
        out: The encoder folder.
        name: Short name used in routes.
        rows: What to judge on.
        log: Takes a line for every precision that agrees too little.
        notes: What else ``meta.json`` shall say.

    Raises:
        EncoderError: When the model cannot be exported, or agrees with its export at no precision.
    """
    wanted = full_rows(source, None, rows.held.texts)

    def judge(encoder: OnnxEncoder) -> Agreement:
        return compare_labels(wanted, encoder, rows)

    marks = {"agreement_rows": rows.fingerprint(), **(notes or {})}
    content = json.loads((out / META).read_text(encoding="utf-8")) if out.is_dir() else {}
    # One of higher precision was asked for by other rows: what these rows get must not depend on
    # which came first.
    if content.get("precision") == PRECISIONS[0]:
        figures = judge(OnnxEncoder.load(out))
        if not figures.poor():
            content |= {"agreement_with_fp32": figures.content(), "notes": marks}
            write_json(out / META, content)
            return figures
        log(f"the earlier export of {name} is too far from its model here ({figures.poor()})")
    return export(source, out, name=name, space=None, probes=(), judge=judge, log=log, notes=marks)


def _agreeing(
    source: Source,
    paths: tuple[Path, Path],
    named: tuple[str, Space | None],
    judge: Judge,
    log: Log,
    known: Mapping[str, Any],
) -> Agreement:
    """Write the graph at the first precision that agrees, with its ``meta.json``."""
    (full, folder), (name, space) = paths, named
    projection, low = None if space is None else space.projection, ""
    for precision in PRECISIONS:
        quantise(full, folder / MODEL, projection, precision)
        content = {**_content(source, name, folder / MODEL, space), **known}
        content["precision"] = precision
        write_meta(folder, [MODEL, TOKENIZER], content)
        figures = judge(OnnxEncoder.load(folder))
        low = figures.poor()
        if not low:
            content["agreement_with_fp32"] = figures.content()
            write_meta(folder, [MODEL, TOKENIZER], content)
            return figures
        log(f"{name} in {precision} is too far from its model ({low})")
    raise EncoderError(
        f"{source.name}: its export is another encoder than the model ({low}).",
        fix="Choose a model whose layers are Transformer, Pooling and at most Dense and Normalize.",
    )


def full_rows(
    source: Source, projection: NDArray[np.float32] | None, texts: Sequence[str]
) -> Vectors:
    """Encode texts with the model itself into rows of unit length, shape ``(n, dim)``."""
    source.model.max_seq_length = token_limit(source)
    rows = np.asarray(
        source.model.encode(list(texts), prompt=source.prefix, show_progress_bar=False), np.float32
    )
    if projection is not None:
        rows = rows @ projection
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def probing(source: Source, projection: NDArray[np.float32] | None, probes: Sequence[str]) -> Judge:
    """Make a judge that compares vectors over some texts."""
    wanted = full_rows(source, projection, probes)
    return lambda encoder: compare_vectors(wanted, encoder.encode(probes))


def _content(source: Source, name: str, model: Path, space: Space | None) -> dict[str, object]:
    return {
        "kind": "onnx",
        "name": name,
        "dim": graph_width(model),
        "space": source.weights_sha256 if space is None else space.fingerprint(),
        "max_tokens": token_limit(source),
        "prefix": source.prefix,
        "source": {"name": source.name, "weights_sha256": source.weights_sha256},
        "versions": versions("torch", "sentence-transformers", "onnx", "onnxruntime"),
    }


def token_limit(source: Source) -> int:
    """Tell how many tokens of a text the export reads."""
    return min(MAX_TOKENS, int(source.model.max_seq_length or MAX_TOKENS))


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
        figures = export(
            load_source(source), out, name=name, space=shared, probes=probes, log=typer.echo
        )
    except TriageError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out}: {figures.describe()}")


if __name__ == "__main__":
    typer.run(main)
