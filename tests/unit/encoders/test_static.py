"""The table as an encoder, on five words."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.encoders.tiny_encoder import write_tiny_encoder
from triage.encoders.static import StaticEncoder
from triage.errors import EncoderError


@pytest.fixture
def encoder(tmp_path: Path) -> StaticEncoder:
    """Load the tiny table."""
    return StaticEncoder.load(write_tiny_encoder(tmp_path))


def test_changed_table_is_refused_by_name(tmp_path: Path) -> None:
    """One flipped bit of the rows is noticed before they are used."""
    folder = write_tiny_encoder(tmp_path)
    content = bytearray((folder / "rows.npy").read_bytes())
    content[-1] ^= 1
    (folder / "rows.npy").write_bytes(content)

    with pytest.raises(EncoderError, match=r"rows\.npy"):
        StaticEncoder.load(folder)


def test_table_of_another_width_is_refused(tmp_path: Path) -> None:
    """A width in the meta that the rows do not have is an error, not a later crash."""
    with pytest.raises(EncoderError, match="not int8"):
        StaticEncoder.load(write_tiny_encoder(tmp_path, dim=4))


def test_rows_have_unit_length(encoder: StaticEncoder) -> None:
    """Every known text lies on the unit sphere."""
    rows = encoder.encode(["invoice", "invoice login", "hjelp hjelp"])

    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert rows.dtype == np.float32


@pytest.mark.parametrize("text", ["", "   ", "\n", "zzz", "🙂"])
def test_text_without_known_words_gives_zeros(encoder: StaticEncoder, text: str) -> None:
    """Nothing known gives a row of zeros, not a division by zero."""
    assert not encoder.encode([text]).any()


def test_no_texts_give_no_rows(encoder: StaticEncoder) -> None:
    """An empty batch keeps its width."""
    assert encoder.encode([]).shape == (0, 3)


def test_translation_lies_near(encoder: StaticEncoder) -> None:
    """Words with like rows give like texts."""
    english, danish, other = encoder.encode(["invoice", "faktura", "login"])

    assert english @ danish > 0.9
    assert english @ other < 0.1


def test_batch_equals_one_by_one(encoder: StaticEncoder) -> None:
    """A text's row does not depend on its neighbours."""
    texts = ["invoice login", "hjelp", "", "faktura hjelp login"]

    together = encoder.encode(texts)

    assert np.array_equal(together, np.vstack([encoder.encode([text]) for text in texts]))


def test_very_long_text_is_read_whole(encoder: StaticEncoder) -> None:
    """Texts beyond one block of tokens are summed block by block."""
    row = encoder.encode(["invoice " * 5_000 + "login " * 5_000])[0]

    assert row[0] == pytest.approx(row[1], abs=1e-5)


def test_lone_surrogate_is_read_as_unknown(encoder: StaticEncoder) -> None:
    """Half a character does no harm to the words beside it."""
    assert encoder.encode(["invoice \ud800"])[0] == pytest.approx([1, 0, 0])
