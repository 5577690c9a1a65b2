"""Set the cuts of decisions from calibration rows, so that the precision asked for is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from training.config import AUTOMATE_BOUND, BOUND, Precision
from training.metrics import precision_bound
from triage.errors import GateError
from triage.labeling.decision import Thresholds
from triage.labeling.groups import ANSWERS

NEVER = 1.01
"""A cut above every confidence."""
LANGUAGE_ROWS = 200
LANGUAGE_BOUND = 0.8
"""Rows that a language needs for a say in the cuts, and the level of the bound on its own rows."""
MOST_TIMES, TIMES_STEP = 34.0, 0.01
"""How many times the rows at hand an estimate of missing labels looks ahead, and how exactly."""


def threshold(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    precision: float,
    level: float = BOUND,
) -> float | None:
    """Find the lowest cut whose precision is surely high enough, or None.

    Surely: the one-sided Clopper-Pearson bound on the rows above the cut. The cut stands halfway to
    the next confidence below, so that it is not tied to one row.

    Args:
        confidence: Of the chosen label, shape ``(n,)``.
        correct: Whether it is right, shape ``(n,)``.
        precision: What the rows above the cut must keep.
        level: Level of the bound.
    """
    ranked, bounds = _bounds(confidence, correct, level)
    enough = np.flatnonzero(bounds >= precision)
    if not len(enough):
        return None
    at = int(enough[-1])
    below = ranked[at + 1] if at + 1 < len(ranked) else 0.0
    return float((ranked[at] + below) / 2)


def _bounds(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rank confidences, highest first, and bound the precision down to each.

    A place between two equal confidences cannot be cut at and has the bound zero.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, right = confidence[order], np.cumsum(correct[order].astype(np.int64))
    last = np.append(np.diff(ranked) != 0, True)[: len(order)]
    bounds = precision_bound(right, np.arange(1, len(order) + 1), level)
    return ranked, np.where(last, bounds, 0.0)


def fit_thresholds(
    task: str,
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    precision: Precision,
    languages: Sequence[str] = (),
    *,
    given: Sequence[str] = (),
    affordable: NDArray[np.bool_] | None = None,
) -> Thresholds:
    """Set the cuts of a task from its calibration rows.

    A label or a language with a contract of its own gets a cut of its own, from its own rows; the
    task's is measured on the rows that are left. That cut also holds in each language with
    ``LANGUAGE_ROWS`` rows: one that holds on average alone would let a weaker language break the
    promise. A language that can keep no cut is not automated.

    Args:
        task: Name of the task.
        confidence: Of the chosen label, shape ``(n,)``.
        correct: Whether it is right, shape ``(n,)``.
        precision: What must be kept.
        languages: Code of each row; empty where one cut for all is meant.
        given: Chosen label of each row; needed where a label has a contract.
        affordable: Whether giving it is expected to cost less than a person's work, shape ``(n,)``;
            other rows are not automated, so they have no say. All where None.

    Raises:
        GateError: When a contract that somebody asked for cannot be kept; all such are named.
    """
    unknown = [""] * len(correct)
    rows = Judged(confidence, correct, *map(np.asarray, (given or unknown, languages or unknown)))
    automated = rows if affordable is None else rows.take(affordable)
    suggest, asked = threshold(confidence, correct, precision.suggested(task)), Broken()
    if suggest is None and task in precision.suggest_of:
        asked.add(f"Task {task}, suggestions", rows, precision.suggested(task))
    at = NEVER if suggest is None else suggest
    labels, languages_ = precision.labels.get(task, {}), precision.languages.get(task, {})
    own = {
        label: asked.cut(f"Task {task}, label {label}", automated.of_label(label), share)
        for label, share in labels.items()
    }
    if task in precision.apart:
        return _apart(task, rows, automated, precision, asked, own)
    spoken = {
        code: asked.cut(f"Task {task}, language {code}", automated.of_language(code), share)
        for code, share in languages_.items()
    }
    rest = automated.without(list(labels), list(languages_))
    automate, barred = _common(rest, precision.of(task))
    if automate is None and task in precision.automate_of and (len(rest) or not (own or spoken)):
        asked.add(f"Task {task}", rest, precision.of(task))
    asked.refuse()
    without = dict.fromkeys(barred if automate is not None else ())
    return Thresholds(
        at,
        automate,
        {label: Thresholds(at, cut) for label, cut in own.items()},
        {code: Thresholds(at, cut) for code, cut in {**without, **spoken}.items()},
    )


def _apart(
    task: str,
    rows: "Judged",
    automated: "Judged",
    precision: Precision,
    asked: "Broken",
    own: dict[str, float | None],
) -> Thresholds:
    """Give every label cuts of its own, for suggestions too; languages have no further say."""
    suggest: dict[str, float] = {}
    for label in sorted({*ANSWERS, *own}):
        part, mine = rows.of_label(label), automated.of_label(label)
        found = threshold(part.confidence, part.correct, precision.suggested(task))
        suggest[label] = NEVER if found is None else found
        if found is None and task in precision.suggest_of:
            asked.add(f"Task {task}, suggestions of {label}", part, precision.suggested(task))
        if label not in own and task in precision.automate_of:
            own[label] = asked.cut(f"Task {task}, label {label}", mine, precision.of(task))
        elif label not in own:
            level = AUTOMATE_BOUND
            own[label] = threshold(mine.confidence, mine.correct, precision.of(task), level)
    asked.refuse()
    cuts = {label: Thresholds(suggest[label], own[label]) for label in suggest}
    # No answer is without cuts of its own; the task's tell from where on any of them is given.
    automate = min((cut for cut in own.values() if cut is not None), default=None)
    return Thresholds(min(suggest.values()), automate, cuts)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Calibration rows: confidence, whether right, label given and language, each ``(n,)``."""

    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]
    given: NDArray[np.str_]
    languages: NDArray[np.str_]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.correct)

    def take(self, rows: NDArray[np.bool_]) -> "Judged":
        """Return the chosen rows."""
        return Judged(
            self.confidence[rows], self.correct[rows], self.given[rows], self.languages[rows]
        )

    def without(self, labels: Sequence[str], codes: Sequence[str]) -> "Judged":
        """Return the rows that were given none of the labels and are in none of the languages."""
        return self.take(~np.isin(self.given, labels) & ~np.isin(self.languages, codes))

    def of_label(self, label: str) -> "Judged":
        """Return the rows that were given a label."""
        return self.take(self.given == label)

    def of_language(self, code: str) -> "Judged":
        """Return the rows in a language."""
        return self.take(self.languages == code)


class Broken:
    """Contracts that cannot be kept, gathered so that all are told at once."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def cut(self, what: str, rows: Judged, precision: float) -> float | None:
        """Return the cut that keeps a contract, or take note that none does."""
        found = threshold(rows.confidence, rows.correct, precision, AUTOMATE_BOUND)
        if found is None:
            self.add(what, rows, precision)
        return found

    def add(self, what: str, rows: Judged, precision: float) -> None:
        """Take note of a contract, with the labels that keeping it would take."""
        more = more_rows(rows.confidence, rows.correct, precision)
        labels = f"About {more} more labels, cleaner" if more else "Cleaner"
        self.told.append(
            f"{what}: no threshold keeps a precision of {precision:.4g} on {len(rows)} "
            f"calibration rows. {labels} labels, or a lower precision may do."
        )

    def refuse(self) -> None:
        """Refuse where anything was noted.

        Raises:
            GateError: Names every contract.
        """
        if self.told:
            raise GateError(" ".join(self.told))


def _common(rows: Judged, precision: float) -> tuple[float | None, list[str]]:
    """Find the cut that holds for all rows and in each large language, and who is not automated.

    A language that can keep no cut still raises the common one as far as its own best precision
    would: asking for more must never lower a cut.
    """
    common = threshold(rows.confidence, rows.correct, precision, AUTOMATE_BOUND)
    if common is None:
        return None, []
    cuts, barred = [common], []
    codes, counts = np.unique(rows.languages, return_counts=True)
    for code in codes[(counts >= LANGUAGE_ROWS) & (codes != "")].tolist():
        part = rows.of_language(code)
        reach = _reach(part)
        if reach < precision:
            barred.append(code)
        cut = threshold(part.confidence, part.correct, min(precision, reach), LANGUAGE_BOUND)
        cuts += [] if cut is None or not reach else [cut]
    return max(cuts), barred


def _reach(rows: Judged) -> float:
    """Return the highest precision that some cut of a language keeps."""
    _, bounds = _bounds(rows.confidence, rows.correct, LANGUAGE_BOUND)
    return float(bounds.max())


def more_rows(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], precision: float
) -> int | None:
    """Estimate how many more calibration rows a threshold for this precision takes.

    Takes the rows as they are, repeated, or faultless ones where there are none; None when even
    many more of the same would not do.
    """
    if not len(correct):
        return ceil(log(1 - AUTOMATE_BOUND) / log(precision))
    right = np.cumsum(correct[np.argsort(-confidence, kind="stable")].astype(np.int64))
    sizes = np.arange(1, len(right) + 1)

    def enough(times: float) -> bool:
        return bool(
            (precision_bound(right * times, sizes * times, AUTOMATE_BOUND) >= precision).any()
        )

    few, many = 1.0, MOST_TIMES
    if not enough(many):
        return None
    while many - few > few * TIMES_STEP:
        middle = (few + many) / 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return max(1, ceil(len(right) * (many - 1)))
