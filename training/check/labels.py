"""Labels of one task: unknown, too many, too few, misspelt, out of balance."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from training.check.finding import Finding, about, percent
from training.check.seen import NO_LABEL, UNTRACKED, Codes
from training.check.spelling import slips, variants

MIN_EXAMPLES = 10
"""Fewest examples of a label that five folds can hold apart with two in each."""
MAX_LABELS = 1_000
"""A head keeps a row of weights for each label: 65,536 numbers, 256 kB, with n-grams."""
FREE_LABELS, FREE_ROWS = 50, 2
"""More labels than this with fewer rows each are ids or free text."""
DOMINANT, MANY_TIMES = 0.9, 100
"""Share of one label, and times that one is as common as another, worth telling."""
MAX_EACH = 20
"""Findings of one kind that are told one by one."""
_SHOWN, _LONGEST = 8, 60


class TaskLabels:
    """Looks at the labels of one task once all rows are read.

    Args:
        task: Name of the task.
        codes: Labels of all rows.
        known: Labels of the taxonomy, None when every label is allowed.
    """

    def __init__(self, task: str, codes: Codes, known: Sequence[str] | None) -> None:
        self._task, self._codes, self._known = task, codes, known
        self._rows = codes.rows()
        self._numbers = codes.counts()
        self._counts = {name: int(self._numbers[code]) for name, code in codes.names.items()}

    def findings(self) -> Iterator[Finding]:
        """Tell what was found; labels are named unless they are no labels."""
        yield from self._blank()
        if self._known is not None:
            yield from self._unknown(self._known)
        if len(self._counts) < 2:  # noqa: PLR2004 - a task with one label teaches nothing
            yield self._one()
        if crowd := self._too_many():
            yield crowd
            return
        yield from self._rare()
        yield from self._unbalanced()
        yield from self._misspelt()

    def _where(self, *labels: str) -> list[int]:
        codes = [self._codes.names[label] for label in labels]
        return [int(at) for at in np.flatnonzero(np.isin(self._rows, codes))]

    def _blank(self) -> Iterator[Finding]:
        blank = np.flatnonzero(self._rows == NO_LABEL)
        if len(blank):
            yield about(
                "warning",
                "no_label",
                f"{len(blank):,} rows ({percent(len(blank), len(self._rows))}) have no label for "
                f"task {self._task}; they are left out of it.",
                f"Label them, or give a value that means a label: --map {self._task}:VALUE=LABEL",
                blank.tolist(),
            )

    def _unknown(self, known: Sequence[str]) -> Iterator[Finding]:
        strange = sorted(set(self._counts) - set(known), key=lambda one: (-self._counts[one], one))
        for label in strange[:MAX_EACH]:
            yield about(
                "blocker",
                "unknown_label",
                f"Task {self._task} has no label {_named(label)}; its labels are "
                f"{', '.join(known)}.",
                f"{_map(self._task, label, 'LABEL')}, or add the label to the taxonomy.",
                self._where(label),
            )
        if len(strange) > MAX_EACH:
            rest = strange[MAX_EACH:]
            yield about(
                "blocker",
                "unknown_label",
                f"Task {self._task} lacks {len(rest):,} more values of the column.",
                "Check that --label names the right column.",
                self._where(*rest),
            )

    def _one(self) -> Finding:
        only = next(iter(self._counts), None)
        found = "none" if only is None else _named(only)
        return Finding(
            "blocker",
            "one_label",
            f"Task {self._task} has fewer than two labels (found: {found}).",
            "Export rows of the other labels too, or name another column with --label.",
        )

    def _too_many(self) -> Finding | None:
        if not crowded(self._codes):
            return None
        count, rows = len(self._counts), int((self._rows != NO_LABEL).sum())
        more = "more than " if (self._rows == UNTRACKED).any() else ""
        return Finding(
            "blocker",
            "too_many_labels",
            f"Task {self._task} has {more}{count:,} labels for {rows:,} rows; at most "
            f"{MAX_LABELS:,} with {FREE_ROWS} rows each on average can be told apart.",
            "Name a column with --label that holds one of a few values, or join rare values "
            f"first: --map {self._task}:VALUE=LABEL",
            count,
        )

    def _rare(self) -> Iterator[Finding]:
        for code, lowest, highest, what in (
            (
                "single_label",
                1,
                1,
                "a single example, too few for any split",
            ),
            ("rare_label", 2, MIN_EXAMPLES - 1, f"fewer than {MIN_EXAMPLES} examples"),
        ):
            rare = [one for one, n in self._counts.items() if lowest <= n <= highest]
            if rare:
                have = "labels have" if len(rare) > 1 else "label has"
                yield about(
                    "warning",
                    code,
                    f"In task {self._task} {len(rare):,} {have} {what}: {self._list(rare)}.",
                    f"Label more of them, or join them with another: "
                    f"{_map(self._task, rare[0], 'LABEL')}",
                    self._where(*rare),
                )

    def _unbalanced(self) -> Iterator[Finding]:
        total = int(self._numbers.sum())
        if len(self._counts) < 2 or not total:  # noqa: PLR2004 - nothing to compare
            return
        top = max(self._counts, key=lambda one: self._counts[one])
        least = min(self._counts, key=lambda one: self._counts[one])
        times = self._counts[top] // self._counts[least]
        if self._counts[top] >= DOMINANT * total:
            yield Finding(
                "warning",
                "imbalance",
                f"{percent(self._counts[top], total)} of task {self._task} is {_named(top)}; who "
                "always says so is right as often.",
                "Judge by the F1 of each label instead of accuracy, and label more rows of the "
                "others.",
            )
        elif times >= MANY_TIMES:
            yield Finding(
                "note",
                "imbalance",
                f"In task {self._task} {_named(top)} is {times:,} times as common as "
                f"{_named(least)}.",
                "Judge by macro-F1 and the F1 of each label; accuracy hides the rare ones.",
            )

    def _misspelt(self) -> Iterator[Finding]:
        doubled = list(variants(self._counts))
        other = {label: n for label, n in self._counts.items() if label not in dict(doubled)}
        yield from self._pairs("label_variant", doubled, "is written in another way as")
        yield from self._pairs("label_typo", list(slips(other)), "looks like a slip for")

    def _pairs(self, code: str, pairs: list[tuple[str, str]], how: str) -> Iterator[Finding]:
        for label, meant in pairs[:MAX_EACH]:
            yield about(
                "warning",
                code,
                f"Label {_named(label)} ({self._counts[label]:,} rows) of task {self._task} {how} "
                f"{_named(meant)} ({self._counts[meant]:,} rows).",
                _map(self._task, label, meant),
                self._where(label),
            )
        if len(pairs) > MAX_EACH:
            rest = [label for label, _ in pairs[MAX_EACH:]]
            yield about(
                "warning",
                code,
                f"{len(rest):,} more labels of task {self._task} look like others.",
                "Clean the column of labels before the export.",
                self._where(*rest),
            )

    def _list(self, labels: list[str]) -> str:
        named = sorted(labels, key=lambda one: (self._counts[one], one))
        told = ", ".join(f"{_named(one)} {self._counts[one]}" for one in named[:_SHOWN])
        return told + (f" and {len(named) - _SHOWN:,} more" if len(named) > _SHOWN else "")


def crowded(codes: Codes) -> bool:
    """Tell whether a column holds so many values that they are no labels but ids or texts."""
    count, rows = len(codes.names), int((codes.rows() != NO_LABEL).sum())
    return count > MAX_LABELS or (count > FREE_LABELS and rows < FREE_ROWS * count)


def unused_maps(
    renames: Mapping[str, Mapping[str, str]], cells: Mapping[str, set[str]]
) -> Iterator[Finding]:
    """Find values of ``--map`` that no row has; ``cells`` are those that were met."""
    for task, pairs in renames.items():
        for value in sorted(set(pairs) - cells.get(task, set())):
            yield Finding(
                "warning",
                "unused_map",
                f"--map {task}:{value}={pairs[value]}: the value never occurs in the export.",
                "Write the value as the export does, case included, or drop the option.",
            )


def _named(label: str) -> str:
    """Quote a label on one line; one that is too long for a label is cut, it may be a message."""
    return repr(label if len(label) <= _LONGEST else f"{label[:_LONGEST]}\u2026")


def _map(task: str, value: str, label: str) -> str:
    return f"--map {shlex.quote(f'{task}:{value[:_LONGEST]}={label}')}"
