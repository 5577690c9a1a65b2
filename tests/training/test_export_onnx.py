"""The export of a transformer, on one of a single narrow layer."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny_transformer import WIDTH, write_tiny_transformer
from training.encoder_files import PROBES, Space, read_probes, weights_sha256
from training.encoders import encoder_name, resolve
from training.export_onnx import export, load_source
from training.onnx_graph import Source
from triage.encoders.onnx import OnnxEncoder
from triage.errors import EncoderError, ExportError
from triage.settings import Settings

TEXTS = ["my order is late", "login does not work", "invoice", "my invoice is wrong " * 20]
DIM = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tiny model once."""
    return write_tiny_transformer(tmp_path_factory.mktemp("tiny") / "bert")


@pytest.fixture(scope="module")
def source(model: Path) -> Source:
    """Load the tiny model."""
    return load_source(str(model))


@pytest.fixture(scope="module")
def space(source: Source) -> Space:
    """Make a space whose teacher the tiny model is."""
    square = np.linalg.qr(np.random.default_rng(0).normal(size=(WIDTH, WIDTH)))[0]
    return Space("tiny", source.weights_sha256, square[:, :DIM].astype(np.float32))


@pytest.fixture(scope="module")
def exported(source: Source, space: Space, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the tiny model into its space once."""
    out = tmp_path_factory.mktemp("out") / "minilm"
    export(source, out, name="minilm", space=space, probes=TEXTS)
    return out


def test_missing_model_is_named(tmp_path: Path) -> None:
    """A folder without a model is an error that says what was looked for."""
    with pytest.raises(EncoderError, match="no sentence-transformers model"):
        load_source(str(tmp_path))


def test_folder_without_weights_is_refused(tmp_path: Path) -> None:
    """There is no fingerprint of nothing."""
    with pytest.raises(EncoderError, match="no model weights"):
        weights_sha256(tmp_path)


def test_export_agrees_with_its_source(exported: Path, source: Source, space: Space) -> None:
    """Pooling, projection and unit length in the graph equal those outside it."""
    rows = np.asarray(source.model.encode(TEXTS, show_progress_bar=False)) @ space.projection
    wanted = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    found = OnnxEncoder.load(exported).encode(TEXTS)

    assert found.shape == (len(TEXTS), DIM)
    assert (found * wanted).sum(axis=1).min() > 0.98


def test_meta_names_space_and_agreement(exported: Path, space: Space) -> None:
    """The teacher's export carries the shared space and what was measured on it."""
    meta = json.loads((exported / "meta.json").read_text(encoding="utf-8"))

    assert meta["space"] == space.fingerprint()
    assert meta["max_tokens"] == 32
    assert meta["agreement_with_fp32"]["texts"] == len(TEXTS)
    assert set(meta["files"]) == {"model.onnx", "tokenizer.json"}


def test_nothing_else_is_left_behind(exported: Path) -> None:
    """The unquantised graph and the scratch folder are gone."""
    assert [path.name for path in exported.parent.iterdir()] == ["minilm"]


def test_another_model_keeps_its_own_space(model: Path, tmp_path: Path) -> None:
    """A model given by folder is exported once, at its own width, for the bundle to carry."""
    settings = Settings(home=tmp_path)

    first = resolve(str(model), settings)
    stamp = (first.inside["model"] / "meta.json").stat().st_mtime_ns
    second = resolve(str(model), settings)

    assert first.encoders.dim == WIDTH
    assert first.encoders.space == weights_sha256(model)
    assert [profile.routes for profile in first.profiles] == [{"*": "model"}]
    assert (second.inside["model"] / "meta.json").stat().st_mtime_ns == stamp


def test_exported_folder_is_taken_as_it_is(exported: Path, tmp_path: Path) -> None:
    """A folder that is an encoder already is not exported again."""
    resolved = resolve(str(exported), Settings(home=tmp_path))

    assert resolved.inside == {"minilm": exported}
    assert not (tmp_path / "encoders").exists()


@pytest.mark.parametrize(
    ("choice", "name"), [("org/My_Model-v2", "my-model-v2"), ("/data/e5 small/", "e5-small")]
)
def test_name_comes_from_the_last_part(choice: str, name: str) -> None:
    """Routes get a short name of letters, digits and dashes."""
    assert encoder_name(choice) == name


@pytest.mark.parametrize("choice", ["...", "/x/static", "org/minilm"])
def test_names_of_shipped_encoders_are_taken(choice: str) -> None:
    """Another model cannot pass for a shipped one."""
    with pytest.raises(EncoderError, match="cannot name"):
        encoder_name(choice)


def test_probes_are_spread_over_a_table(tmp_path: Path) -> None:
    """A long table gives 500 texts, none of them empty; without one there are our own."""
    path = tmp_path / "probes.csv"
    path.write_text("text\n" + "".join(f"row {i}\n" for i in range(2_000)), encoding="utf-8")

    found = read_probes(path, "text")

    assert (len(found), found[1]) == (500, "row 4")
    assert read_probes(None, "text") == list(PROBES)


def test_probe_table_without_its_column_is_refused(tmp_path: Path) -> None:
    """A missing column is named."""
    path = tmp_path / "probes.csv"
    path.write_text("body\nhello\n", encoding="utf-8")

    with pytest.raises(ExportError, match="text"):
        read_probes(path, "text")
