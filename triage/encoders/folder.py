"""The folder an encoder is kept in: ``meta.json`` names its kind, its space and its files."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from triage.errors import EncoderError

FORMAT = 1
"""Bumped when an older reader would fail or give other vectors; a new optional key does not."""

META = "meta.json"
KINDS = ("static", "onnx")
_REPAIR = "Restore the folder from where it came, or export the encoder again."


@dataclass(frozen=True, slots=True)
class EncoderMeta:
    """What the readers need to know of an encoder folder.

    Attributes:
        kind: Which class reads the folder.
        name: Short name used in routes.
        dim: Width of a vector.
        space: Fingerprint of the vector space.
        max_tokens: Tokens of a text that are read, None for all of them.
        files: SHA-256 of every file that decides the vectors, by name.
    """

    kind: Literal["static", "onnx"]
    name: str
    dim: int
    space: str
    max_tokens: int | None
    files: Mapping[str, str]

    def fingerprint(self) -> str:
        """Compute the SHA-256 over all that decides the vectors."""
        parts = [self.kind, str(self.dim), str(self.max_tokens), self.space]
        parts += [f"{name}={self.files[name]}" for name in sorted(self.files)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def open_folder(folder: Path, *, kind: str | None = None) -> EncoderMeta:
    """Read ``meta.json`` and check every file it names before any of them is used.

    Args:
        folder: The encoder's folder.
        kind: The kind that is needed, None for any.

    Raises:
        EncoderError: When the folder or a file is missing, was changed, is a link, or is written in
            a format this version does not read; the error names the file.
    """
    meta = read_meta(folder)
    if kind is not None and meta.kind != kind:
        raise EncoderError(
            f"{folder} holds an encoder of kind {meta.kind}, not {kind}.",
            fix="Give another folder.",
        )
    for name, wanted in meta.files.items():
        _check_file(folder / name, wanted)
    return meta


def read_meta(folder: Path) -> EncoderMeta:
    """Read ``meta.json`` of an encoder folder without opening its other files.

    Raises:
        EncoderError: When it is missing, is no JSON object, lacks a key or has another format.
    """
    path = folder / META
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EncoderError(f"{path}: there is no such file.", fix="Check the folder.") from error
    except ValueError as error:
        raise EncoderError(f"{path}: not JSON.", fix=_REPAIR) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise EncoderError(
            f"{path}: format {found!r}, while this version reads {FORMAT}.",
            fix="Use the version of the software that wrote it, or export the encoder again.",
        )
    try:
        return _meta(content)
    except (KeyError, TypeError, ValueError) as error:
        raise EncoderError(f"{path}: a key is missing or wrong ({error}).", fix=_REPAIR) from error


def _meta(content: Mapping[str, Any]) -> EncoderMeta:
    if content["kind"] not in KINDS:
        raise ValueError(f"kind {content['kind']!r}")
    files = {str(name): str(digest) for name, digest in content["files"].items()}
    for name in files:
        if Path(name).name != name or name in {"", ".", ".."}:
            raise ValueError(f"file {name!r} leaves the folder")
    limit = content["max_tokens"]
    return EncoderMeta(
        kind=content["kind"],
        name=str(content["name"]),
        dim=int(content["dim"]),
        space=str(content["space"]),
        max_tokens=None if limit is None else int(limit),
        files=files,
    )


def _check_file(path: Path, wanted: str) -> None:
    if path.is_symlink() or not path.is_file():
        raise EncoderError(f"{path}: missing, or not a plain file.", fix=_REPAIR)
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != wanted:
        raise EncoderError(f"{path}: its bytes changed since it was exported.", fix=_REPAIR)
