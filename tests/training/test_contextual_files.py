"""The trained student as files: what sentence-transformers loads, and what serving loads."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tests.training.tiny_student import (
    RECIPE,
    WORDS,
    tiny_lessons,
    tiny_pieces,
    tiny_space,
    tiny_student,
)
from training.contextual import LONGEST, write_student
from training.distill.contextual import ContextualStudent
from training.distill.texts import tokenise
from training.encoder_files import weights_sha256
from training.export_onnx import export, load_source
from triage.encoders.onnx import OnnxEncoder
from triage.errors import EncoderError

TEXTS = [" ".join(WORDS[i : i + 3]) for i in range(8)]


@pytest.fixture(scope="module")
def student() -> ContextualStudent:
    """Train a student for one step, so that its rows are its own."""
    made = tiny_student(replace(RECIPE, steps=1))
    tokenizer = tiny_pieces()
    made.advance(tiny_lessons(tokenizer, 3), tiny_lessons(tokenizer, 8))
    return made


@pytest.fixture(scope="module")
def written(student: ContextualStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the student where an earlier one lies."""
    folder = tmp_path_factory.mktemp("work") / "contextual"
    folder.mkdir()
    (folder / "leftover").touch()
    write_student(student.layers, student.pieces.tokenizer, folder)
    return folder


def test_written_student_is_loaded_as_it_was_trained(
    student: ContextualStudent, written: Path
) -> None:
    """sentence-transformers gives the rows of the training, and an earlier student is gone."""
    model = SentenceTransformer(str(written), device="cpu")
    rows = np.asarray(model.encode(TEXTS)) @ tiny_space().projection
    tokens, offsets = tokenise(student.pieces.tokenizer, TEXTS)
    lessons = replace(tiny_lessons(student.pieces.tokenizer, 1), tokens=tokens, offsets=offsets)

    wanted = student.encode(lessons, np.arange(len(TEXTS))).detach().numpy()

    assert _cosines(rows, wanted).min() > 0.999
    assert not (written / "leftover").exists()
    assert [path.name for path in written.parent.iterdir()] == ["contextual"]
    assert model.max_seq_length == LONGEST


def test_equal_students_are_equal_files(
    student: ContextualStudent, written: Path, tmp_path: Path
) -> None:
    """Writing twice gives one fingerprint, layers that nothing uses included."""
    write_student(student.layers, student.pieces.tokenizer, tmp_path / "again")

    assert weights_sha256(tmp_path / "again") == weights_sha256(written)


def test_export_puts_the_student_into_the_space(written: Path, tmp_path: Path) -> None:
    """A model that is not the teacher gets the space's projection and fingerprint when told so."""
    source, space = load_source(str(written)), tiny_space()
    assert source.weights_sha256 != space.teacher_sha256

    figures = export(
        source, tmp_path / "polyglot", name="polyglot", space=space, probes=TEXTS, in_space=True
    )
    encoder = OnnxEncoder.load(tmp_path / "polyglot")
    rows = np.asarray(source.model.encode(TEXTS)) @ space.projection

    assert encoder.space == space.fingerprint()
    assert encoder.encode(TEXTS).shape == (len(TEXTS), space.projection.shape[1])
    assert _cosines(rows, encoder.encode(TEXTS)).min() > 0.98
    assert figures.cosine_min > 0.98
    meta = json.loads((tmp_path / "polyglot" / "meta.json").read_text(encoding="utf-8"))
    assert meta["source"]["weights_sha256"] == source.weights_sha256


def test_export_into_no_space_is_refused(written: Path, tmp_path: Path) -> None:
    """A model said to lie in a space needs that space."""
    with pytest.raises(EncoderError, match="shared space is missing"):
        export(
            load_source(str(written)),
            tmp_path / "polyglot",
            name="polyglot",
            space=None,
            probes=TEXTS,
            in_space=True,
        )

    assert not list(tmp_path.iterdir())


def _cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines: np.ndarray = (one * other).sum(axis=1) / lengths
    return cosines
