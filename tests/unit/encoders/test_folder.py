"""What an encoder folder must hold before anything of it is used."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.unit.encoders.tiny_encoder import SPACE, write_tiny_encoder
from triage.encoders.folder import open_folder, read_meta
from triage.errors import EncoderError


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """The error names the file that is not there."""
    with pytest.raises(EncoderError, match=r"nowhere/meta\.json"):
        read_meta(tmp_path / "nowhere")


def test_broken_json_is_refused(tmp_path: Path) -> None:
    """Half a file is no meta."""
    (tmp_path / "meta.json").write_text('{"format": 1', encoding="utf-8")

    with pytest.raises(EncoderError, match="not JSON"):
        read_meta(tmp_path)


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_other_formats_are_refused(tmp_path: Path, found: object) -> None:
    """A newer or unknown format is never guessed at."""
    with pytest.raises(EncoderError, match="format"):
        read_meta(write_tiny_encoder(tmp_path, format=found))


@pytest.mark.parametrize("name", ["../rows.npy", "a/b.npy", "/etc/passwd", "..", ""])
def test_files_outside_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    """A meta cannot point out of its folder."""
    with pytest.raises(EncoderError, match="leaves the folder"):
        read_meta(write_tiny_encoder(tmp_path, files={name: "0" * 64}))


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    """A kind that no class reads is an error."""
    with pytest.raises(EncoderError, match="kind"):
        read_meta(write_tiny_encoder(tmp_path, kind="rotary"))


def test_missing_key_is_named(tmp_path: Path) -> None:
    """A meta without its space says which key is missing."""
    folder = write_tiny_encoder(tmp_path)
    content = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    del content["space"]
    (folder / "meta.json").write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(EncoderError, match="space"):
        read_meta(folder)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file of the list that is not there is named."""
    folder = write_tiny_encoder(tmp_path)
    (folder / "scales.npy").unlink()

    with pytest.raises(EncoderError, match=r"scales\.npy: missing"):
        open_folder(folder)


def test_link_is_refused(tmp_path: Path) -> None:
    """A link is refused even when what it points at has the right bytes."""
    folder = write_tiny_encoder(tmp_path / "encoder")
    (folder / "scales.npy").rename(tmp_path / "elsewhere.npy")
    (folder / "scales.npy").symlink_to(tmp_path / "elsewhere.npy")

    with pytest.raises(EncoderError, match="plain file"):
        open_folder(folder)


def test_kind_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    """A table is not loaded as a graph."""
    with pytest.raises(EncoderError, match="not onnx"):
        open_folder(write_tiny_encoder(tmp_path), kind="onnx")


def test_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    """Another table has another fingerprint, a comment in the meta has not."""
    first = read_meta(write_tiny_encoder(tmp_path / "a"))
    same = read_meta(write_tiny_encoder(tmp_path / "b", note="hello"))
    digest = hashlib.sha256(b"other").hexdigest()
    other = read_meta(write_tiny_encoder(tmp_path / "c", files={"rows.npy": digest}))

    assert first.fingerprint() == same.fingerprint() != other.fingerprint()
    assert first.space == SPACE
