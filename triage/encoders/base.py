"""What every encoder offers, and how a profile routes languages to encoders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from triage.errors import EncoderError

Vectors = NDArray[np.float32]
"""Rows of unit length, shape ``(n, dim)``; an empty text gives a row of zeros."""


class Encoder(Protocol):
    """Text to vector."""

    @property
    def name(self) -> str:
        """Short name used in routes, such as ``static`` or ``minilm``."""

    @property
    def dim(self) -> int:
        """Width of a vector."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the files that decide the vectors."""

    @property
    def space(self) -> str:
        """Fingerprint of the vector space; encoders of one space may be compared."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named routing table from language code to encoder name; ``*`` takes the rest."""

    name: str
    routes: Mapping[str, str]

    def route(self, language: str) -> str:
        """Name the encoder for a language code (``""`` when the language is unsure)."""
        return self.routes.get(language, self.routes["*"])


class EncoderSet:
    """Encoders of one vector space, addressed through profiles.

    Raises:
        EncoderError: When two encoders do not share one space or width.
    """

    def __init__(self, encoders: Mapping[str, Encoder]) -> None:
        spaces = {(encoder.space, encoder.dim) for encoder in encoders.values()}
        if len(spaces) != 1:
            names = ", ".join(sorted(encoders))
            raise EncoderError(
                f"The encoders {names} do not share one vector space.",
                fix="Use encoders exported together.",
            )
        self.encoders = dict(encoders)
        self.space, self.dim = next(iter(spaces))

    def encode(self, texts: Sequence[str], languages: Sequence[str], profile: Profile) -> Vectors:
        """Encode each text with the encoder its language is routed to, shape ``(n, dim)``."""
        routed = [profile.route(language) for language in languages]
        if len(set(routed)) == 1:
            return self.encoders[routed[0]].encode(texts)
        out = np.zeros((len(texts), self.dim), np.float32)
        for name in sorted(set(routed)):
            rows = [i for i, chosen in enumerate(routed) if chosen == name]
            out[rows] = self.encoders[name].encode([texts[i] for i in rows])
        return out
