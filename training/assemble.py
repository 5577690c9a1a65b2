"""Put fitted heads, calibration and encoders together as the parts of a bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.calibrate import fit_scope, fit_temperature, scope_of
from training.config import FitConfig, Precision
from training.cuts import Judged, fit_thresholds, more_rows
from training.datasets import Examples
from training.design import Design
from training.encoders import Resolved
from training.features import Copies
from training.fit import FittedHead
from training.guard import FittedGuard
from training.metrics import precision_curve
from training.register import BundleParts, ProfileParts
from triage.encoders.base import Profile, Vectors
from triage.errors import GateError
from triage.labeling.calibration import softmax
from triage.labeling.decision import choose
from triage.labeling.heads import Floats
from triage.labeling.taxonomy import Taxonomy

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

    Raises:
        GateError: When contracts cannot be kept; those of all tasks are named.
    """
    temperatures, thresholds, broken = {}, {}, []
    for item in fitted:
        task = item.head.task
        temperatures[task] = fit_temperature(*_held(item, profile.name, train))
        rows, affordable = _judged(item, profile.name, train, taxonomy, temperatures[task])
        try:
            thresholds[task] = fit_thresholds(
                task,
                rows.confidence,
                rows.correct,
                config.precision,
                rows.languages.tolist(),
                given=rows.given.tolist(),
                affordable=affordable,
            )
        except GateError as error:
            broken.append(str(error))
    if broken:
        raise GateError(f"Profile {profile.name}: {' '.join(broken)}")
    return ProfileParts(profile, temperatures, thresholds, -1.0)


def _judged(
    item: FittedHead, profile: str, train: Examples, taxonomy: Taxonomy, temperature: float
) -> tuple[Judged, NDArray[np.bool_]]:
    """Give each calibration row of a task its label, and say which are worth automating."""
    scores, truth = _held(item, profile, train)
    probabilities, costs = softmax(scores, temperature), taxonomy.costs(item.head.task)
    chosen, confidence = choose(probabilities, costs)
    rows = item.rows[train.target[item.rows]]
    judged = Judged(
        confidence,
        chosen == truth,
        np.asarray(item.head.labels)[chosen],
        np.asarray([train.declared[i] for i in rows], np.str_),
    )
    return judged, costs.affordable(probabilities, chosen)


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
    item: FittedHead,
    part: ProfileParts,
    train: Examples,
    taxonomy: Taxonomy,
    precision: Precision,
) -> dict[str, Any]:
    """Describe the cuts of a task, with the labels it would take where the main one is missing.

    ``curve`` traces precision against coverage over the calibration rows.
    """
    task = item.head.task
    cuts = part.thresholds[task]
    rows, affordable = _judged(item, part.profile.name, train, taxonomy, part.temperatures[task])
    missing = None
    if cuts.automate_at is None:
        left = rows.take(affordable)
        missing = more_rows(left.confidence, left.correct, precision.of(task))
        if missing:
            # Of new labels as many measure confidences as of those at hand.
            missing = round(missing * len(item.rows) / len(rows.confidence))
    return {
        "suggest_at": cuts.suggest_at,
        "automate_at": cuts.automate_at,
        "more_labels": missing,
        "per_label": {label: own.automate_at for label, own in cuts.per_label.items()},
        "per_language": {code: own.automate_at for code, own in cuts.per_language.items()},
        "curve": precision_curve(rows.confidence, rows.correct),
    }
