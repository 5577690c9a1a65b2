"""What an audit says on a terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from training.audit.lines import Line, Lines
from training.audit.scores import LEAST_LABEL_ROWS, TaskAudit

SHOWN = 8
"""Rows and labels named in a line."""
GROUPS = 10
"""Groups told."""


def told(lines: Lines, listed: Sequence[Line]) -> Iterator[str]:
    """Yield the summary line by line: counts, the worst rows, and what they have in common."""
    audit = lines.audit
    for task in audit.examples.tasks:
        item = audit.labels.get(task)
        if item is not None:
            yield from _task(lines, item, [line for line in listed if line.task == task])
        torn = audit.torn[task]
        if torn.flags.any():
            worst = np.flatnonzero(torn.flags)[np.argsort(torn.score[torn.flags], kind="stable")]
            yield (
                f"{task}: {_many(torn.flags.sum(), 'message')} labelled otherwise than a "
                f"near-duplicate: {_rows(lines, worst)}"
            )
    yield from _messages(lines)
    yield from _groups(lines)
    yield from audit.notes


def figures(lines: Lines, listed: Sequence[Line]) -> dict[str, Any]:
    """Give the same as numbers, for ``--json``."""
    audit = lines.audit
    return {
        "rows": len(audit.examples),
        "lines": len(listed),
        "tasks": {task: _figures(lines, item) for task, item in audit.labels.items()},
        "contradictory_twins": {task: int(part.flags.sum()) for task, part in audit.torn.items()},
        "near_duplicates": {
            "rows": int((audit.twins.sets >= 0).sum()),
            "sets": len(lines.members),
        },
        "outliers": int(audit.outliers.flags.sum()),
        "groups_compared": audit.looked,
        "underperforming_groups": [
            {
                "task": group.task,
                "group": group.name,
                "rows": group.count,
                "accuracy": group.accuracy,
                "interval": list(group.interval),
                "accuracy_of_others": group.others,
                "corrected_p": group.p,
            }
            for group in audit.groups
        ],
        "notes": list(audit.notes),
        "data_fingerprint": audit.examples.fingerprint(),
    }


def _figures(lines: Lines, item: TaskAudit) -> dict[str, Any]:
    worst = _worst(item)
    return {
        "rows": len(item.rows),
        "labels": len(item.labels),
        "out_of_fold_accuracy": item.accuracy,
        "label_issues": len(worst),
        "worst_rows": [lines.name(int(row)) for row in item.rows[worst[:SHOWN]]],
        "common": [
            {"given_label": given, "predicted_label": likely, "count": count}
            for given, likely, count in item.common()
        ],
        "labels_not_audited": list(item.unaudited),
    }


def _task(lines: Lines, item: TaskAudit, listed: Sequence[Line]) -> Iterator[str]:
    worst = _worst(item)
    share = len(worst) / len(item.rows)
    yield (
        f"{item.task}: {len(item.rows):,} rows, {len(item.labels)} labels; a model that has not "
        f"seen them agrees with {item.accuracy:.1%}"
    )
    rows = f": {_rows(lines, item.rows[worst])}" if len(worst) else ""
    yield f"  {_many(len(worst), 'likely label error')} ({share:.1%}){rows}"
    settled = len(worst) - sum(line.rank[0] == 0 for line in listed)
    if settled:
        yield f"  {settled} of them were decided already and are not listed again"
    common = [
        f"{given} reads like {likely} {count}"
        for given, likely, count in item.common()
        if count > 1
    ]
    if common:
        yield f"  most often: {', '.join(common)}"
    if item.unaudited:
        names = ", ".join(item.unaudited[:SHOWN])
        more = f" and {len(item.unaudited) - SHOWN} more" if len(item.unaudited) > SHOWN else ""
        yield (f"  not audited, fewer than {LEAST_LABEL_ROWS} rows: {names}{more}")


def _worst(item: TaskAudit) -> np.ndarray[Any, np.dtype[np.int64]]:
    """List the suspects of a task, the worst first, as positions in its rows."""
    suspects = np.flatnonzero(item.doubts.suspect)
    return suspects[np.argsort(item.doubts.score[suspects], kind="stable")]


def _messages(lines: Lines) -> Iterator[str]:
    audit = lines.audit
    copies = [row for members in lines.members.values() for row in members]
    if copies:
        sets = Counter(len(members) for members in lines.members.values())
        largest = max(lines.members.values(), key=len)
        yield (
            f"{_many(len(copies), 'message')} in {_many(sets.total(), 'set')} of near-duplicates; "
            f"the largest has {len(largest)}: {_rows(lines, largest)}"
        )
    flags = audit.outliers.flags
    if flags.any():
        far = np.flatnonzero(flags)[np.argsort(audit.outliers.score[flags], kind="stable")]
        yield f"{_many(len(far), 'message')} unlike all others: {_rows(lines, far)}"


def _groups(lines: Lines) -> Iterator[str]:
    audit = lines.audit
    if audit.groups:
        yield f"groups that do worse ({audit.looked} compared, corrected for that):"
    for group in audit.groups[:GROUPS]:
        low, high = group.interval
        yield (
            f"  {group.task}, {group.name}: {group.accuracy:.0%} ({low:.0%} to {high:.0%}, "
            f"{group.count} rows), the others {group.others:.0%}"
        )
    if len(audit.groups) > GROUPS:
        yield f"  and {len(audit.groups) - GROUPS} more in --json"


def _rows(lines: Lines, rows: Sequence[int] | np.ndarray[Any, np.dtype[np.int64]]) -> str:
    names = ", ".join(lines.name(int(row)) for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {names}{more}"


def _many(count: int, thing: str) -> str:
    return f"{int(count):,} {thing}{'' if count == 1 else 's'}"
