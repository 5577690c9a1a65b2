"""From the word after ``--encoder`` to loaded encoders and the profiles they serve."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

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
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """Encoders of one training run.

    Attributes:
        encoders: The loaded encoders.
        profiles: Profiles that a bundle of this run can serve, the default first.
        inside: Encoder name to its folder, for encoders that do not ship and so must lie in the
            bundle.
    """

    encoders: EncoderSet
    profiles: tuple[Profile, ...]
    inside: Mapping[str, Path] = field(default_factory=dict)


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
    encoders = load_encoder_set([folder])
    name = read_meta(folder).name
    return Resolved(encoders, (Profile(name, {"*": name}),), {name: folder})


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


def _exported(choice: str, cache: Path) -> Path:
    # Imported late: the shipped encoders must not wait for torch.
    from training.encoder_files import PROBES
    from training.export_onnx import export, load_source

    name = encoder_name(choice)
    where = str(Path(choice).resolve()) if Path(choice).is_dir() else choice
    out = cache / f"{name}-{sha256(where.encode()).hexdigest()[:12]}"
    if not (out / META).is_file():
        export(load_source(choice), out, name=name, space=None, probes=PROBES)
    return out
