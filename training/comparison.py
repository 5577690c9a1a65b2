"""Compare two labellers on the same rows: what gets better, what worse, and how sure that is."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from training.datasets import Examples
from training.evaluate import evaluate, latency, predict
from training.metrics import Report, expected_calibration_error
from triage.bundle.gate import Figures
from triage.bundle.store import Bundle
from triage.labeling.decision import choose

RESAMPLES = 2_000
"""Resamples of the paired bootstrap; its 95 % intervals then move by about a tenth of their width
from seed to seed."""
LEVEL = 0.95
CHUNK = 2_000_000
"""Most numbers of a resampled table held at once."""
SIDES = ("champion", "challenger")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def measured(examples: Examples, bundle: Bundle) -> Figures:
    """Measure a bundle on rows in all its profiles, as the gate asks for it."""
    profiles: dict[str, Any] = {}
    taken: dict[str, Any] = {}
    for name in bundle.manifest.profiles:
        profile = bundle.profile(name)
        labeler = bundle.labeler(profile)
        given = predict(examples, labeler, bundle.encoders, profile)
        profiles[name] = evaluate(examples, given, labeler, bundle.manifest.taxonomy)
        taken[name] = latency(examples, labeler, bundle.encoders, profile)
    content = {"profiles": profiles, "latency_ms": taken}
    return Figures.model_validate({**content, "test_fingerprint": examples.fingerprint()})


def compare_bundles(
    examples: Examples, champion: Bundle, challenger: Bundle, profile: str | None, seed: int = 0
) -> dict[str, Report]:
    """Compare two bundles in every task that the rows and both of them have."""
    given = [_labelled(examples, bundle, profile) for bundle in (champion, challenger)]
    reports = {}
    for task in examples.tasks:
        rows = np.flatnonzero(examples.answered(task))
        if not len(rows) or any(task not in side for side in given):
            continue
        reports[task] = compare_labels(
            [examples.labels[task][i] for i in rows],
            [given[0][task][0][rows], given[1][task][0][rows]],
            [given[0][task][1][rows], given[1][task][1][rows]],
            [examples.ids[i] for i in rows],
            seed,
        )
    return reports


def compare_labels(
    truth: Sequence[str],
    labels: Sequence[NDArray[np.str_]],
    confidences: Sequence[Floats],
    ids: Sequence[str],
    seed: int = 0,
) -> Report:
    """Compare the labels that champion and challenger give the same rows.

    Args:
        truth: True labels, ``n`` of them.
        labels: Labels given by the champion and by the challenger, ``n`` each.
        confidences: Their confidences, ``n`` each.
        ids: Identifiers of the rows; all that the report repeats of a row.
        seed: Of the bootstrap.

    Returns:
        Differences are challenger less champion. ``mcnemar`` is the exact test on rows that one
        side alone has right (McNemar 1947); intervals are paired bootstrap's (Efron 1979).
    """
    actual = np.asarray(truth)
    right = [side == actual for side in labels]
    broken, fixed = right[0] & ~right[1], right[1] & ~right[0]
    other = (labels[0] != labels[1]) & ~fixed & ~broken
    flipped = {"fixed": fixed, "broken": broken, "wrong_either_way": other}
    test = _mcnemar(int(broken.sum()), int(fixed.sum()))
    names = sorted(set(truth))
    points, spread = _bootstrap(names, actual, labels, seed)
    pairs = zip(confidences, right, strict=True)
    ece = _pair(*(expected_calibration_error(sure, hit) for sure, hit in pairs))
    return {
        "n": len(actual),
        "verdict": _verdict(test),
        "mcnemar": test,
        "accuracy": _difference(points, spread, 0),
        "macro_f1": _difference(points, spread, 1),
        "ece": ece,
        "per_label": {
            name: {**_difference(points, spread, 2 + i), "support": int((actual == name).sum())}
            for i, name in enumerate(names)
        },
        "flipped": {kind: _ids(ids, rows) for kind, rows in flipped.items()},
    }


def recorded_differences(
    champion: Mapping[str, Any], challenger: Mapping[str, Any]
) -> dict[str, Report]:
    """Compare recorded test metrics in the tasks that both recorded; no row is known any more."""
    reports = {}
    for task, old in champion.items():
        new = challenger.get(task)
        if new is None:
            continue
        figures: Report = {"n": new["n"]}
        for key in ("accuracy", "macro_f1", "ece"):
            figures[key] = _pair(old[key], new[key])
        figures["per_label"] = {
            label: {
                **_pair(part["f1"], new["per_label"][label]["f1"]),
                "support": int(new["per_label"][label]["support"]),
            }
            for label, part in old["per_label"].items()
            if label in new["per_label"]
        }
        reports[task] = figures
    return reports


def _labelled(
    examples: Examples, bundle: Bundle, profile: str | None
) -> dict[str, tuple[NDArray[np.str_], Floats]]:
    chosen = bundle.profile(profile)
    labeler = bundle.labeler(chosen)
    given = predict(examples, labeler, bundle.encoders, chosen)
    found = {}
    for task in bundle.manifest.taxonomy.tasks:
        top, confidence = choose(given[task], labeler.costs.get(task))
        found[task] = (np.asarray(labeler.labels(task))[top], confidence)
    return found


def _mcnemar(broken: int, fixed: int) -> Report:
    one_sided = broken + fixed
    p = float(binomtest(fixed, one_sided, 0.5).pvalue) if one_sided else 1.0
    return {"broken": broken, "fixed": fixed, "p": p}


def _verdict(test: Report) -> str:
    if test["p"] >= 1 - LEVEL:
        return "no clear difference"
    return "better" if test["fixed"] > test["broken"] else "worse"


def _bootstrap(
    names: Sequence[str], actual: NDArray[np.str_], labels: Sequence[NDArray[np.str_]], seed: int
) -> tuple[Floats, Floats]:
    """Compute figures of both sides, and the 95 % interval of each difference.

    Rows with the same true label and the same two labels are exchangeable, so that resampling
    their counts is resampling the rows.

    Returns:
        Points of shape ``(2, figures)`` and bounds of shape ``(2, figures)``; figures are accuracy,
        macro-F1 and the F1 of each label.
    """
    codes = np.unique(np.concatenate([actual, *labels]), return_inverse=True)[1].reshape(3, -1)
    kinds, counts = np.unique(codes, axis=1, return_counts=True)
    known = np.searchsorted(np.unique(np.concatenate([actual, *labels])), np.asarray(names))
    n = int(counts.sum())
    points = np.stack([_figures(kinds[0], kinds[side], counts[None], known)[0] for side in (1, 2)])
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // len(counts))
    drawn = []
    for begin in range(0, RESAMPLES, step):
        size = min(step, RESAMPLES - begin)
        resampled = generator.multinomial(n, counts / n, size)
        old, new = (_figures(kinds[0], kinds[side], resampled, known) for side in (1, 2))
        drawn.append(new - old)
    tail = (1 - LEVEL) / 2
    return points, np.quantile(np.concatenate(drawn), [tail, 1 - tail], axis=0)


def _figures(truth: Ints, given: Ints, counts: Ints, names: Ints) -> Floats:
    """Compute figures of resamples ``(r, kinds)``: shape ``(r, 2 + labels)``."""
    hit = truth == given
    accuracy = (counts @ hit) / counts.sum(axis=1)
    is_label, is_given = (side[:, None] == names[None, :] for side in (truth, given))
    found = counts @ (is_label & hit[:, None])
    both = counts @ is_label.astype(np.int64) + counts @ is_given.astype(np.int64)
    f1 = 2 * found / np.maximum(both, 1)
    return np.column_stack([accuracy, f1.mean(axis=1), f1])


def _difference(points: Floats, spread: Floats, at: int) -> Report:
    interval = [float(bound) for bound in spread[:, at]]
    return {**_pair(float(points[0, at]), float(points[1, at])), "interval": interval}


def _pair(old: float, new: float) -> Report:
    return {"champion": old, "challenger": new, "difference": new - old}


def _ids(ids: Sequence[str], chosen: NDArray[np.bool_]) -> list[str]:
    return [id_ for id_, kept in zip(ids, chosen, strict=True) if kept]
