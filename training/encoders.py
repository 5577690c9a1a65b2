"""From the word after ``--encoder`` to loaded encoders and the profiles they serve."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from training.agreement import Judged, judged_rows
from training.datasets import Examples
from training.encoder_files import PACKAGED, PROBES, model_sha256, packaged_minilm
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.folder import META, read_meta
from triage.encoders.loading import TINY, TWIN, load_encoder_set
from triage.errors import EncoderError
from triage.settings import Settings

MINILM = Profile("minilm", {"*": "minilm"})
"""MiniLM for every language, for comparisons; it understands English alone."""

SHIPPED = {
    "twin": (("minilm", "polyglot", "static"), (TWIN, TINY)),
    "static": (("static",), (TINY,)),
    "minilm": (("minilm",), (MINILM,)),
}
Progress = Callable[[str], None]
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """Encoders of one training run.

    Attributes:
        encoders: The loaded encoders.
        profiles: Profiles that a bundle of this run can serve, the default first.
        inside: Encoder name to its folder, for encoders that do not ship and so must lie in the
            bundle.
        notes: What metrics and card say of an encoder that does not ship: its precision, its
            prefix, its agreement with its model, and what fine-tuning gave.
    """

    encoders: EncoderSet
    profiles: tuple[Profile, ...]
    inside: Mapping[str, Path] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Return the notes as metrics record them; nothing for encoders that ship."""
        return {"encoder": dict(self.notes)} if self.notes else {}


def resolve(choice: str, settings: Settings) -> Resolved:
    """Resolve ``twin``, ``static``, ``minilm``, a folder or a hub name.

    A sentence-transformers model is exported once into ``home/encoders`` and taken from there
    afterwards.

    Raises:
        EncoderError: When there is no such encoder, or it cannot be exported.
    """
    if choice in SHIPPED:
        names, profiles = SHIPPED[choice]
        encoders = load_encoder_set(settings.encoders / name for name in names)
        return Resolved(encoders, profiles)
    folder = Path(choice)
    if not (folder / META).is_file():
        folder = _exported(choice, settings.home / "encoders")
    return from_folder(folder, notes_of(folder))


def resolve_for(
    choice: str, settings: Settings, train: Examples, seed: int, progress: Progress
) -> Resolved:
    """Resolve encoders for rows; an exported model has to agree with its source on some of them.

    One that does not is exported anew at a higher precision.

    Args:
        choice: As for ``resolve``.
        settings: Where encoders stand.
        train: The training rows; heads are fitted on some, and others are held.
        seed: Seed of the draw.
        progress: Takes one line a step.

    Raises:
        EncoderError: When there is no such encoder, it cannot be exported, or it agrees with its
            source at no precision.
    """
    if choice in SHIPPED or (Path(choice) / META).is_file():
        return resolve(choice, settings)
    out = exported_folder(choice, settings.home / "encoders")
    rows = judged_rows(train, seed)
    if not len(rows.held):
        return resolve(choice, settings)
    notes = notes_of(out) if (out / META).is_file() else {}
    if notes.get("agreement_rows") != rows.fingerprint():
        _export_for(choice, out, rows, progress)
    return from_folder(out, notes_of(out))


def notes_of(folder: Path) -> dict[str, Any]:
    """Read what metrics and card say of an exported model."""
    content: dict[str, Any] = json.loads((folder / META).read_text(encoding="utf-8"))
    kept = ("name", "source", "precision", "prefix", "agreement_with_fp32")
    notes: dict[str, Any] = content.get("notes", {})
    return {key: content[key] for key in kept if key in content} | notes


def from_folder(folder: Path, notes: Mapping[str, Any] | None = None) -> Resolved:
    """Load one exported encoder that serves every language and lies in the bundle.

    Raises:
        EncoderError: When the folder holds no encoder, or a file of it is missing or changed.
    """
    encoders = load_encoder_set([folder])
    name = read_meta(folder).name
    return Resolved(encoders, (Profile(name, {"*": name}),), {name: folder}, notes or {})


def tunable(encoder: str) -> str:
    """Name the model that is tuned for an encoder.

    Raises:
        EncoderError: When the encoder is one that is read, not tuned.
    """
    if encoder == MINILM.name:
        return PACKAGED
    if encoder in SHIPPED or (Path(encoder) / META).is_file():
        raise EncoderError(
            f"--finetune cannot tune the encoder {encoder}.",
            fix="Give one sentence transformer: --encoder minilm for English, or the folder or hub "
            "name of a multilingual model.",
            field="--encoder",
        )
    return encoder


def encoder_name(choice: str) -> str:
    """Make a short encoder name of a folder or hub name: ``org/My_Model`` gives ``my-model``.

    Raises:
        EncoderError: When no letter or digit is left.
    """
    name = _NOT_IN_A_NAME.sub("-", Path(choice).name.lower()).strip("-")
    if not name or name in SHIPPED:
        raise EncoderError(
            f"{choice!r} cannot name an encoder.",
            fix="Give a folder or hub name other than twin, static and minilm.",
        )
    return name


def exported_folder(choice: str, cache: Path) -> Path:
    """Say where the export of a model is kept: by content for a folder, by name for the hub.

    Raises:
        EncoderError: When it can name no encoder, or a folder holds no weights.
    """
    name, folder = encoder_name(choice), Path(choice)
    if choice == PACKAGED:
        folder = packaged_minilm()
    key = model_sha256(folder) if folder.is_dir() else sha256(choice.encode()).hexdigest()
    return cache / f"{name}-{key[:12]}"


def _exported(choice: str, cache: Path) -> Path:
    out = exported_folder(choice, cache)
    if not (out / META).is_file():
        # Imported late: the shipped encoders must not wait for torch.
        from training.export_onnx import export, load_source

        export(load_source(choice), out, name=encoder_name(choice), space=None, probes=PROBES)
    return out


def _export_for(choice: str, out: Path, rows: Judged, progress: Progress) -> None:
    from training.export_onnx import export_judged, load_source

    progress(f"comparing {choice} with its export on {len(rows.held)} rows")
    try:
        source = load_source(choice)
    except EncoderError:
        if not (out / META).is_file():
            raise
        progress(f"{choice} is out of reach: its earlier export is taken, not compared again")
        return
    figures = export_judged(source, out, name=encoder_name(choice), rows=rows, log=progress)
    progress(f"  {figures.describe()}")
