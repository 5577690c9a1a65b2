"""The order of a backtest; the only file that knows it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from training.backtest.config import BacktestConfig, ErrorCosts, days_of, error_costs
from training.backtest.coverage import Seen, covered
from training.backtest.history import History, read_history
from training.backtest.judging import Judged
from training.backtest.periods import Period, cut, gaps
from training.backtest.replay import Progress, Retraining, guard_of, profile_of, replay_bundle
from training.backtest.tally import tally, total, warnings
from training.check.checker import inspect
from training.check.finding import refuse
from training.encoders import resolve
from training.evaluate import compare
from training.features import embed
from training.metrics import Report
from training.run import LANGUAGES
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.bundle.versions import versions
from triage.errors import ExportError
from triage.labeling.taxonomy import Taxonomy, load_taxonomy
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

LEAST_PERIODS = 2
"""One period is a test, not a history."""


@dataclass(frozen=True, slots=True, eq=False)
class _Replayed:
    """What was judged, by whom."""

    judged: Sequence[Judged]
    by: Mapping[str, Any]
    seen: Mapping[str, Seen] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def backtest(
    config: BacktestConfig, settings: Settings, now: datetime, progress: Progress
) -> Report:
    """Replay exports and report what would have happened, in the shape of ``backtest.json``.

    Args:
        config: What to replay, and how.
        settings: Where encoders, cache and registry stand.
        now: What counts as today.
        progress: Takes one line a step.

    Raises:
        ExportError: When the rows cannot be used, have no dates, or make too few periods.
        BundleError: When the bundle or the profile does not exist.
        InputError: When an option is malformed.
    """
    begun = perf_counter()
    days_of(config.every)
    progress("reading the exports")
    bundle = _bundle(config.bundle, settings) if config.bundle else None
    fixed = load_taxonomy(config.fit.taxonomy) if config.fit.taxonomy else None
    identifier = LanguageIdentifier(LANGUAGES)
    columns = config.fit.columns
    history = read_history(config.fit.exports, columns, config.time_format, identifier, now)
    refuse(inspect(history.examples, fixed, columns))
    known = bundle.manifest.taxonomy if bundle else fixed
    costs = error_costs(config.costs, _labels(history, known), known)
    periods = cut(history.moments, config.every)
    _enough(len(periods), history, config)
    if bundle:
        found = _fixed(config, bundle, settings, history, periods, progress)
    else:
        found = _retrained(config, settings, history, periods, fixed, progress)
    report = _report(config, history, found, costs)
    report["warnings"] = [*history.warnings, *gaps(periods), *found.warnings]
    report["seconds"] = round(perf_counter() - begun, 1)
    return report


def _retrained(
    config: BacktestConfig,
    settings: Settings,
    history: History,
    periods: list[Period],
    fixed: Taxonomy | None,
    progress: Progress,
) -> _Replayed:
    resolved = resolve(config.fit.encoder, settings)
    profile = profile_of(resolved, config.profile)
    guarding = guard_of(config, resolved, settings)
    progress(f"encoding {len(history)} rows ({', '.join(resolved.encoders.encoders)})")
    copies = embed(history.examples, resolved.encoders, resolved.profiles, settings.home / "cache")
    steps = Retraining(history, config, resolved, profile, fixed, guarding, copies)
    scored = [period for period in periods if steps.ready(period.first)]
    _enough(len(scored), history, config)
    judged = list(steps.run(scored, progress))
    by = {
        "mode": "retrained before every period",
        "encoder": config.fit.encoder,
        "profile": profile.name,
        "guard": guarding.id if guarding else None,
        "seed": config.fit.seed,
        "first_window": config.first_window,
    }
    lost = [task for task in history.examples.tasks if task not in {j.task for j in judged}]
    told = [
        f"task {task} never had {config.first_window} labelled rows of two labels before a period: "
        "not scored"
        for task in lost
    ]
    return _Replayed(judged, by, warnings=told)


def _fixed(
    config: BacktestConfig,
    bundle: Bundle,
    settings: Settings,
    history: History,
    periods: list[Period],
    progress: Progress,
) -> _Replayed:
    profile = bundle.profile(config.profile)
    told = compare(history.examples, bundle.manifest.taxonomy)
    seen, more = covered(bundle.manifest, history, periods)
    progress(f"scoring {len(history)} rows by {bundle.id}")
    cache = settings.home / "cache"
    judged = list(replay_bundle(bundle, profile, history, periods, cache))
    by = {"mode": "one bundle throughout", "bundle": bundle.id, "profile": profile.name}
    return _Replayed(judged, by, seen, [*told, *more])


def _bundle(name: str, settings: Settings) -> Bundle:
    return load_bundle(Registry(settings.home, settings.models).find(name), settings.encoders)


def _enough(count: int, history: History, config: BacktestConfig) -> None:
    if count >= LEAST_PERIODS:
        return
    first, last = history.moments[0].date(), history.moments[-1].date()
    window = "" if config.bundle else f" after a first window of {config.first_window} rows"
    smaller = "" if config.bundle else ", or a smaller --first-window"
    raise ExportError(
        f"{len(history)} rows from {first} to {last} make {count} periods{window}; a backtest "
        f"needs {LEAST_PERIODS}.",
        fix=f"Give a longer history, shorter periods such as --every week{smaller}.",
    )


def _labels(history: History, fixed: Taxonomy | None) -> dict[str, list[str]]:
    """List the labels of each task, those of the taxonomy too."""
    examples = history.examples
    return {
        task: sorted(
            {label for label in examples.labels[task] if label}
            | set(fixed.labels(task) if fixed and task in fixed.tasks else ())
        )
        for task in examples.tasks
    }


def _report(
    config: BacktestConfig,
    history: History,
    found: _Replayed,
    costs: Mapping[str, ErrorCosts],
) -> Report:
    by_task: dict[str, list[Judged]] = defaultdict(list)
    for judged in found.judged:
        by_task[judged.task].append(judged)
    return {
        **found.by,
        "every": config.every,
        "rows": {
            "n": len(history),
            "first": str(history.moments[0].date()),
            "last": str(history.moments[-1].date()),
        },
        "assumptions": {
            "minutes_saved": config.minutes.saved,
            "minutes_lost": config.minutes.lost,
            "minutes_suggested": config.minutes.suggested,
            "sentence": config.minutes.sentence(),
        },
        "tasks": {
            task: _task(config, task, parts, costs[task], found.seen)
            for task, parts in by_task.items()
        },
        "data_fingerprint": history.examples.take(history.file_order).fingerprint(),
        "versions": versions(),
    }


def _task(
    config: BacktestConfig,
    task: str,
    parts: Sequence[Judged],
    costs: ErrorCosts,
    seen: Mapping[str, Seen],
) -> Report:
    promised = config.fit.precision.of(task)
    periods = [
        {**tally(part, costs, config.minutes), "trained_on_these": seen.get(part.period.name)}
        for part in parts
    ]
    return {
        "promised": {"suggest": config.fit.precision.suggest, "automate": promised},
        "costs": {
            "sentence": costs.sentence(task),
            "miss": dict(costs.miss),
            "pairs": [
                {"true": true, "given": given, "cost": cost}
                for (true, given), cost in costs.pairs.items()
            ],
        },
        "periods": periods,
        "total": total(parts, costs, config.minutes),
        "warnings": warnings(periods, promised),
    }
