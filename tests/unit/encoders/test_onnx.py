"""The graph encoder, on a graph of one embedding."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.encoders.tiny_graph import write_tiny_graph
from triage.encoders.onnx import OnnxEncoder
from triage.errors import EncoderError


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxEncoder:
    """Load the tiny graph."""
    return OnnxEncoder.load(write_tiny_graph(tmp_path))


def test_changed_graph_is_refused_by_name(tmp_path: Path) -> None:
    """One byte more and the graph is not run."""
    folder = write_tiny_graph(tmp_path)
    with (folder / "model.onnx").open("ab") as stream:
        stream.write(b"\0")

    with pytest.raises(EncoderError, match=r"model\.onnx"):
        OnnxEncoder.load(folder)


def test_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    """Bytes that match their hash but are no graph give our error."""
    folder = write_tiny_graph(tmp_path)
    (folder / "model.onnx").write_bytes(b"no graph")
    content = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    content["files"]["model.onnx"] = hashlib.sha256(b"no graph").hexdigest()
    (folder / "meta.json").write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(EncoderError, match="not a graph"):
        OnnxEncoder.load(folder)


def test_graph_of_another_width_is_refused(tmp_path: Path) -> None:
    """The width in the meta must be the graph's own."""
    with pytest.raises(EncoderError, match="gives 3 columns, not 4"):
        OnnxEncoder.load(write_tiny_graph(tmp_path, dim=4))


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_empty_text_gives_zeros(encoder: OnnxEncoder, text: str) -> None:
    """White space never reaches the graph."""
    assert not encoder.encode([text]).any()


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    """An empty batch keeps its width."""
    assert encoder.encode([]).shape == (0, 3)


def test_order_is_kept_across_lengths(encoder: OnnxEncoder) -> None:
    """Rows come back in the order given, empty ones as zeros."""
    texts = ["login login login", "", "invoice", "hjelp hjelp", "login"]

    rows = encoder.encode(texts)

    assert rows.argmax(axis=1).tolist() == [1, 0, 0, 2, 1]
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 0, 1, 1, 1])


def test_batch_equals_one_by_one(encoder: OnnxEncoder) -> None:
    """No text changes the row of another."""
    texts = ["invoice login", "hjelp", "faktura hjelp login login login"]

    together = encoder.encode(texts)

    assert np.allclose(together, np.vstack([encoder.encode([text]) for text in texts]))


def test_text_is_cut_at_its_tokens(encoder: OnnxEncoder) -> None:
    """Only the first tokens count, as the meta says."""
    cut = encoder.encode(["invoice " * 8 + "login " * 100])[0]

    assert cut == pytest.approx([1, 0, 0], abs=1e-6)
