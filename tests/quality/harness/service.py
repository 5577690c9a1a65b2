"""The bundle under test: its own pipeline in every profile, each text encoded once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.domain import Message, Options, TriageResult
from triage.encoders.base import Encoder, EncoderSet, Vectors
from triage.labeling.labeler import Labeler
from triage.pipeline import Pipeline
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

BATCH = 64


class Remembering:
    """An encoder that encodes no text twice, and each by itself as a single request does.

    The int8 graph scales its activations over a whole call, so vectors depend on what else is in
    it; figures must not depend on which sections were run before.
    """

    def __init__(self, inner: Encoder) -> None:
        self.name, self.dim = inner.name, inner.dim
        self.fingerprint, self.space = inner.fingerprint, inner.space
        self._inner = inner
        self._rows: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into rows of unit length, shape ``(n, dim)``."""
        for text in texts:
            if text not in self._rows:
                self._rows[text] = self._inner.encode([text])[0]
        rows = [self._rows[text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)


@dataclass(frozen=True, slots=True)
class Served:
    """One profile as it is served; an answer is computed once."""

    pipeline: Pipeline
    _known: dict[tuple[Message, bool], TriageResult] = field(default_factory=dict)

    @property
    def labeler(self) -> Labeler:
        """The labelling step of the profile."""
        return self.pipeline.labeler

    def answer(self, messages: Sequence[Message], *, explain: bool = False) -> list[TriageResult]:
        """Answer messages in order, without suggestions."""
        new = [m for m in dict.fromkeys(messages) if (m, explain) not in self._known]
        options = Options(suggestions=0, explain=explain)
        for start in range(0, len(new), BATCH):
            part = new[start : start + BATCH]
            results = self.pipeline.run(part, options)
            self._known.update({(m, explain): r for m, r in zip(part, results, strict=True)})
        return [self._known[m, explain] for m in messages]

    def encode(self, texts: Sequence[str], codes: Sequence[str]) -> Vectors:
        """Encode cleaned texts of known languages, shape ``(n, dim)``."""
        return self.pipeline.bundle.encoders.encode(texts, codes, self.pipeline.profile)


@dataclass(frozen=True, slots=True)
class Service:
    """A bundle in all its profiles."""

    bundle: Bundle
    identifier: LanguageIdentifier
    profiles: Mapping[str, Served]


def load_service(name: str, settings: Settings) -> Service:
    """Load a bundle by folder, id or alias.

    Raises:
        BundleError: When there is none, or it is broken.
    """
    folder = Registry(settings.home, settings.models).find(name)
    bundle = load_bundle(folder, settings.encoders)
    encoders = {key: Remembering(inner) for key, inner in bundle.encoders.encoders.items()}
    bundle = replace(bundle, encoders=EncoderSet(encoders))
    identifier = LanguageIdentifier(bundle.manifest.languages)
    names = bundle.manifest.profiles
    profiles = {key: Served(Pipeline(bundle, bundle.profile(key), identifier)) for key in names}
    return Service(bundle, identifier, profiles)
