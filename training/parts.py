"""Cut examples into train, calibration and test, and say what each part holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.config import FitConfig, SplitConfig
from training.datasets import Examples, Rows, join
from training.neighbours import components, near_pairs
from training.split import EPOCH, RULES, Split, cluster, instants, named, split, split_off
from triage.errors import ExportError

CROSS_FITTED = "the training rows, each scored by heads that have not seen it"
FORWARD = "the newest rows before the test, scored by heads fitted on the older ones alone"
TIED = "as new as calibration, but of a requester or near-duplicate before it: last fit alone"
LEFT_OUT = "as new as the test, but of a requester or near-duplicate before it: not used"
FILE = "a file of its own"


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Examples on both sides, and what there is to tell of them.

    Args:
        train: Rows of the last fit; its ``target`` marks those that confidences are measured on.
        test: Rows that measure the finished bundle.
        older: Rows of ``train`` before calibration, shape ``(n,)``; None where confidences are
            measured out of fold.
        record: What ``metrics.json`` and the card keep: the rule, and of each part its rows,
            fingerprint and dates.
        notes: Lines for whoever trains.
    """

    train: Examples
    test: Examples
    older: NDArray[np.bool_] | None
    record: Mapping[str, Any]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Write the record and the notes, one line a part."""
        out = [f"split: {self.record['rule']}"]
        for name, part in self.record["parts"].items():
            dates = f", {part['from']} to {part['to']}" if part["from"] else ""
            fingerprint = part["fingerprint"][:12]
            out.append(f"  {name}: {part['rows']} rows{dates}, {fingerprint} ({part['rule']})")
        return [*out, *self.notes]


def cut(examples: Examples, test: Examples | None, config: FitConfig) -> Parts:
    """Part the rows of the exports; a test file, where given, is the test.

    Raises:
        ExportError: When dates are missing or unreadable, a part would be empty, or a task lacks
            labels in the part that confidences are measured on or the one before.
    """
    notes: list[str] = []
    asked = config.split
    if config.columns.time and asked.by is None:
        asked = replace(asked, by="time")
    if test is None:
        parts = split(examples, asked, config.seed)
        test, rule = examples.take(parts.test), RULES[parts.by]
    else:
        examples = _apart(examples, test, notes)
        parts = split_off(examples, asked)
        rule = FILE
        notes += _newer(examples, test) if parts.by == "time" else []
    notes += _warnings(parts, examples, asked)
    forward = bool(len(parts.calibration))
    if forward:
        _check_tasks(examples, parts)
    record = {
        "by": parts.by,
        "rule": rule,
        "seed": config.seed,
        "parts": _parts(examples, parts, test, rule),
    }
    train = examples.take(parts.fitted)
    if not forward:
        return Parts(train, test, None, record, tuple(notes))
    target = train.target & np.isin(parts.fitted, parts.calibration)
    older = np.isin(parts.fitted, parts.train)
    return Parts(replace(train, target=target), test, older, record, tuple(notes))


def _apart(examples: Examples, test: Examples, notes: list[str]) -> Examples:
    """Leave out the rows that share a requester or a near-duplicate with a test file."""
    both = join([examples, test])
    count = len(examples)
    pairs = near_pairs(both.texts)
    twins = _touching(components(len(both), pairs.left, pairs.right), count)
    known = _touching(cluster(both), count)
    if count and known.all():
        raise ExportError(
            "Every row of the exports also stands in the file of --test, by text or requester.",
            fix="Give a test file of other messages, or leave --test out.",
        )
    if known.any():
        notes.append(
            f"{known.sum()} rows of the exports also stand in the test file and are left out of "
            f"training: {twins.sum()} by text or near-duplicate, {(known & ~twins).sum()} by "
            f"requester: {named(examples, np.flatnonzero(known))}"
        )
    return examples.take(~known)


def _touching(clusters: Rows, count: int) -> NDArray[np.bool_]:
    """Mark which of the first rows share a cluster with any after them, shape ``(count,)``."""
    return np.asarray(np.isin(clusters[:count], clusters[count:]), bool)


def _newer(examples: Examples, test: Examples) -> list[str]:
    """Warn of training rows that are no older than the test file."""
    if not all(test.times):
        return ["warning: not every row of the test file has a date: it may be older than training"]
    newer = int((instants(examples) >= instants(test).min()).sum())
    told = f"warning: {newer} training rows are as new as the test file's oldest row, or newer"
    return [told] if newer else []


def _warnings(parts: Split, examples: Examples, config: SplitConfig) -> list[str]:
    out = []
    if parts.by == "random":
        out.append("warning: a random split flatters: requesters and near-duplicates may cross it")
    if parts.by != "time" and any(examples.times):
        out.append(f"warning: the rows have dates, which --split {config.by} does not look at")
    if len(parts.left_out) > len(parts.test):
        out.append(
            f"warning: {len(parts.left_out)} of the newest rows are left out of the test, of "
            "requesters or near-duplicates that stand in training; it may not be what comes in"
        )
    return out


def _check_tasks(examples: Examples, parts: Split) -> None:
    """Refuse a task that cannot be fitted before calibration, or not measured on it."""
    for task, labels in examples.labels.items():
        if len({labels[i] for i in parts.train} - {""}) < 2:  # noqa: PLR2004 - one label teaches nothing
            raise ExportError(
                f"Task {task} has fewer than two labels on the training side: its older rows.",
                fix="Give older rows, smaller shares, or --split group.",
            )
        if not any(labels[i] for i in parts.calibration):
            raise ExportError(
                f"Task {task} has no label among the newest rows, which calibration is measured "
                "on.",
                fix="Label newer rows, give a larger --calibration-share, or --split group.",
            )


def _parts(examples: Examples, parts: Split, test: Examples, rule: str) -> dict[str, Any]:
    forward = bool(len(parts.calibration))
    out = {
        "train": _part(examples.take(parts.train), "what heads are fitted on"),
        "calibration": _part(examples.take(parts.calibration), FORWARD)
        if forward
        else _part(examples.take(parts.train), CROSS_FITTED),
        "test": _part(test, rule),
    }
    for name, rows, what in (("tied", parts.tied, TIED), ("left_out", parts.left_out, LEFT_OUT)):
        if len(rows):
            out[name] = _part(examples.take(rows), what)
    return out


def _part(examples: Examples, rule: str) -> dict[str, Any]:
    dated = len(examples) and all(examples.times)
    moments = instants(examples) if dated else None
    return {
        "rows": len(examples),
        "fingerprint": examples.fingerprint(),
        "from": _date(moments.min()) if moments is not None else None,
        "to": _date(moments.max()) if moments is not None else None,
        "rule": rule,
    }


def _date(microseconds: np.int64) -> str:
    moment = EPOCH + timedelta(microseconds=int(microseconds))
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
