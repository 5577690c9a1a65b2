"""Take over the heads of tasks that a run did not train from an earlier bundle."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.config import FitConfig
from training.register import BundleParts, ProfileParts
from triage.bundle.manifest import ProfileSpec
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.errors import BundleNotFoundError
from triage.labeling.guard import GUARD
from triage.labeling.taxonomy import Taxonomy
from triage.settings import Settings

CHAMPION = "champion"
Progress = Callable[[str], None]


def base_folder(config: FitConfig, settings: Settings) -> Path | None:
    """Find the bundle to take over heads from: the one named, else the champion if there is one.

    Raises:
        BundleNotFoundError: When the one named does not exist.
    """
    if config.only:
        return None
    registry = Registry(settings.home, settings.models)
    try:
        return registry.find(config.base or CHAMPION)
    except BundleNotFoundError:
        if config.base:
            raise
        return None


def base_bundle(config: FitConfig, settings: Settings) -> Bundle | None:
    """Load the bundle to take over heads from, if there is one."""
    folder = base_folder(config, settings)
    return load_bundle(folder, settings.encoders) if folder else None


def champion(settings: Settings, progress: Progress) -> Bundle | None:
    """Load the champion, whatever else of it a run keeps; say so where there is none."""
    try:
        folder = Registry(settings.home, settings.models).find(CHAMPION)
    except BundleNotFoundError:
        progress("warning: there is no champion to start from")
        return None
    return load_bundle(folder, settings.encoders)


def carry_over(parts: BundleParts, base: Bundle | None, progress: Progress) -> BundleParts:
    """Take over the heads of tasks that this run did not train, where the encoders are the same."""
    if base is None:
        return parts
    manifest = base.manifest
    mine = {name: encoder.fingerprint for name, encoder in parts.encoders.encoders.items()}
    theirs = {name: reference.fingerprint for name, reference in manifest.encoders.items()}
    served = all(part.profile.name in manifest.profiles for part in parts.profiles)
    same_words = replace(base.heads.ngrams, bits=parts.ngrams.bits) == parts.ngrams
    if mine != theirs or not served or not same_words:
        lost = [t for t in manifest.taxonomy.tasks if t not in parts.taxonomy.tasks]
        progress(
            f"warning: nothing carried over from {base.id}: its encoders are others"
            + (f"; the new bundle does not answer {', '.join(lost)}" if lost else "")
        )
        return parts
    carried = [t for t in manifest.taxonomy.tasks if t not in parts.taxonomy.tasks]
    if carried:
        progress(f"carried over from {base.id}: {', '.join(carried)}")
    also = manifest.languages if carried else ()
    tasks = {**parts.taxonomy.tasks, **{t: manifest.taxonomy.tasks[t] for t in carried}}
    return replace(
        parts,
        taxonomy=Taxonomy(version=parts.taxonomy.version, tasks=tasks),
        heads=[*parts.heads, *(base.heads.heads[task] for task in carried)],
        centroids=np.concatenate([parts.centroids, base.centroids]) if carried else parts.centroids,
        profiles=[
            _joined(part, manifest.profiles[part.profile.name], carried) for part in parts.profiles
        ],
        languages=tuple(dict.fromkeys((*parts.languages, *also))),
        retrieval=parts.retrieval or base.retrieval,
        guard=parts.guard or base.heads.heads.get(GUARD),
    )


def _joined(part: ProfileParts, spec: ProfileSpec, carried: Sequence[str]) -> ProfileParts:
    guard = part.guard or (spec.guard.guard() if spec.guard else None)
    if not carried:
        return replace(part, guard=guard)
    return ProfileParts(
        part.profile,
        {**part.temperatures, **{task: spec.temperatures[task] for task in carried}},
        {**part.thresholds, **{task: spec.thresholds[task].thresholds() for task in carried}},
        min(part.scope_min_cosine, spec.scope_min_cosine),
        guard,
    )
