"""Put fitted heads, calibration and encoders together as the parts of a bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.calibrate import fit_scope, fit_temperature, fit_thresholds, more_rows, scope_of
from training.config import AUTOMATE_PRECISION, FitConfig
from training.datasets import Examples
from training.encoders import Resolved
from training.features import Copies
from training.fit import Design, FittedHead
from training.guard import FittedGuard
from training.register import BundleParts, ProfileParts
from triage.encoders.base import Profile, Vectors
from triage.labeling.calibration import softmax
from triage.labeling.decision import choose
from triage.labeling.heads import Floats
from triage.labeling.taxonomy import Costs, Taxonomy

UNSURE = "und"
MIN_LANGUAGE_ROWS = 20
MIN_LANGUAGE_SHARE = 0.02
"""A language needs this many rows and this share of them to be called supported."""


def calibrate(
    profile: Profile,
    train: Examples,
    fitted: Sequence[FittedHead],
    taxonomy: Taxonomy,
    config: FitConfig,
) -> ProfileParts:
    """Set temperatures and thresholds of a profile from out-of-fold scores of the target rows.

    Thresholds are measured on the labels that the taxonomy's costs choose, as they are served.
    """
    temperatures, thresholds = {}, {}
    for item in fitted:
        task = item.head.task
        scores, truth = _held(item, profile.name, train)
        temperatures[task] = fit_temperature(scores, truth)
        chosen, confidence = choose(softmax(scores, temperatures[task]), taxonomy.costs(task))
        measured = item.rows[train.target[item.rows]]
        thresholds[task] = fit_thresholds(
            task,
            confidence,
            chosen == truth,
            config.precision,
            [train.declared[i] for i in measured],
        )
    return ProfileParts(profile, temperatures, thresholds, -1.0)


def _held(item: FittedHead, profile: str, train: Examples) -> tuple[Floats, NDArray[np.int64]]:
    """Return out-of-fold scores ``(m, labels)`` and true columns ``(m,)`` of the target rows."""
    measured = train.target[item.rows]
    rank = {label: i for i, label in enumerate(item.head.labels)}
    truth = [rank[train.labels[item.head.task][i]] for i in item.rows[measured]]
    return item.scores[profile][measured], np.asarray(truth, np.int64)


def assemble(  # noqa: PLR0913 - a bundle has this many parts
    train: Examples,
    taxonomy: Taxonomy,
    fitted: Sequence[FittedHead],
    matrices: Design,
    resolved: Resolved,
    profiles: Sequence[ProfileParts],
    *,
    seed: int,
    retrieval: Mapping[str, object] | None,
) -> BundleParts:
    """Put the parts of a bundle together and measure the scope of each profile."""
    copies = matrices.copies
    centroids = fit_scope(copies.vectors, seed)
    measured = [
        replace(part, scope_min_cosine=_min_cosine(part, train, copies, centroids))
        for part in profiles
    ]
    return BundleParts(
        taxonomy=taxonomy,
        heads=[item.head for item in fitted],
        ngrams=matrices.ngrams,
        centroids=centroids,
        profiles=measured,
        encoders=resolved.encoders,
        inside=resolved.inside,
        languages=supported_languages(train),
        data_fingerprint=train.fingerprint(),
        retrieval=retrieval,
    )


def with_guard(parts: BundleParts, guard: FittedGuard) -> BundleParts:
    """Return the parts with a guard and its cuts in each profile."""
    profiles = [replace(part, guard=guard.profiles[part.profile.name]) for part in parts.profiles]
    return replace(parts, guard=guard.head, profiles=profiles)


def _min_cosine(part: ProfileParts, train: Examples, copies: Copies, centroids: Vectors) -> float:
    rows = copies.routed[part.profile.name][train.target]
    return scope_of(centroids, copies.vectors[rows]).min_cosine


def supported_languages(examples: Examples) -> tuple[str, ...]:
    """List the languages with enough training rows, the commonest first."""
    counts = Counter(examples.languages)
    least = max(MIN_LANGUAGE_ROWS, MIN_LANGUAGE_SHARE * len(examples))
    enough = [code for code, count in counts.most_common() if count >= least and code != UNSURE]
    return tuple(enough or [code for code, _ in counts.most_common(1)])


def describe_cuts(
    item: FittedHead, part: ProfileParts, train: Examples, costs: Costs
) -> dict[str, float | int | None]:
    """Describe both cuts of a task, with the labels it would take where one is missing.

    ``costs`` of missing each label, shape ``(labels,)``, are those that the cuts were set with.
    """
    cuts = part.thresholds[item.head.task]
    missing = None
    if cuts.automate_at is None:
        scores, truth = _held(item, part.profile.name, train)
        given = softmax(scores, part.temperatures[item.head.task])
        chosen, confidence = choose(given, costs)
        missing = more_rows(confidence, chosen == truth, AUTOMATE_PRECISION)
        if missing:
            # Of new labels as many measure confidences as of those at hand.
            missing = round(missing * len(item.rows) / len(truth))
    return {"suggest_at": cuts.suggest_at, "automate_at": cuts.automate_at, "more_labels": missing}
