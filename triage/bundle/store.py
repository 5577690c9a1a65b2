"""Write a bundle whole or not at all; check every byte before anything is built from it."""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from triage.bundle.manifest import (
    HEADS,
    MANIFEST,
    RETRIEVAL,
    Manifest,
    file_fingerprint,
    read_json,
    read_manifest,
)
from triage.bundle.versions import moved
from triage.encoders.base import Encoder, EncoderSet, Profile
from triage.encoders.folder import META, read_meta
from triage.encoders.lexical import HashedNgrams
from triage.encoders.loading import load_encoder
from triage.errors import BundleError, CorruptBundleError, EncoderError
from triage.labeling.calibration import Calibrator
from triage.labeling.decision import Scope
from triage.labeling.guard import GUARD, LABELS
from triage.labeling.heads import Head, HeadStack, LexicalWeights
from triage.labeling.labeler import Labeler

GOLDEN_TOLERANCE = 0.05
"""Largest drift of a golden probability; int8 kernels of other CPUs round differently."""
ENCODERS = "encoders"
CENTROIDS = "scope.centroids"


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A loaded bundle, ready to label in the profiles whose encoders were loaded."""

    folder: Path
    manifest: Manifest
    encoders: EncoderSet
    heads: HeadStack
    centroids: NDArray[np.float32]
    retrieval: Mapping[str, object] | None

    @property
    def id(self) -> str:
        """Identifier of the bundle."""
        return self.manifest.id

    def profile(self, name: str | None = None) -> Profile:
        """Return a profile by name, or the default one.

        Raises:
            BundleError: When the bundle has no such profile.
        """
        return _profile(self.manifest, name or self.manifest.default_profile)

    def labeler(self, profile: Profile) -> Labeler:
        """Return the labelling step of a profile."""
        spec = self.manifest.profiles[profile.name]
        return Labeler(
            heads=self.heads,
            calibrator=Calibrator(spec.temperatures),
            thresholds={task: part.thresholds() for task, part in spec.thresholds.items()},
            scope=Scope(self.centroids, spec.scope_min_cosine),
            guard=spec.guard.guard() if spec.guard else None,
            costs=self.manifest.taxonomy.all_costs(),
        )


def load_bundle(
    folder: Path,
    shared_encoders: Path,
    profile: str | None = None,
    *,
    golden: bool = True,
    loaded: Sequence[Encoder] = (),
) -> Bundle:
    """Load a bundle after checking every fingerprint and its golden predictions.

    Args:
        folder: The bundle.
        shared_encoders: Folder whose subfolders hold encoders that bundles refer to.
        profile: Load only the encoders of this profile; then only the golden predictions that they
            can make are checked. All where None.
        golden: Check them now; else the caller does with ``check_golden``.
        loaded: Encoders in memory, taken instead of reading the same ones again.

    Raises:
        BundleError: When the bundle has no such profile.
        BundleNotFoundError: When no bundle stands there.
        CorruptBundleError: When a part is missing, changed, or predicts otherwise than it did.
        EncoderError: When an encoder is missing or broken.
    """
    manifest = read_manifest(folder)
    needed = _profile(manifest, profile).routes.values() if profile else manifest.encoders
    _check_files(folder, manifest)
    arrays = _arrays(folder / HEADS, manifest.files[HEADS])
    bundle = Bundle(
        folder=folder,
        manifest=manifest,
        encoders=EncoderSet(_encoders(folder, manifest, shared_encoders, set(needed), loaded)),
        heads=_heads(manifest, arrays),
        centroids=_array(arrays, CENTROIDS),
        retrieval=read_json(folder / RETRIEVAL) if RETRIEVAL in manifest.files else None,
    )
    if golden:
        check_golden(bundle)
    return bundle


def write_folder(target: Path, parts: Mapping[str, bytes], folders: Mapping[str, Path]) -> None:
    """Write files and copies of folders to ``target``, visible only when all are on disk.

    Raises:
        BundleError: When the target exists already.
    """
    if target.exists():
        raise BundleError(f"{target} exists already.", fix="Choose another --out folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        for name, content in parts.items():
            (temporary / name).write_bytes(content)
        for name, source in folders.items():
            shutil.copytree(source, temporary / name, symlinks=False)
        for path in sorted(temporary.rglob("*")):
            _sync(path)
        _sync(temporary)
        temporary.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name, expected in manifest.files.items():
        path = folder / name
        if "/" in name or path.is_symlink() or not path.is_file():
            raise CorruptBundleError(
                f"{path}: this part of the bundle is missing.", fix="Copy the bundle again."
            )
        if file_fingerprint(path) != expected:
            raise CorruptBundleError(
                f"{path}: its bytes are not those that were written.", fix="Copy the bundle again."
            )
    if HEADS not in manifest.files:
        raise CorruptBundleError(f"{folder / MANIFEST}: lists no {HEADS}.")


def _arrays(path: Path, expected: str) -> dict[str, NDArray[np.float32]]:
    """Read arrays from bytes that were checked themselves, not from the file they came from."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise CorruptBundleError(
                f"{path}: its bytes changed while it was read.", fix="Load the bundle again."
            )
        return {name: np.asarray(value) for name, value in load(content).items()}
    except (SafetensorError, OSError) as error:
        raise CorruptBundleError(f"{path}: not readable as safetensors.") from error


def _array(arrays: Mapping[str, NDArray[np.float32]], name: str) -> NDArray[np.float32]:
    if name not in arrays:
        raise CorruptBundleError(f"{HEADS}: holds no array {name!r}.")
    return arrays[name]


def _heads(manifest: Manifest, arrays: Mapping[str, NDArray[np.float32]]) -> HeadStack:
    spec = manifest.lexical
    tasks = {task: manifest.taxonomy.labels(task) for task in manifest.taxonomy.tasks}
    if any(profile.guard for profile in manifest.profiles.values()):
        tasks[GUARD] = LABELS
    heads = []
    for task, labels in tasks.items():
        lexical = None
        if task in spec.idf:
            weights = _array(arrays, f"{task}.lexical")
            lexical = LexicalWeights(weights, _array(arrays, spec.idf[task]))
        dense, bias = _array(arrays, f"{task}.dense"), _array(arrays, f"{task}.bias")
        heads.append(Head(task, labels, dense, bias, lexical))
    return HeadStack(heads, HashedNgrams(shortest=spec.shortest, longest=spec.longest))


def _profile(manifest: Manifest, name: str) -> Profile:
    if name not in manifest.profiles:
        raise BundleError(
            f"Bundle {manifest.id} has no profile {name!r}.",
            fix=f"It can serve: {', '.join(manifest.profiles)}.",
            field="profile",
        )
    return manifest.profiles[name].profile(name)


def _encoders(
    folder: Path,
    manifest: Manifest,
    shared: Path,
    needed: Collection[str],
    loaded: Sequence[Encoder],
) -> dict[str, Encoder]:
    found: dict[str, Encoder] = {}
    known = {(encoder.name, encoder.fingerprint): encoder for encoder in loaded}
    for name, reference in manifest.encoders.items():
        if name not in needed:
            continue
        places = [folder / ENCODERS / name] if reference.inside else _shared(shared)
        place = next((p for p in places if _fingerprint(p) == reference.fingerprint), None)
        if place is None:
            where = folder / ENCODERS if reference.inside else shared
            raise EncoderError(
                f"Bundle {manifest.id} needs the encoder {name} ({reference.fingerprint[:12]}), "
                f"which is not in {where}.",
                fix="Restore models/encoders from the release, or fit the bundle again.",
            )
        found[name] = known.get((name, reference.fingerprint)) or load_encoder(place)
    return found


def _fingerprint(folder: Path) -> str | None:
    return read_meta(folder).fingerprint() if (folder / META).is_file() else None


def _shared(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())


def check_golden(bundle: Bundle) -> None:
    """Make the golden predictions again that the loaded encoders allow.

    Raises:
        CorruptBundleError: When the bundle predicts otherwise than when it was made.
    """
    for golden in bundle.manifest.golden:
        profile = bundle.profile(golden.profile)
        if not bundle.encoders.encoders.keys() >= set(profile.routes.values()):
            continue
        vectors = bundle.encoders.encode([golden.text], [golden.language], profile)
        now = bundle.labeler(profile).probabilities(vectors, [golden.text])
        for task, expected in golden.probabilities.items():
            drift = float(np.abs(now[task][0] - np.asarray(expected)).max())
            if not drift <= GOLDEN_TOLERANCE:
                other = moved(bundle.manifest.versions)
                raise CorruptBundleError(
                    f"Bundle {bundle.id} answers its golden message for task {task} otherwise than "
                    f"when it was made (by {drift:.3f}{f'; {other}' if other else ''}).",
                    fix="Fit the bundle again on this version.",
                )


def to_json(value: object) -> bytes:
    """Write a JSON value as readable UTF-8 bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
