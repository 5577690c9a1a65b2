"""Encoders by folder, and sets of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.encoders.tiny_encoder import write_tiny_encoder
from triage.encoders.loading import TINY, TWIN, load_encoder, load_encoder_set
from triage.errors import EncoderError


def test_no_folder_is_refused() -> None:
    """A set without encoders cannot encode."""
    with pytest.raises(EncoderError, match="No encoder"):
        load_encoder_set([])


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    """Routes address encoders by name, so a name stands once."""
    folders = [write_tiny_encoder(tmp_path / "a"), write_tiny_encoder(tmp_path / "b")]

    with pytest.raises(EncoderError, match="Two encoders are named static"):
        load_encoder_set(folders)


def test_encoders_of_two_spaces_are_refused(tmp_path: Path) -> None:
    """Rows of different spaces must never meet in one index."""
    folders = [
        write_tiny_encoder(tmp_path / "a"),
        write_tiny_encoder(tmp_path / "b", name="other", space="elsewhere"),
    ]

    with pytest.raises(EncoderError, match="one vector space"):
        load_encoder_set(folders)


def test_kind_decides_the_class(tmp_path: Path) -> None:
    """A folder of kind static gives a working encoder of its name."""
    encoder = load_encoder(write_tiny_encoder(tmp_path))

    assert encoder.name == "static"
    assert encoder.encode(["invoice"]).shape == (1, 3)


def test_set_routes_by_profile(tmp_path: Path) -> None:
    """The tiny profile sends every language to the table."""
    encoders = load_encoder_set([write_tiny_encoder(tmp_path)])

    rows = encoders.encode(["invoice", "faktura"], ["en", "da"], TINY)

    assert rows[0] @ rows[1] > 0.9


def test_unsure_language_goes_to_the_table() -> None:
    """The twin profile trusts each transformer with its languages alone."""
    assert TWIN.route("en") == "minilm"
    assert TWIN.route("da") == TWIN.route("zh") == "polyglot"
    assert TWIN.route("") == TWIN.route("de") == "static"


def test_tiny_profile_needs_no_onnxruntime(tmp_path: Path) -> None:
    """Loading a table pulls in neither onnxruntime nor torch."""
    folder = write_tiny_encoder(tmp_path)
    code = (
        "import sys; from pathlib import Path; from triage.encoders.loading import load_encoder;"
        f"load_encoder(Path({str(folder)!r}));"
        "print([n for n in ('onnxruntime', 'torch', 'sklearn') if n in sys.modules])"
    )

    run = subprocess.run(  # noqa: S603 - our own interpreter on our own line of code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[]"
