"""A graph of one embedding, written as a real encoder folder."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.unit.encoders.tiny_encoder import SPACE, write_tiny_encoder


def write_tiny_graph(folder: Path, **changes: object) -> Path:
    """Write an encoder that averages the rows of five words; ``changes`` go into its meta."""
    write_tiny_encoder(folder)
    onnx.save(_model(), folder / "model.onnx")
    files = ("tokenizer.json", "model.onnx")
    meta = {
        "format": 1,
        "kind": "onnx",
        "name": "minilm",
        "dim": 3,
        "space": SPACE,
        "max_tokens": 8,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "meta.json").write_text(json.dumps(meta | changes), encoding="utf-8")
    return folder


def _model() -> onnx.ModelProto:
    rows = np.array([[0, 0, 1], [1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    inputs = ["input_ids", "attention_mask"]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["each"]),
            helper.make_node("Cast", ["attention_mask"], ["weight"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["weight", "last"], ["column"]),
            helper.make_node("Mul", ["each", "column"], ["kept"]),
            helper.make_node("ReduceSum", ["kept", "tokens"], ["sum"], keepdims=0),
            helper.make_node("LpNormalization", ["sum"], ["rows"], axis=1, p=2),
        ],
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in inputs],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["batch", 3])],
        [
            numpy_helper.from_array(rows.astype(np.float32), "table"),
            numpy_helper.from_array(np.array([2], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "tokens"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
