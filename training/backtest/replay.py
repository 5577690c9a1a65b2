"""Fit step by step: no step ever sees a row that is not older than its period."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from training.assemble import assemble, calibrate
from training.backtest.config import BacktestConfig
from training.backtest.history import History
from training.backtest.judging import Judged, Model, judge
from training.backtest.periods import Period
from training.candidates import CANDIDATES, Candidate
from training.carry import base_bundle
from training.config import Precision
from training.contest import bits_of
from training.datasets import Examples
from training.design import Design, design
from training.encoders import Resolved
from training.features import Copies, embed
from training.fit import FittedHead, fit_head
from training.register import BundleParts
from training.split import cluster
from training.taxonomies import taxonomy_of
from triage.bundle.store import Bundle
from triage.encoders.base import Profile, Vectors
from triage.encoders.lexical import HashedNgrams, SparseRows
from triage.errors import BundleError
from triage.labeling.guard import GUARD
from triage.labeling.taxonomy import Taxonomy
from triage.settings import Settings

Progress = Callable[[str], None]
GROWTH = 2.0
"""Candidates are compared anew once the rows have grown by this factor: what wins depends on how
many rows there are, and so all comparisons together cost about as much as the last alone."""


def replay_bundle(
    bundle: Bundle, profile: Profile, history: History, periods: list[Period], cache: Path
) -> Iterator[Judged]:
    """Judge every period by one bundle, without retraining."""
    copies = embed(history.examples, bundle.encoders, [profile], cache)
    vectors = copies.vectors[copies.routed[profile.name]]
    model = Model(bundle.labeler(profile), bundle.manifest.languages)
    for period in periods:
        yield from judge(model, history, period, vectors)


@dataclass(slots=True, eq=False)
class Retraining:
    """Expanding-window retraining: each period is judged by what its past could have taught.

    Args:
        history: All rows.
        config: What every step is fitted with.
        resolved: Encoders and profiles.
        profile: The profile that is judged.
        fixed: Tasks whose labels are given, if any.
        guarding: Bundle whose guard every step takes over, if any.
        copies: Embeddings of all rows; a text's does not depend on any other.
    """

    history: History
    config: BacktestConfig
    resolved: Resolved
    profile: Profile
    fixed: Taxonomy | None
    guarding: Bundle | None
    copies: Copies
    _chosen: dict[str, tuple[int, Candidate]] = field(default_factory=dict)
    _counts: dict[int, SparseRows] = field(default_factory=dict)

    def run(self, periods: list[Period], progress: Progress) -> Iterator[Judged]:
        """Fit and judge period by period, oldest first."""
        vectors: Vectors = self.copies.vectors[self.copies.routed[self.profile.name]]
        for period in periods:
            tasks = self.ready(period.first)
            if not tasks:
                continue
            progress(f"{period.name}: {period.first} rows to train, {len(period)} to score")
            yield from judge(self._model(period.first, tasks), self.history, period, vectors)

    def ready(self, count: int) -> list[str]:
        """List the tasks that the oldest rows can teach."""
        window = self.config.first_window
        found = []
        for task, labels in self.history.examples.labels.items():
            past = [label for label in labels[:count] if label]
            if len(past) >= window and len(set(past)) > 1:
                found.append(task)
        return found

    def _model(self, count: int, tasks: list[str]) -> Model:
        whole = self.history.examples.take(np.arange(count))
        train = replace(whole, labels={task: whole.labels[task] for task in tasks})
        taxonomy = taxonomy_of(train, self.fixed)
        matrices = self._design(train, bits_of(taxonomy))
        clusters = cluster(train)
        fitted = [self._head(task, train, taxonomy, matrices, clusters) for task in tasks]
        parts = self._parts(train, taxonomy, fitted, matrices)
        judging = next(part for part in parts.profiles if part.profile.name == self.profile.name)
        return Model(
            parts.labeler(judging),
            parts.languages,
            {item.head.task: len(item.rows) for item in fitted},
            {item.head.task: item.chosen.describe() for item in fitted},
        )

    def _design(self, train: Examples, bits: int) -> Design:
        ngrams = HashedNgrams(bits=bits)
        if bits not in self._counts:
            self._counts[bits] = ngrams.counts(self.history.examples.texts)
        counts = _oldest_counts(self._counts[bits], len(train))
        return design(train, _oldest_copies(self.copies, len(train)), ngrams, counts)

    def _head(
        self,
        task: str,
        train: Examples,
        taxonomy: Taxonomy,
        matrices: Design,
        clusters: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> FittedHead:
        rows, known = self._chosen.get(task, (0, CANDIDATES[0]))
        anew = len(train) >= GROWTH * rows
        config = self.config.fit
        head = fit_head(
            task,
            taxonomy.labels(task),
            train,
            matrices,
            clusters,
            fold_count=config.folds,
            seed=config.seed,
            jobs=config.jobs,
            candidates=CANDIDATES if anew else (known,),
        )
        if anew:
            self._chosen[task] = (len(train), head.chosen)
        return head

    def _parts(
        self,
        train: Examples,
        taxonomy: Taxonomy,
        fitted: list[FittedHead],
        matrices: Design,
    ) -> BundleParts:
        profiles = []
        for profile in self.resolved.profiles:
            # One by one: a contract that a young history cannot keep leaves a cut out, no more.
            each = []
            for item in fitted:
                asked = self.config.fit.precision
                kept = Precision(suggest=asked.suggest, automate=asked.of(item.head.task))
                config = replace(self.config.fit, precision=kept)
                each.append(calibrate(profile, train, [item], taxonomy, config))
            temperatures = {task: t for part in each for task, t in part.temperatures.items()}
            cuts = {task: cut for part in each for task, cut in part.thresholds.items()}
            profiles.append(replace(each[0], temperatures=temperatures, thresholds=cuts))
        seed = self.config.fit.seed
        parts = assemble(
            train, taxonomy, fitted, matrices, self.resolved, profiles, seed=seed, retrieval=None
        )
        return self._guarded(parts)

    def _guarded(self, parts: BundleParts) -> BundleParts:
        if self.guarding is None:
            return parts
        specs = self.guarding.manifest.profiles
        profiles = []
        for part in parts.profiles:
            guard = specs[part.profile.name].guard
            profiles.append(replace(part, guard=guard.guard() if guard else None))
        return replace(parts, guard=self.guarding.heads.heads[GUARD], profiles=profiles)


def guard_of(config: BacktestConfig, resolved: Resolved, settings: Settings) -> Bundle | None:
    """Find the bundle whose guard ``fit`` would take over: encoders and profiles must be the same.

    Raises:
        BundleNotFoundError: When the base that was named does not exist.
    """
    base = base_bundle(config.fit, settings)
    if base is None or GUARD not in base.heads.heads:
        return None
    mine = {name: encoder.fingerprint for name, encoder in resolved.encoders.encoders.items()}
    theirs = {name: reference.fingerprint for name, reference in base.manifest.encoders.items()}
    served = all(profile.name in base.manifest.profiles for profile in resolved.profiles)
    return base if mine == theirs and served else None


def profile_of(resolved: Resolved, name: str | None) -> Profile:
    """Return the profile to judge, the default one where no name is given.

    Raises:
        BundleError: When the encoders serve no such profile.
    """
    for profile in resolved.profiles:
        if name in (None, profile.name):
            return profile
    raise BundleError(
        f"These encoders serve no profile {name!r}.",
        fix=f"They serve: {', '.join(profile.name for profile in resolved.profiles)}.",
        field="--profile",
    )


def _oldest_copies(copies: Copies, count: int) -> Copies:
    """Keep the copies of the oldest rows."""
    kept = np.flatnonzero(copies.rows < count)
    place = np.full(len(copies.rows), -1, np.int64)
    place[kept] = np.arange(len(kept))
    routed = {name: place[at[:count]] for name, at in copies.routed.items()}
    return Copies(copies.vectors[kept], copies.rows[kept], routed, copies.shares[kept])


def _oldest_counts(counts: SparseRows, count: int) -> SparseRows:
    """Keep the n-gram counts of the oldest rows."""
    stop = counts.indptr[count]
    return SparseRows(counts.indptr[: count + 1], counts.indices[:stop], counts.values[:stop])
