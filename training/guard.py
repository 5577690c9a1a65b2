"""Fit the guard: a head that tells customers' requests from other mail, and its cuts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.calibrate import fit_temperature
from training.candidates import Candidate
from training.config import FitConfig
from training.datasets import Examples
from training.design import design
from training.encoders import Resolved
from training.features import embed
from training.fit import FittedHead, fit_head
from training.split import cluster
from triage.domain import Reason
from triage.encoders.lexical import HashedNgrams
from triage.labeling.calibration import softmax
from triage.labeling.guard import GUARD, LABELS, REASONS, Guard
from triage.labeling.heads import Floats, Head

FALSE_REFUSALS = 0.005
"""Share of customers' requests that each reason may refuse wrongly, out of fold."""
LEAST = 0.5
"""No reason refuses below this probability."""
CANDIDATES = (Candidate(0, 10.0), Candidate(4, 2.0))


@dataclass(frozen=True, slots=True, eq=False)
class FittedGuard:
    """The guard's head and what it does in each profile."""

    head: Head
    profiles: Mapping[str, Guard]


def fit_guard(
    examples: Examples, resolved: Resolved, config: FitConfig, cache: Path, bits: int
) -> FittedGuard:
    """Fit the guard on rows that answer the task ``_guard``.

    Args:
        examples: Requests (``in_scope``) and other mail (the reasons).
        resolved: Encoders and profiles of the bundle.
        config: Folds, seed and processes.
        cache: Folder where embeddings are kept.
        bits: Buckets of n-grams, as a power of two.
    """
    copies = embed(examples, resolved.encoders, resolved.profiles, cache)
    fitted = fit_head(
        GUARD,
        LABELS,
        examples,
        design(examples, copies, HashedNgrams(bits=bits)),
        cluster(examples),
        fold_count=config.folds,
        seed=config.seed,
        jobs=config.jobs,
        candidates=CANDIDATES,
    )
    profiles = {name: _cuts(fitted, name, examples) for name in fitted.scores}
    return FittedGuard(fitted.head, profiles)


def _cuts(fitted: FittedHead, profile: str, examples: Examples) -> Guard:
    """Set each cut where it refuses next to no request that the head has not seen."""
    truth = np.asarray([LABELS.index(examples.labels[GUARD][i]) for i in fitted.rows])
    # Public rows are many and easy; the cuts answer to requests of the kind served.
    measured = examples.target[fitted.rows]
    scores = fitted.scores[profile]
    temperature = fit_temperature(scores[measured], truth[measured])
    probabilities = softmax(scores, temperature)
    requests = probabilities[measured & (truth == 0)]
    return Guard(temperature, _quantiles(requests, REASONS))


def _quantiles(
    requests: NDArray[np.float64] | Floats, reasons: Sequence[Reason]
) -> dict[Reason, float]:
    return {
        reason: max(LEAST, float(np.quantile(requests[:, column], 1 - FALSE_REFUSALS)))
        for column, reason in enumerate(reasons, start=1)
    }
