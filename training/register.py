"""Write what a run fitted as a bundle folder."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_safetensors

from training.golden import golden_predictions
from triage.bundle.manifest import (
    CARD,
    HEADS,
    MANIFEST,
    METRICS,
    RETRIEVAL,
    EncoderRef,
    GuardSpec,
    LexicalSpec,
    Manifest,
    ProfileSpec,
    ThresholdSpec,
    format_of,
    json_fingerprint,
    read_manifest,
)
from triage.bundle.store import CENTROIDS, ENCODERS, to_json, write_folder
from triage.bundle.versions import versions
from triage.encoders.base import EncoderSet, Profile, Vectors
from triage.encoders.lexical import HashedNgrams
from triage.errors import BundleError
from triage.labeling.calibration import Calibrator
from triage.labeling.decision import Scope, Thresholds
from triage.labeling.guard import Guard
from triage.labeling.heads import Head, HeadStack, LexicalWeights
from triage.labeling.labeler import Labeler
from triage.labeling.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, eq=False)
class ProfileParts:
    """What was measured for one profile."""

    profile: Profile
    temperatures: Mapping[str, float]
    thresholds: Mapping[str, Thresholds]
    scope_min_cosine: float
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BundleParts:
    """All that a bundle is made of.

    Args:
        taxonomy: Tasks and labels, in the order of the heads.
        heads: One per task.
        ngrams: The n-gram counter of the heads with lexical weights.
        centroids: Shape ``(k, dim)``.
        profiles: The default one first.
        encoders: All encoders that the profiles name.
        inside: Encoder name to the folder that the bundle shall carry; others are references.
        languages: Supported languages.
        data_fingerprint: SHA-256 of the training rows.
        retrieval: Content of ``retrieval.json``, if there is one.
        guard: Head that tells requests from other mail; every profile then has its cuts.
    """

    taxonomy: Taxonomy
    heads: Sequence[Head]
    ngrams: HashedNgrams
    centroids: Vectors
    profiles: Sequence[ProfileParts]
    encoders: EncoderSet
    inside: Mapping[str, Path]
    languages: tuple[str, ...]
    data_fingerprint: str
    retrieval: Mapping[str, object] | None = None
    guard: Head | None = None

    @property
    def all_heads(self) -> tuple[Head, ...]:
        """Heads of the tasks, and the guard where there is one."""
        return (*self.heads, *((self.guard,) if self.guard else ()))

    def labeler(self, parts: ProfileParts) -> Labeler:
        """Return the labelling step of a profile, exactly as serving will rebuild it."""
        return Labeler(
            HeadStack(self.all_heads, self.ngrams),
            Calibrator(parts.temperatures),
            parts.thresholds,
            Scope(self.centroids, parts.scope_min_cosine),
            parts.guard,
            self.taxonomy.all_costs(),
        )


def fingerprint(parts: BundleParts) -> str:
    """Compute the SHA-256 over all that decides the bundle's answers."""
    arrays = _safetensors(parts)
    content = {
        "profiles": {name: spec.model_dump() for name, spec in _profiles(parts).items()},
        "taxonomy": parts.taxonomy.model_dump(),
        "encoders": {name: ref.fingerprint for name, ref in _references(parts).items()},
        "retrieval": parts.retrieval,
    }
    return hashlib.sha256(arrays + json_fingerprint(content).encode()).hexdigest()


def stands(parts: BundleParts, folder: Path) -> bool:
    """Tell whether a folder holds a bundle that decides every answer as these parts do.

    Raises:
        CorruptBundleError: When its manifest is damaged.
    """
    if not (folder / MANIFEST).is_file():
        return False
    return read_manifest(folder).fingerprint == fingerprint(parts)


def write_bundle(
    parts: BundleParts,
    folder: Path,
    created: str,
    metrics: Mapping[str, Any],
    card: str,
    report: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Write a bundle to a new folder, whole or not at all.

    ``report`` holds further files by name; the manifest seals them like the others.

    Raises:
        BundleError: When the folder exists already or cannot be written.
    """
    files = {HEADS: _safetensors(parts), METRICS: to_json(metrics), CARD: card.encode()}
    files |= report or {}
    if parts.retrieval is not None:
        files[RETRIEVAL] = to_json(parts.retrieval)
    manifest = _manifest(parts, folder.name, created, files)
    carried = {f"{ENCODERS}/{name}": source for name, source in parts.inside.items()}
    try:
        write_folder(folder, {**files, MANIFEST: to_json(manifest.sealed())}, carried)
    except OSError as error:
        raise BundleError(
            f"{folder}: cannot be written ({error.strerror}).",
            fix="Make room there, or choose another folder with --out.",
        ) from error
    return manifest


def _manifest(parts: BundleParts, name: str, created: str, files: Mapping[str, bytes]) -> Manifest:
    labelers = [(part.profile, parts.labeler(part)) for part in parts.profiles]
    return Manifest(
        format=format_of(parts.taxonomy, _profiles(parts)),
        id=name,
        created=created,
        taxonomy=parts.taxonomy,
        languages=parts.languages,
        default_profile=parts.profiles[0].profile.name,
        profiles=_profiles(parts),
        encoders=_references(parts),
        lexical=LexicalSpec(
            shortest=parts.ngrams.shortest,
            longest=parts.ngrams.longest,
            idf={h.task: _idf_name(h.lexical) for h in parts.all_heads if h.lexical is not None},
        ),
        versions=versions(),
        data_fingerprint=parts.data_fingerprint,
        fingerprint=fingerprint(parts),
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        golden=golden_predictions(parts.encoders, labelers),
    )


def _safetensors(parts: BundleParts) -> bytes:
    arrays: dict[str, np.ndarray[Any, Any]] = {CENTROIDS: parts.centroids}
    for head in parts.all_heads:
        arrays[f"{head.task}.dense"] = head.dense
        arrays[f"{head.task}.bias"] = head.bias
        if head.lexical is not None:
            arrays[f"{head.task}.lexical"] = head.lexical.weights
            arrays[_idf_name(head.lexical)] = head.lexical.idf
    return bytes(to_safetensors({name: np.ascontiguousarray(a) for name, a in arrays.items()}))


def _idf_name(lexical: LexicalWeights) -> str:
    """Name an array of inverse frequencies by its content, so that equal ones are stored once."""
    return f"idf.{hashlib.sha256(lexical.idf.tobytes()).hexdigest()[:12]}"


def _references(parts: BundleParts) -> dict[str, EncoderRef]:
    return {
        name: EncoderRef(
            fingerprint=encoder.fingerprint, space=encoder.space, inside=name in parts.inside
        )
        for name, encoder in sorted(parts.encoders.encoders.items())
    }


def _profiles(parts: BundleParts) -> dict[str, ProfileSpec]:
    return {
        part.profile.name: ProfileSpec(
            routes=dict(part.profile.routes),
            temperatures=dict(part.temperatures),
            thresholds={task: _cuts(cuts) for task, cuts in part.thresholds.items()},
            scope_min_cosine=part.scope_min_cosine,
            guard=GuardSpec(
                temperature=part.guard.temperature, refuse_at=dict(part.guard.refuse_at)
            )
            if part.guard
            else None,
        )
        for part in parts.profiles
    }


def _cuts(cuts: Thresholds) -> ThresholdSpec:
    return ThresholdSpec(
        suggest_at=cuts.suggest_at,
        automate_at=cuts.automate_at,
        per_label={label: _cuts(part) for label, part in cuts.per_label.items()},
        per_language={code: _cuts(part) for code, part in cuts.per_language.items()},
    )
