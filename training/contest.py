"""Fit every task with each encoder asked for, and take the encoder that labels best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from training.budget import Budget
from training.config import FitConfig
from training.datasets import Examples
from training.design import Design, design
from training.encoder_choice import encoders_for
from training.encoders import Resolved
from training.features import embed
from training.fit import FittedHead, fit_head
from training.race import TIE
from training.split import cluster
from training.stopwatch import Stopwatch
from training.watch import watching
from triage.bundle.store import Bundle
from triage.encoders.base import EncoderSet
from triage.encoders.lexical import HashedNgrams
from triage.labeling.heads import Head
from triage.labeling.taxonomy import Taxonomy
from triage.settings import Settings

FEW_LABELS, MANY_BUCKETS, FEWER_BUCKETS = 16, 18, 16
"""Powers of two; 18 instead of 16 bits gave 0.4 to 1.2 points of macro-F1 on the three tasks."""
TIMED = 50
"""Messages that an encoder's time is measured on."""
CLEARLY = 1.5
"""An encoder counts as faster when the other takes so many times its time: clocks are noisy."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One encoder with its fitted heads.

    Args:
        choice: The word it was asked for by.
        examples: The rows, with those that confidences may be measured on.
        resolved: Encoders and profiles.
        matrices: The matrices of its rows.
        fitted: One head a task.
        macro_f1: Mean over tasks, out of fold, in the default profile.
        milliseconds: Median time to encode one message; 0 where there is nothing to compare.
        spent: What ``encode`` and ``fit`` took.
    """

    choice: str
    examples: Examples
    resolved: Resolved
    matrices: Design
    fitted: list[FittedHead]
    macro_f1: float
    milliseconds: float
    spent: Stopwatch


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """The encoder taken, and what was seen of the others."""

    won: Entry
    figures: dict[str, dict[str, float]]
    untried: tuple[str, ...] = ()
    spent: Stopwatch = field(default_factory=Stopwatch)
    budget: float | None = None

    def describe(self) -> dict[str, Any]:
        """Describe the search for reports: what was compared, dropped, and not tried for time."""
        heads = {item.head.task: item for item in self.won.fitted}
        return {
            "encoder": self.won.choice,
            "encoders": self.figures,
            "untried_encoders": list(self.untried),
            "dropped": {
                task: {c.describe(): reason for c, reason in item.dropped.items()}
                for task, item in heads.items()
            },
            "untried": {task: [c.describe() for c in item.untried] for task, item in heads.items()},
            "budget_seconds": self.budget,
            "cut": bool(self.untried) or any(item.cut for item in heads.values()),
        }


def hold_contest(  # noqa: PLR0913 - a run has this many parts
    examples: Examples,
    taxonomy: Taxonomy,
    config: FitConfig,
    settings: Settings,
    budget: Budget,
    champion: Bundle | None,
    progress: Progress,
    *,
    older: NDArray[np.bool_] | None = None,
) -> Contest:
    """Fit all tasks with each encoder; of those about equally good the faster is taken.

    Each encoder gets an equal share of the time that is left; one whose turn comes too late is not
    tried. The first always is.

    Args:
        examples: Training rows.
        taxonomy: Tasks and labels.
        config: Encoders, folds, seed and processes.
        settings: Where encoders and cache stand.
        budget: Ends the search.
        champion: Bundle whose heads the last fits start from, if any.
        progress: Takes one line a step.
        older: Rows before calibration, shape ``(n,)``, where dates decide.
    """
    entries: list[Entry] = []
    untried: list[str] = []
    choices = config.choices
    for place, choice in enumerate(choices):
        if entries and budget.over:
            progress(f"{choice} is not tried: the budget is over")
            untried.append(choice)
            continue
        share = budget.share(len(choices) - place)
        asked = replace(config, encoder=choice)
        resolved, rows = encoders_for(examples, asked, settings, progress, older)
        heads = _starts(champion, resolved, taxonomy, progress) if champion else {}
        entries.append(
            _Runner(rows, taxonomy, config, settings, share, heads, progress, older).enter(
                choice, resolved, timed=len(choices) > 1
            )
        )
    won = _winner(entries)
    _tell_all(entries, won, progress)
    spent = Stopwatch()
    for entry in entries:
        spent.also(entry.spent)
    return Contest(
        won,
        {e.choice: {"macro_f1": e.macro_f1, "encode_ms": e.milliseconds} for e in entries},
        tuple(untried),
        spent,
        config.budget,
    )


def _tell_all(entries: Sequence[Entry], won: Entry, progress: Progress) -> None:
    for entry in entries if len(entries) > 1 else ():
        taken = " (taken)" if entry is won else ""
        progress(
            f"{entry.choice}: macro-F1 {entry.macro_f1:.3f}, "
            f"{entry.milliseconds:.2f} ms a message{taken}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Runner:
    """Fits all tasks with one encoder."""

    examples: Examples
    taxonomy: Taxonomy
    config: FitConfig
    settings: Settings
    budget: Budget
    starts: dict[str, Head]
    progress: Progress
    older: NDArray[np.bool_] | None

    def enter(self, choice: str, resolved: Resolved, *, timed: bool) -> Entry:
        """Encode the rows, fit every task and measure what the choice between encoders needs."""
        spent, cache = Stopwatch(), self.settings.home / "cache"
        names = ", ".join(resolved.encoders.encoders)
        self.progress(f"encoding {len(self.examples)} rows ({names})")
        with spent.step("encode"):
            copies = embed(self.examples, resolved.encoders, resolved.profiles, cache)
        with spent.step("fit"):
            matrices = design(self.examples, copies, HashedNgrams(bits=bits_of(self.taxonomy)))
            fitted = self._heads(matrices, resolved.encoders)
        quality = _macro_f1(self.examples, fitted, resolved.profiles[0].name)
        time = _milliseconds(self.examples, resolved) if timed else 0.0
        return Entry(choice, self.examples, resolved, matrices, fitted, quality, time, spent)

    def _heads(self, matrices: Design, encoders: EncoderSet) -> list[FittedHead]:
        clusters = cluster(self.examples)
        fitted = []
        for place, task in enumerate(self.examples.tasks):
            labels = self.taxonomy.labels(task)
            self.progress(f"fitting {task} ({len(labels)} labels)")
            share = self.budget.share(len(self.examples.tasks) - place)
            with watching(task, share.left) as tick:
                head = fit_head(
                    task,
                    labels,
                    self.examples,
                    matrices,
                    clusters,
                    fold_count=self.config.folds,
                    seed=self.config.seed,
                    jobs=self.config.jobs,
                    older=self.older,
                    budget=share,
                    warm=self.starts.get(task),
                    encoders=encoders,
                    tell=self.progress,
                    tick=tick,
                )
            self._tell(head)
            fitted.append(head)
        return fitted

    def _tell(self, head: FittedHead) -> None:
        for candidate, reason in head.dropped.items():
            self.progress(f"  dropped {candidate.describe()}: {reason}")
        if head.cut:
            names = "; ".join(c.describe() for c in head.untried) or "no candidate, but some folds"
            self.progress(f"  the budget is over; not tried: {names}")
        quality = head.table[head.chosen]
        self.progress(f"  taken: {head.chosen.describe()}: macro-F1 {quality:.3f}")


def bits_of(taxonomy: Taxonomy) -> int:
    """Choose the buckets of n-grams: many where labels are few, so that weights stay small."""
    most = max(len(task.labels) for task in taxonomy.tasks.values())
    return MANY_BUCKETS if most <= FEW_LABELS else FEWER_BUCKETS


def _starts(
    champion: Bundle, resolved: Resolved, taxonomy: Taxonomy, progress: Progress
) -> dict[str, Head]:
    """Find the champion's heads that the last fits can start from; say so where there are none."""
    mine = {encoder.fingerprint for encoder in resolved.encoders.encoders.values()}
    theirs = {reference.fingerprint for reference in champion.manifest.encoders.values()}
    heads = {
        task: champion.heads.heads[task]
        for task in taxonomy.tasks
        if mine <= theirs and task in champion.heads.heads
    }
    starts = {
        task: head
        for task, head in heads.items()
        if not set(head.labels).isdisjoint(taxonomy.labels(task))
    }
    named = ", ".join(starts) or "no task: it has none of them over the same encoder"
    progress(f"warm start from {champion.id}: {named}")
    return starts


def _macro_f1(examples: Examples, fitted: Sequence[FittedHead], profile: str) -> float:
    """Average the out-of-fold macro-F1 of the tasks, on rows that thresholds are measured on."""
    values = []
    for item in fitted:
        rank = {label: i for i, label in enumerate(item.head.labels)}
        truth = np.asarray([rank[examples.labels[item.head.task][i]] for i in item.rows])
        kept = examples.target[item.rows]
        kept = kept if kept.any() else np.ones(len(kept), bool)
        given = item.scores[profile].argmax(axis=1)
        labels = np.unique(truth[kept])
        values.append(
            f1_score(truth[kept], given[kept], labels=labels, average="macro", zero_division=0)
        )
    return float(np.mean(values))


def _milliseconds(examples: Examples, resolved: Resolved) -> float:
    taken = []
    rows = list(zip(examples.texts, examples.languages, strict=True))
    for text, code in rows[:: max(1, len(rows) // TIMED)][:TIMED]:
        begun = perf_counter()
        resolved.encoders.encode([text], [code], resolved.profiles[0])
        taken.append((perf_counter() - begun) * 1000)
    return round(median(taken), 3)


def _winner(entries: Sequence[Entry]) -> Entry:
    """Take the best; of those within a tie, the first that none other clearly outruns."""
    best = max(entry.macro_f1 for entry in entries)
    level = [entry for entry in entries if entry.macro_f1 >= best - TIE]
    fastest = min(entry.milliseconds for entry in level)
    return next(entry for entry in level if entry.milliseconds <= CLEARLY * fastest)
