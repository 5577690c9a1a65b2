"""Load encoders from their folders."""

from collections.abc import Iterable
from pathlib import Path

from triage.encoders.base import Encoder, EncoderSet, Profile
from triage.encoders.folder import read_meta
from triage.errors import EncoderError

TWIN = Profile(
    "twin",
    {"en": "minilm", "da": "polyglot", "ro": "polyglot", "zh": "polyglot", "*": "static"},
)
"""A transformer where the language is known, the table for the rest and where it is unsure."""

TINY = Profile("tiny", {"*": "static"})
"""The table alone: no onnxruntime, a tenth of the time."""


def load_encoder(folder: Path) -> Encoder:
    """Load the encoder of a folder, whatever its kind.

    Raises:
        EncoderError: When the folder holds no encoder, or a file of it is missing or changed.
    """
    if read_meta(folder).kind == "static":
        from triage.encoders.static import StaticEncoder

        return StaticEncoder.load(folder)
    # Imported late, so that the tiny profile never pays for onnxruntime.
    from triage.encoders.onnx import OnnxEncoder

    return OnnxEncoder.load(folder)


def load_encoder_set(folders: Iterable[Path]) -> EncoderSet:
    """Load encoders that share one vector space.

    Raises:
        EncoderError: When there is none, a name stands twice, or their spaces differ.
    """
    encoders: dict[str, Encoder] = {}
    for folder in folders:
        encoder = load_encoder(folder)
        if encoder.name in encoders:
            raise EncoderError(
                f"Two encoders are named {encoder.name}.", fix="Leave one of the folders out."
            )
        encoders[encoder.name] = encoder
    if not encoders:
        raise EncoderError("No encoder was given.", fix="Name at least one encoder folder.")
    return EncoderSet(encoders)
