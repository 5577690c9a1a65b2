"""Count what a period would have brought: decisions, errors and their cost, minutes, drift."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from training.backtest.config import ErrorCosts, Minutes
from training.backtest.drift import calibration, moved
from training.backtest.judging import Judged
from training.metrics import Report
from triage.domain import DecisionKind

LEVEL = 0.95
ANSWERED: tuple[DecisionKind, ...] = ("automate", "suggest")
FEW = 30
"""Rows below which a period raises no warning about calibration or shares."""


def tally(judged: Judged, costs: ErrorCosts, minutes: Minutes) -> Report:
    """Count one task in one period."""
    truth, given = np.asarray(judged.truth), np.asarray(judged.given)
    labels = Counter(judged.truth)
    shares = {label: count / len(truth) for label, count in labels.most_common()}
    unknown = {label: n for label, n in labels.items() if label not in judged.labels}
    return {
        "period": judged.period.name,
        "begin": judged.period.begin.isoformat(),
        "end": judged.period.end.isoformat(),
        "trained_on": judged.trained_on,
        "candidate": judged.chosen,
        "suggest_at": judged.cuts.suggest_at,
        "automate_at": judged.cuts.automate_at,
        **_decided(judged, truth == given),
        **_worth(judged, costs, minutes),
        **calibration(judged.confidence, truth == given),
        "shares": shares,
        "unknown_labels": unknown,
        "moved_labels": moved(shares, len(truth), judged.before) if len(truth) >= FEW else {},
    }


def total(parts: Sequence[Judged], costs: ErrorCosts, minutes: Minutes) -> Report:
    """Count one task over all its periods."""
    right = np.concatenate([np.asarray(p.truth) == np.asarray(p.given) for p in parts])
    confidence = np.concatenate([part.confidence for part in parts])
    joined = _Joined(parts)
    return {
        **_decided(joined, right),
        **_worth(joined, costs, minutes),
        **calibration(confidence, right),
    }


def interval(right: int, count: int) -> list[float] | None:
    """Two-sided 95 % Clopper-Pearson interval of a share; None of nothing."""
    if not count:
        return None
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, right, count - right + 1)) if right else 0.0
    high = float(beta.ppf(1 - tail, right + 1, count - right)) if right < count else 1.0
    return [low, high]


def warnings(periods: Sequence[Mapping[str, Any]], promised: float) -> list[str]:
    """Say in which periods a new label came up, calibration slipped or the promise was broken."""
    told: list[str] = []
    met: set[str] = set()
    for part in periods:
        name = part["period"]
        for label, count in part["unknown_labels"].items():
            if label not in met:
                told.append(
                    f"{name}: new label {label!r}, {count} of {part['n']} rows; the model of that "
                    "period cannot give it"
                )
        met |= set(part["unknown_labels"])
        told += [f"{name}: {line}" for line in _drifts(part, promised)]
    return told


def _drifts(part: Mapping[str, Any], promised: float) -> list[str]:
    told = []
    automated = part["automate"]
    if automated["interval"] and automated["interval"][1] < promised:
        told.append(
            f"precision of automatic decisions {span(automated)}, below the promised {promised:g}"
        )
    if part["slipped"] and part["n"] >= FEW:
        gap = 100 * (part["mean_confidence"] - part["accuracy"])
        low, high = part["ece_interval"]
        told.append(
            f"calibration slipped: ECE {part['ece']:.3f} ({low:.3f} to {high:.3f}; chance alone "
            f"stays below {part['ece_by_chance']:.3f}), confidence {abs(gap):.0f} points too "
            f"{'high' if gap > 0 else 'low'} on average"
        )
    for label, then in part["moved_labels"].items():
        now = part["shares"].get(label, 0.0)
        told.append(f"label {label!r} is {now:.0%} of the rows, {then:.0%} before")
    return told


def span(part: Mapping[str, Any]) -> str:
    """Write a precision with its interval."""
    if part["interval"] is None:
        return "-"
    low, high = part["interval"]
    return f"{part['precision']:.2f} ({low:.2f} to {high:.2f})"


class _Joined:
    """The rows of several periods as if they were one."""

    def __init__(self, parts: Sequence[Judged]) -> None:
        self.truth = tuple(label for part in parts for label in part.truth)
        self.given = tuple(label for part in parts for label in part.given)
        self.decisions = tuple(kind for part in parts for kind in part.decisions)
        self.reasons = tuple(reason for part in parts for reason in part.reasons)


def _decided(judged: Judged | _Joined, right: NDArray[np.bool_]) -> Report:
    count = len(judged.truth)
    kinds = np.asarray(judged.decisions)
    out: Report = {"n": count}
    for kind in ANSWERED:
        taken = kinds == kind
        n, hits = int(taken.sum()), int(right[taken].sum())
        out[kind] = {
            "n": n,
            "share": n / count,
            "right": hits,
            "wrong": n - hits,
            "precision": hits / n if n else None,
            "interval": interval(hits, n),
        }
    reasons = Counter(reason for reason in judged.reasons if reason)
    n = int((kinds == "abstain").sum())
    out["abstain"] = {"n": n, "share": n / count, "reasons": dict(reasons.most_common())}
    return out


def _worth(judged: Judged | _Joined, costs: ErrorCosts, minutes: Minutes) -> Report:
    """Price the errors, the dearest first, and weigh what was saved against what was lost."""
    rows = zip(judged.truth, judged.given, judged.decisions, strict=True)
    counted = Counter(rows)
    errors: list[dict[str, Any]] = [
        {"true": true, "given": given, "decision": kind, "n": n, "cost": n * costs.of(true, given)}
        for (true, given, kind), n in counted.items()
        if true != given and kind in ANSWERED
    ]
    errors.sort(key=lambda e: (-e["cost"], e["true"], e["given"], e["decision"]))
    spent = {
        kind: sum(error["cost"] for error in errors if error["decision"] == kind)
        for kind in ANSWERED
    }
    kinds: Counter[tuple[str, bool]] = Counter()
    for (true, given, kind), n in counted.items():
        kinds[kind, true == given] += n
    net = (
        kinds["automate", True] * minutes.saved
        - kinds["automate", False] * minutes.lost
        + kinds["suggest", True] * minutes.suggested
    )
    return {"errors": errors, "cost": spent, "minutes": net}
