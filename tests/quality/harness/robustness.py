"""Whether labels stay when a message comes in another shape."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from tests.quality.harness.bench import ALL, Bench
from tests.quality.harness.cases import Case
from tests.quality.harness.figures import Mask
from tests.quality.harness.perturb import EDITS, Edit, long_signature, quoted_history
from tests.quality.harness.service import Served
from tests.quality.harness.tables import Figures, Row, Section, Table
from training.recipe import TASKS
from triage.domain import Message

Pair = tuple[Case, Message]
"""A case and what its message became."""
QUOTES, SIGNATURE = "quoted history", "long signature"
NOTE = (
    "Our own held-out messages, each perturbed once with a fixed seed; those that a perturbation "
    "does not touch are left out. Share whose top label stays, per task and for all three; and the "
    "share newly refused. Quoted history is a message of the same language with other labels in "
    "every task, quoted or forwarded beneath; upper case is kept although people shout with it."
)


def measure(bench: Bench) -> Section:
    """Measure the share of labels that stay under each perturbation, per language."""
    rows = [
        row
        for name in (*EDITS, QUOTES, SIGNATURE)
        for row in _rows(bench, name, _pairs(name, bench.own))
    ]
    table = Table("unchanged", NOTE, ("perturbation", "language"), rows)
    return Section("robustness", "Labels under perturbation", [table])


def _pairs(name: str, cases: Sequence[Case]) -> list[Pair]:
    made = [(case, _changed(name, case, cases)) for case in cases]
    return [(case, message) for case, message in made if message != case.message]


def _changed(name: str, case: Case, cases: Sequence[Case]) -> Message:
    message = case.message
    random = Random(f"{name}:{message.id}")  # noqa: S311 - reproducible, guards nothing
    if name == QUOTES:
        others = [one for one in cases if _opposite(one, case)]
        quoted = random.choice(others).message.text
        text = quoted_history(message.text, case.language, quoted, random)
        return replace(message, text=text)
    if name == SIGNATURE:
        return replace(message, text=long_signature(message.text, case.language, random))
    return _edited(EDITS[name], case, random)


def _edited(edit: Edit, case: Case, random: Random) -> Message:
    text = edit(case.message.text, case.language, random)
    subject = case.message.subject
    if subject:
        subject = edit(subject, case.language, random)
    return replace(case.message, text=text, subject=subject)


def _opposite(one: Case, other: Case) -> bool:
    return one.language == other.language and all(
        one.labels[task] != other.labels[task] for task in TASKS
    )


def _rows(bench: Bench, name: str, pairs: Sequence[Pair]) -> list[Row]:
    codes = np.asarray([case.language for case, _ in pairs])
    stays = {way: _stays(one, pairs) for way, one in bench.service.profiles.items()}
    rows = []
    for code in (ALL, *sorted(set(codes.tolist()))):
        mask = np.ones(len(codes), bool) if code == ALL else codes == code
        figures: dict[str, Figures] = {
            way: {key: float(values[mask].mean()) for key, values in one.items()}
            for way, one in stays.items()
        }
        rows.append(Row((name, code), int(mask.sum()), figures))
    return rows


def _stays(served: Served, pairs: Sequence[Pair]) -> dict[str, Mask]:
    before = served.answer([case.message for case, _ in pairs])
    after = served.answer([message for _, message in pairs])
    both = list(zip(before, after, strict=True))
    same = {
        task: np.asarray([a.labels[task].top_label == b.labels[task].top_label for a, b in both])
        for task in TASKS
    }
    same["all_three"] = np.logical_and.reduce([same[task] for task in TASKS])
    first = TASKS[0]
    refused = [_refused(b.labels[first].reason) > _refused(a.labels[first].reason) for a, b in both]
    return {**same, "newly_refused": np.asarray(refused)}


def _refused(reason: str | None) -> bool:
    return reason not in {None, "low_confidence"}
